"""The supervisor's process: one a folder, from `up` to `down`."""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from .ending import end_what_was_left
from .folder import make, state_folder
from .ledger import Say
from .lines import dated
from .lock import only_one
from .plan import plan
from .services import Service, present
from .stack import last_stack
from .supervisor import Supervisor
from .trouble import CannotRun

DONE, FAILED, ALREADY = 0, 1, 3


def supervise(
    folder: Path, say: Say, services: Sequence[Service] | None = None
) -> bool:
    """Run the folder's stack until SIGTERM, SIGINT or SIGHUP.

    False if another runs it already. Raises `CannotRun` if a part cannot be started.
    Afterwards nothing of it runs.
    """
    wanted = present() if services is None else tuple(services)
    with only_one(make(folder)) as won:
        if won:
            left = last_stack(folder)
            if left:
                end_what_was_left(left)
            with ExitStack() as run:
                asyncio.run(Supervisor(plan(folder, wanted, run), say).run())
        return won


def main(services: Sequence[Service] | None = None) -> int:
    """What `up --detach` starts; its output is the supervisor's log."""
    try:
        return DONE if supervise(state_folder(), log, services) else ALREADY
    except CannotRun as trouble:
        log("stack", str(trouble))
        return FAILED


def log(part: str, sentence: str) -> None:
    """A line of the supervisor's log, on standard output."""
    sys.stdout.write(dated(part, sentence))
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
