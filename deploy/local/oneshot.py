"""Programs that do one thing and end: format, initdb."""

import subprocess
from collections.abc import Mapping
from pathlib import Path

from .logs import last_lines, size
from .processes import Command, User, finish, spawn
from .trouble import CannotRun


def run(
    what: str,
    command: Command,
    log: Path,
    *,
    env: Mapping[str, str],
    cwd: Path,
    user: User | None = None,
    seconds: float = 120.0,
) -> None:
    """Run to the end. Raises `CannotRun` with its last lines if that is no good one."""
    since = size(log)
    child = spawn(command, log, env=env, cwd=cwd, user=user)
    try:
        code = child.wait(seconds)
    except subprocess.TimeoutExpired:
        raise CannotRun(
            f"{what} was not done in {seconds:.0f} s. {last_lines(log, since)}"
        ) from None
    finally:
        finish(child)
    if code != 0:
        raise CannotRun(f"{what} failed (code {code}). {last_lines(log, since)}")
