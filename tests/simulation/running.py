"""Runs schedules: the kit with another clock, another Kafka, and turns."""

import random
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from types import SimpleNamespace
from typing import Any, Protocol, TypeVar

import pytest
import structlog

from schemas import admission
from services.kit import backoff, batch, parked, reading, relay, stretch, wake, work
from tests.histories import Choices

from . import listening
from .broker import Broker, Sender
from .database import Database
from .loop import Loop
from .world import Scenario, World

# admission is pure: what it says of a record once it says always
admit = lru_cache(maxsize=10_000)(admission.admit)


def judged(value: Any, headers: Any, topic: str, key: Any) -> Any:
    return admit(value, tuple(headers), topic, key)


class OnBroker(Scenario, Protocol):
    """A scenario with a Kafka of its own."""

    broker: Broker


S = TypeVar("S", bound=OnBroker)


class Failed(AssertionError):
    """A schedule after which something does not hold."""

    def __init__(self, world: World, error: AssertionError) -> None:
        super().__init__(str(error))
        self.world = world


@contextmanager
def planted(loop: Loop, broker: Broker) -> Iterator[None]:
    """What the kit takes from outside is taken from the world."""
    with pytest.MonkeyPatch.context() as patch:
        for module in list(sys.modules.values()):
            ours = getattr(module, "__name__", "").startswith("services.")
            if ours and getattr(module, "monotonic", None) is time.monotonic:
                patch.setattr(module, "monotonic", loop.time)
        patch.setattr(relay, "Sender", sender_to(broker))
        patch.setattr(wake, "connect", listening.connect)
        patch.setattr(stretch, "records_at", broker.records_at)
        patch.setattr(reading, "connection_to_leader", lambda consumer, _: consumer)
        for judging in (batch, parked):
            patch.setattr(judging, "admit", judged)
        # jitter of its own for each schedule, and the same one each time
        patch.setattr(backoff, "random", random.Random(0))  # noqa: S311  # no secret
        # no producer's thread is kept alive by an error's frames here
        patch.setattr(work, "gc", SimpleNamespace(collect=lambda: 0))
        yield


def runs(
    kind: Callable[[Choices, Database], S],
    holds: Callable[[S], Awaitable[None]],
    database: Database,
    source: bytes,
) -> World:
    """One schedule of a scenario, and what must hold then. Raises `Failed`."""
    choices = Choices(source)
    loop = database.loop
    loop.now = 0.0
    scenario = kind(choices, database)
    world = World(loop, choices, database, scenario)

    async def whole() -> None:
        await database.begin_anew()
        try:
            await world.run()
            await holds(scenario)
        except AssertionError as error:
            raise Failed(world, error) from error

    with planted(loop, scenario.broker):
        loop.run_until_complete(whole())
    return world


def sender_to(broker: Broker) -> type[Sender]:
    return type("Sender", (Sender,), {"broker": broker})


@contextmanager
def in_silence() -> Iterator[None]:
    """Thousands of faults would be logged."""
    before = structlog.get_config()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    try:
        yield
    finally:
        structlog.configure(**before)
