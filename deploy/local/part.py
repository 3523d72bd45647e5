"""What the supervisor needs to know of anything that it keeps running."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import Signals
from typing import Protocol

from .logs import last_lines, size
from .processes import finish
from .trouble import CannotRun
from .waiting import until


class Part(Protocol):
    """A server with a log file: Kafka, Postgres or a service."""

    @property
    def name(self) -> str: ...

    @property
    def address(self) -> str: ...

    @property
    def log(self) -> Path: ...

    @property
    def parting(self) -> Signals:
        """The signal that asks it to end."""

    def start(self) -> subprocess.Popen[bytes]:
        """Start it, also on the data of a killed run; does not wait."""

    def ready(self) -> bool:
        """Whether it serves now; answers within two seconds."""


@contextmanager
def started(part: Part, seconds: float = 60.0) -> Iterator[None]:
    """Have a part ready within, and ended after. Raises `CannotRun`."""
    since = size(part.log)
    child = part.start()
    try:
        there = until(lambda: part.ready() or child.poll() is not None, seconds)
        if not there or child.poll() is not None:
            raise CannotRun(f"{part.name} did not start. {last_lines(part.log, since)}")
        yield
    finally:
        finish(child, part.parting)
