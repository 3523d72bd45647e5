"""What does faults: a fault is a function of it, and lifts again what it did."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from .house import LINKED, House
from .replica import Replica

# as long as a fault waits for something that may not come
STEP_LIMIT = 25.0


@dataclass
class Done:
    """How often each thing was done."""

    counts: "Counter[str]" = field(default_factory=Counter)
    steps: "Counter[tuple[str, str]]" = field(default_factory=Counter)

    def __add__(self, other: "Done") -> "Done":
        return Done(self.counts + other.counts, self.steps + other.steps)

    @property
    def kills(self) -> int:
        """Processes of ours that were killed, at random or at a step."""
        return self.counts["kill"] + self.counts["kill at step"]


@dataclass
class Hand:
    """What does the faults: to which house, by which random numbers, what was done."""

    house: House
    random: Random
    done: Done
    seconds: float = 8.0
    replayed: int = 300
    # at how many named steps, each time
    steps: int = 2

    def any_of(self, *services: str) -> Replica | None:
        running = self.house.running(services or LINKED)
        return self.random.choice(running) if running else None

    async def wait(self, least: float = 0.0) -> None:
        """A fault lasts a while; which is what it is, and no wait for anything."""
        await asyncio.sleep(least + self.random.random() * self.seconds)


Fault = Callable[[Hand], Awaitable[None]]
