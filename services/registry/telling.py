"""Tells how far a long work has come: a bar on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)

# a plain line at most so often, in seconds
EVERY = 5.0


class Telling(Protocol):
    """Who is told of it."""

    def step(self, what: str, total: int | None = None) -> None:
        """A step begins, of so many facts where it takes its time."""

    def done(self, facts: int) -> None:
        """So many facts of the step are done."""


class Plain:
    """Lines for a log: each step, and from time to time how far it has come."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.began = self.told = monotonic()
        self.total = 0

    def step(self, what: str, total: int | None = None) -> None:
        self.total = total or 0
        self.say(what if total is None else f"{what}: {total:,} facts")

    def done(self, facts: int) -> None:
        if self.total and monotonic() - self.told > EVERY:
            self.say(f"{facts:,} of {self.total:,} facts")

    def say(self, what: str) -> None:
        self.told = monotonic()
        self.console.print(f"{self.told - self.began:6.1f} s  {what}")


class Bar:
    """A line for each step on the terminal, with a bar where it takes its time."""

    def __init__(self, console: Console) -> None:
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
        )
        self.now: TaskID | None = None

    def __enter__(self) -> Self:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish_step()
        self.progress.stop()

    def step(self, what: str, total: int | None = None) -> None:
        self.finish_step()
        self.now = self.progress.add_task(what, total=total or 1)

    def done(self, facts: int) -> None:
        if self.now is not None:
            self.progress.update(self.now, completed=facts)

    def finish_step(self) -> None:
        if self.now is not None:
            task = self.progress.tasks[self.now]
            self.progress.update(self.now, completed=task.total)


@contextmanager
def telling() -> Iterator[Telling]:
    """To the error stream, so that the output holds what came of it alone."""
    console = Console(stderr=True, highlight=False, markup=False, soft_wrap=True)
    if console.is_terminal:
        with Bar(console) as bar:
            yield bar
    else:
        yield Plain(console)
