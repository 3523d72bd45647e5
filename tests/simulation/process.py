"""One process of the world: it can be killed, stopped and paused."""

import asyncio
from collections.abc import Callable
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from services.kit.work import Work, in_background

from .loop import NOBODYS

if TYPE_CHECKING:
    from .world import World

CURRENT: ContextVar["Process"] = ContextVar("process")


class Ask(Protocol):
    """A statement that waits for its turn."""

    def lose(self, *, done: bool, heard: bool) -> None:
        """Its connection breaks, before Postgres has `done` it or after."""


@dataclass(eq=False)
class Event:
    """Something that may happen now; `process` is the one that must be awake for it."""

    label: str
    run: Callable[[], None]
    process: "Process | None" = None
    ask: Ask | None = None


class Process:
    """One that can be killed, stopped and paused; it is begun again by itself."""

    def __init__(self, world: "World", name: str, works: "Works") -> None:
        self.world = world
        self.name = name
        self.works = works
        self.dead = False
        self.paused = False
        self.tasks: dict[asyncio.Task[Any], None] = {}
        self.at_death: list[Callable[[], None]] = []
        self.at_end: list[Callable[[], None]] = []
        self.at_pause: list[Callable[[], None]] = []
        context = copy_context()
        context.run(CURRENT.set, self)
        self.main = world.loop.create_task(self.run(), context=context)
        self.main.add_done_callback(self.ended, context=NOBODYS)

    async def run(self) -> None:
        async with in_background(**self.works(self)):
            await self.world.loop.create_future()

    def ended(self, _: object) -> None:
        for at_end in self.at_end:
            at_end()
        self.world.ended(self)

    async def turn(self, label: str) -> None:
        """Wait until the world lets it be; nothing outside is touched in between."""
        self.alive()
        future = self.world.loop.create_future()
        event = Event(f"{self.name} {label}", partial(settle, future), self)
        self.world.events.append(event)
        try:
            await future
        finally:
            self.world.forget(event)

    def alive(self) -> None:
        """The dead do nothing more: what their code still does has no effect."""
        if self.dead:
            raise asyncio.CancelledError

    def kill(self) -> None:
        """At once: no code of it has any effect from now on."""
        self.dead = True
        for event in [e for e in self.world.events if e.process is self]:
            if event.ask is not None:
                event.ask.lose(done=self.world.choices.one_in(2), heard=False)
            self.world.forget(event)
        for at_death in list(self.at_death):
            at_death()
        for task in list(self.tasks):
            task.cancel()

    def stop(self) -> None:
        """In good order."""
        self.main.cancel()

    def pause(self, seconds: float) -> None:
        self.paused = True
        for at_pause in self.at_pause:
            at_pause()
        self.world.later(seconds, self.wake)

    def wake(self) -> None:
        self.paused = False


Works = Callable[[Process], dict[str, Work]]


def settle(future: "asyncio.Future[Any]", result: Any = None) -> None:
    if not future.done():
        future.set_result(result)


def kept(
    loop: asyncio.AbstractEventLoop, work: Any, context: Context | None = None
) -> "asyncio.Task[Any]":
    """Makes tasks as asyncio does, and lets each process know its own."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, context=context)
    process = CURRENT.get(None) if context is None else context.get(CURRENT)
    if process is not None:
        process.tasks[task] = None
        task.add_done_callback(partial(done_with, process), context=NOBODYS)
    return task


def done_with(process: Process, task: "asyncio.Task[Any]") -> None:
    process.tasks.pop(task, None)


def current() -> Process:
    """The process whose code runs."""
    return CURRENT.get()
