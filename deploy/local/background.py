"""Starting a supervisor that outlives the command."""

import os
import subprocess
import sys
from pathlib import Path

from .folder import CHECKOUT, log_of
from .lines import undated
from .logs import follow, size
from .stack import last_stack

SUPERVISOR = "supervisor"
MODULE = "deploy.local.supervise"


def start(folder: Path, module: str) -> int:
    """Start it and show what it says; 0 once all is ready, else its exit status."""
    log = log_of(folder, SUPERVISOR)
    since = size(log)
    child = spawn(folder, log, module)

    def decided() -> bool:
        return child.poll() is not None or is_ready(folder, child.pid)

    for said in follow(log, since, decided):
        sys.stdout.write(undated(said))
        sys.stdout.flush()
    return child.returncode or 0


def spawn(folder: Path, log: Path, module: str) -> subprocess.Popen[bytes]:
    """The supervisor, in a session of its own."""
    with log.open("ab") as out:
        return subprocess.Popen(  # noqa: S603 # a module of ours
            [sys.executable, "-m", module],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            env={**os.environ, "TIDLIG_LOCAL": str(folder)},
            start_new_session=True,
        )


def is_ready(folder: Path, pid: int) -> bool:
    """Whether the supervisor of that number has started everything."""
    stack = last_stack(folder)
    return bool(stack and stack.supervisor.pid == pid and stack.state == "ready")
