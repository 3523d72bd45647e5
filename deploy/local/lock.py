"""That only one supervisor runs a folder's stack, and which one that is."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import IO

from .processes import Process, look, runs
from .waiting import until

MOMENT = 10.0


@contextmanager
def only_one(folder: Path) -> Iterator[bool]:
    """Hold the lock of the folder; False if another holds it. Ends with the process."""
    with (folder / "lock").open("a+") as file:
        # One that was killed just now may hold it a moment longer than it is seen.
        until(lambda: take(file) or holder(folder) is not None, MOMENT)
        if not take(file):
            yield False
            return
        file.truncate(0)
        file.write(json.dumps(asdict(myself())))
        file.flush()
        try:
            yield True
        finally:
            file.truncate(0)


def take(file: IO[str]) -> bool:
    """Take the lock, or still have it; False if another has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def myself() -> Process:
    """This process."""
    seen = look(os.getpid())
    return Process(os.getpid(), seen.started if seen else 0)


def holder(folder: Path) -> Process | None:
    """The process that holds the lock. Only read: to try it would be in the way."""
    try:
        process = Process(**json.loads((folder / "lock").read_text()))
    except (FileNotFoundError, ValueError):
        return None
    return process if runs(process) else None
