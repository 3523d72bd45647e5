"""Listening connections of the world: what they are told may come late, or never."""

from collections.abc import Callable
from typing import Any

from .process import Event, Process, current


class Listener:
    """A connection that listens. What it is told may come late, or never."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.closed = False
        self.channel = ""
        self.heard: list[Callable[..., None]] = []
        self.ended: list[Callable[..., None]] = []
        self.coming: Event | None = None
        process.world.listeners.append(self)
        process.at_death.append(self.terminate)

    def get_server_pid(self) -> int:
        return 1

    def is_closed(self) -> bool:
        return self.closed

    def add_termination_listener(self, then: Callable[..., None]) -> None:
        self.ended.append(then)

    async def add_listener(self, channel: str, then: Callable[..., None]) -> None:
        self.channel = channel
        self.heard.append(then)

    async def execute(self, *_: Any) -> None:
        """It notifies the other processes."""
        await self.process.turn("notifies")
        self.process.world.tell({self.channel.rpartition("_")[2]})

    def told(self) -> None:
        """Something was committed; word of it is on its way, if it is not lost."""
        if self.coming is None and not self.process.world.choices.one_in(4):
            label = f"{self.process.name} is woken"
            self.coming = self.process.world.happens_sometime(
                label, self.hears, self.process
            )

    def hears(self) -> None:
        self.coming = None
        for then in self.heard:
            then(self, 2, self.channel, "")

    def terminate(self) -> None:
        if not self.closed:
            self.closed = True
            self.process.world.listeners.remove(self)
            if self.coming is not None:
                self.process.world.forget(self.coming)

    async def close(self, **_: float) -> None:
        self.process.alive()
        self.terminate()


async def connect(*_: str) -> Listener:
    """In the place of the kit's `connect`, for who listens."""
    process = current()
    await process.turn("begins to listen")
    return Listener(process)
