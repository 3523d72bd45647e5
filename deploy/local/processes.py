"""Starting, recognising and ending processes (Linux: by /proc)."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import NamedTuple

from .trouble import CannotRun
from .waiting import until

LAUNCHER = Path(__file__).with_name("launch.py")
PROC = Path("/proc")
Command = Sequence[str | Path]


@dataclass(frozen=True, slots=True)
class Process:
    """A process by number and start (ticks since boot): a reused number is another."""

    pid: int
    started: int


class Seen(NamedTuple):
    """What /proc says of a process now."""

    state: str
    group: int
    started: int


@dataclass(frozen=True, slots=True)
class User:
    """An unprivileged user, and the paths it must be able to come to."""

    uid: int
    gid: int
    reach: tuple[Path, ...] = ()


def spawn(
    command: Command,
    log: Path,
    *,
    env: Mapping[str, str],
    cwd: Path,
    parting: Signals = signal.SIGTERM,
    user: User | None = None,
) -> subprocess.Popen[bytes]:
    """Start a program in a session of its own, its output at the end of `log`.

    It gets `parting` when the calling thread ends: call it from one that lasts.
    """
    order = [f"--parent={os.getpid()}", f"--signal={int(parting)}"]
    if user:
        order += [f"--uid={user.uid}", f"--gid={user.gid}"]
        order += [f"--reach={path}" for path in user.reach]
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 # the commands are written in this code
            [sys.executable, "-I", "-S", LAUNCHER, *order, "--", *command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )


def process_of(child: subprocess.Popen[bytes]) -> Process:
    """The child as it is recorded; call before it is waited for."""
    seen = look(child.pid)
    return Process(child.pid, seen.started if seen else 0)


def look(pid: int) -> Seen | None:
    """What /proc says of that number, None if there is no such process."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return None
    # The name, in parentheses, may hold anything, also spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    return Seen(state=fields[0], group=int(fields[2]), started=int(fields[19]))


def everyone() -> Iterator[tuple[int, Seen]]:
    """Every process there is that has not ended."""
    for entry in PROC.iterdir():
        seen = look(int(entry.name)) if entry.name.isdecimal() else None
        if seen and seen.state not in "ZX":
            yield int(entry.name), seen


def command_of(pid: int) -> str:
    """The command line, its words parted by spaces; empty if there is none."""
    try:
        raw = (PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return ""
    return raw.replace(b"\0", b" ").decode(errors="replace").strip()


def runs(process: Process) -> bool:
    """Whether that very process has not ended."""
    seen = look(process.pid)
    return bool(seen and seen.started == process.started and seen.state not in "ZX")


def members(process: Process) -> list[int]:
    """Who has not ended of the group that the process leads or led."""
    leader = look(process.pid)
    if leader and leader.started != process.started:
        return []  # the number was given to another
    return [
        pid
        for pid, seen in everyone()
        if seen.group == process.pid and seen.started >= process.started
    ]


def end(
    process: Process, how: Signals = signal.SIGTERM, patience: float = 20.0
) -> None:
    """End a process and its whole group: ask first, after `patience` seconds insist.

    Raises `CannotRun` if something of it is still there.
    """
    for sign, seconds in ((how, patience), (signal.SIGKILL, 10.0)):
        send(process, sign)
        if until(lambda: not members(process), seconds):
            return
    raise CannotRun(f"process {process.pid} does not end: look at it with ps")


def send(process: Process, sign: Signals) -> None:
    """Send a signal to what is left of the group."""
    if not members(process):
        return
    try:
        os.killpg(process.pid, sign)
    except ProcessLookupError:
        return
    except PermissionError:
        raise CannotRun(
            f"process {process.pid} belongs to another user: end it as that user"
        ) from None


def finish(
    child: subprocess.Popen[bytes],
    how: Signals = signal.SIGTERM,
    patience: float = 20.0,
) -> None:
    """End our own child with its group, and take note of its end."""
    end(process_of(child), how, patience)
    child.wait()
