"""`up`: start the stack here, or in the background."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from . import jars
from .background import MODULE, SUPERVISOR, start
from .folder import log_of, make
from .ledger import Say
from .lines import dated, line
from .lock import holder
from .plan import given_bootstrap
from .stack import Stack, last_stack, read_stack
from .supervise import ALREADY, DONE, supervise
from .trouble import CannotRun
from .waiting import until

LONGEST_START = 600.0


def up(folder: Path, *, detach: bool, supervisor: str = MODULE) -> int:
    """Start the stack unless it runs; the exit status. Raises `CannotRun`.

    `supervisor` is the module that runs a detached one: it calls `supervise.main`.
    """
    make(folder)
    if holder(folder):
        return already(folder)
    if not given_bootstrap():
        fetch_jars()
    return in_background(folder, supervisor) if detach else here(folder)


def here(folder: Path) -> int:
    """Be the supervisor until Ctrl-C."""
    with recorded(log_of(folder, SUPERVISOR)) as say:
        return DONE if supervise(folder, say) else already(folder)


def in_background(folder: Path, supervisor: str) -> int:
    """Start a supervisor and show what it says, until all is ready or it gives up."""
    code = start(folder, supervisor)
    if code == ALREADY:
        return already(folder)
    return code


def already(folder: Path) -> int:
    """Say that it runs, once it does; 0. Raises `CannotRun` if it ends instead."""
    until(lambda: is_ready(folder) or not holder(folder), LONGEST_START)
    if not is_ready(folder):
        raise CannotRun(
            f"another `up` ended before all was ready: see {log_of(folder, SUPERVISOR)}"
        )
    sys.stdout.write("already running\n")
    show(read_stack(folder))
    return DONE


def is_ready(folder: Path) -> bool:
    """Whether the supervisor that runs now has started everything."""
    stack = last_stack(folder)
    return bool(stack and stack.state == "ready" and stack.supervisor == holder(folder))


def show(stack: Stack) -> None:
    """Where everything is."""
    for part, address in stack.addresses:
        line(part, address)


def fetch_jars() -> None:
    """Fetch Kafka, with a bar on a terminal and lines elsewhere."""
    if not Console().is_terminal:
        jars.fetch(progress=every_ninth)
        return
    with Progress(transient=True) as bar:
        task = bar.add_task("fetching Kafka", total=None)
        jars.fetch(progress=lambda done, of: bar.update(task, completed=done, total=of))


def every_ninth(done: int, of: int) -> None:
    """A progress line for logs."""
    if done % 9 == 0 or done == of:
        line("kafka", f"fetched {done} of {of} jars")


@contextmanager
def recorded(log: Path) -> Iterator[Say]:
    """A way to say things here and in the log; goes on if nobody listens here."""
    with log.open("a") as file:

        def say(part: str, sentence: str) -> None:
            file.write(dated(part, sentence))
            file.flush()
            with suppress(OSError):
                line(part, sentence)

        yield say
