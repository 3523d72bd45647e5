"""Waiting for a condition, never longer than said."""

import time
from collections.abc import Callable


def until(condition: Callable[[], bool], seconds: float, every: float = 0.05) -> bool:
    """Ask again and again; True as soon as it holds, False after that many seconds."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(every)
    return True
