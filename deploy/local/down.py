"""`down`: end the stack, whoever started it and however that went."""

import os
from pathlib import Path
from signal import SIGKILL, SIGTERM

from .ending import end_what_was_left
from .lock import holder, only_one
from .processes import Process, runs
from .stack import last_stack, write_stack
from .trouble import CannotRun
from .waiting import until

# What the supervisor takes at worst: services, then servers, each 20 s and 10 more.
PATIENCE = 70.0


def down(folder: Path) -> bool:
    """End everything of the folder's stack; False if nothing ran.

    Raises `CannotRun` if something stays, or another starts the stack meanwhile.
    """
    stack = last_stack(folder)
    if stack is None and holder(folder) is None:
        return False
    supervisor = holder(folder)
    if supervisor:
        end_supervisor(supervisor)
    with only_one(folder) as won:
        if not won:
            raise CannotRun("somebody starts the stack just now: run `down` again")
        return end_rest(folder) or supervisor is not None


def end_supervisor(supervisor: Process) -> None:
    """Ask the supervisor to end everything; insist if it does not."""
    for sign, seconds in ((SIGTERM, PATIENCE), (SIGKILL, 10.0)):
        try:
            os.kill(supervisor.pid, sign)
        except ProcessLookupError:
            return
        except PermissionError:
            raise CannotRun(
                "another user runs this stack: run `down` as that user"
            ) from None
        if until(lambda: not runs(supervisor), seconds):
            return


def end_rest(folder: Path) -> bool:
    """End what a killed supervisor left; whether it was killed."""
    stack = last_stack(folder)
    if stack is None:
        return False
    end_what_was_left(stack)
    write_stack(stack.model_copy(update={"state": "down"}))
    return stack.state != "down"
