"""Reading what the parts wrote to their log files."""

from collections.abc import Callable, Iterator
from pathlib import Path
from time import sleep


def size(log: Path) -> int:
    """Where the next line will stand, in bytes."""
    return log.stat().st_size if log.exists() else 0


def last_lines(log: Path, since: int = 0, count: int = 15) -> str:
    """The last lines written after that place, indented, with the file's name."""
    with log.open("rb") as file:
        file.seek(max(since, size(log) - 64 * 1024))
        lines = file.read().decode(errors="replace").splitlines()
    said = lines[-count:] or ["(nothing was written)"]
    return "\n".join([f"Last lines of {log}:", *(f"  {line}" for line in said)])


def follow(log: Path, since: int, ended: Callable[[], bool]) -> Iterator[str]:
    """Every line written after that place, as it comes, until `ended` says so."""
    with log.open(errors="replace") as file:
        file.seek(since)
        last = False
        while True:
            while line := file.readline():
                yield line
            if last:
                return
            last = ended()
            if not last:
                sleep(0.1)
