"""What a killed Postgres leaves: processes that work on, and a lock file."""

import hashlib
import os
import signal
from contextlib import suppress
from pathlib import Path

from .processes import command_of, everyone
from .trouble import CannotRun
from .waiting import until


def mark_of(data: Path) -> str:
    """What every process of the server on that folder bears in its command line."""
    return f"tidlig-{hashlib.sha256(os.fsencode(data)).hexdigest()[:16]}"


def clear(data: Path) -> None:
    """End what still runs on the folder and remove a lock nobody holds.

    Only for who may start a server there. Raises `CannotRun` if another holds it.
    """
    end_all(mark_of(data))
    remove_stale_lock(data / "postmaster.pid")


def end_all(mark: str, patience: float = 20.0) -> None:
    """End every process of that server: they are in sessions of their own."""
    for sign, seconds in ((signal.SIGINT, patience), (signal.SIGKILL, 10.0)):
        for pid in marked(mark):
            with suppress(ProcessLookupError):
                os.kill(pid, sign)
        if until(lambda: not marked(mark), seconds):
            return
    raise CannotRun(f"Postgres processes {marked(mark)} do not end: look with ps")


def marked(mark: str) -> list[int]:
    """The server's processes: first word of the program, then the mark."""
    return [pid for pid, _ in everyone() if is_of(command_of(pid), mark)]


def is_of(command: str, mark: str) -> bool:
    """Whether it is the server itself, or a child under the title it gives them."""
    return f"--cluster_name={mark}" in command or f"postgres: {mark}:" in command


def remove_stale_lock(lock: Path) -> None:
    """Remove the lock, unless the server that wrote it lives (the folder was moved)."""
    pid, data, *_ = (*read_lines(lock), "", "")
    if pid and f"-D {data} " in f"{command_of(int(pid))} ":
        raise CannotRun(
            f"process {pid} is a Postgres that was started on this data as {data}: "
            f"end it (kill -INT {pid}), then run again"
        )
    lock.unlink(missing_ok=True)


def read_lines(lock: Path) -> list[str]:
    """The lock's lines: number, data folder and more; none if there is no lock."""
    return lock.read_text().splitlines() if lock.exists() else []
