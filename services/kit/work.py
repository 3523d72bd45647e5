"""Work in the background: it goes on until the service ends, whatever is away."""

import asyncio
import gc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import structlog
from faststream.kafka import KafkaBroker

from . import metrics, watchdog
from .backoff import seconds_after
from .broker import is_alive, kafka, silent_partition, subscribe
from .inbox import Inbox
from .settings import Surroundings

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]
LONGEST_PAUSE = 5.0
# work that held this long is healthy: its next failure is a first one
HEALTHY = 30.0
STOP_LIMIT = timedelta(seconds=20)
LOOK_EVERY = timedelta(seconds=2)
# consumers have been seen to fetch no more after a rebalance: then a new one does
LONGEST_SILENCE = timedelta(minutes=1)
ASK_EVERY = timedelta(seconds=10)


class ConsumerDied(Exception):
    """A consumer that reads no more, and does not say so."""


@asynccontextmanager
async def in_background(**works: Work) -> AsyncIterator[None]:
    """Keep all of it going while the block runs; then end it in good order."""
    tasks = [asyncio.create_task(keep_going(*named)) for named in works.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def keep_going(name: str, work: Work) -> None:
    """Begin the work again whenever it ends, after a capped and jittered pause."""
    failures = 0
    while True:
        began = monotonic()
        error = await ending_of(work)
        if is_cancelled():
            # also where the work has made another error of it
            raise asyncio.CancelledError
        failures = 0 if monotonic() - began > HEALTHY else failures + 1
        metrics.RESTARTS.labels(name).inc()
        log.warning("work_begun_again", work=name, error=error)
        # an error's frames hold clients, and their threads, in cycles
        gc.collect()
        await asyncio.sleep(seconds_after(failures, LONGEST_PAUSE))


async def ending_of(work: Work) -> str:
    """Do it; the class of the error with which it ended."""
    try:
        await work()
    except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001  # begun again
        return type(failure).__name__
    return "none"


def is_cancelled() -> bool:
    """Whether it is we who are to end, and not something that we waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def consume(inbox: Inbox, around: Surroundings) -> None:
    """Read the inbox's topics until cancelled.

    Raises what Kafka raises at first, and `ConsumerDied`.
    """
    await inbox.learn_topics(around.kafka_bootstrap)
    broker = kafka(around.kafka_bootstrap, f"tidlig-{inbox.group}")
    subscribe(broker, inbox, around.instance)
    try:
        await broker.start()
        await watch(inbox)
    finally:
        await inbox.part()
        await stop(broker)


async def watch(inbox: Inbox) -> None:
    """Look after a consumer that runs. Raises `ConsumerDied`.

    Where neither this one nor the next makes progress, the process ends.
    """
    answered = asked = monotonic()
    while is_alive(inbox.subscriber):
        silent = silent_partition(inbox.consumer, LONGEST_SILENCE)
        # in a long batch nothing is fetched
        if silent is None or inbox.busy.locked():
            answered = monotonic()
        if monotonic() - answered > LONGEST_SILENCE.total_seconds():
            break
        if monotonic() - asked > ASK_EVERY.total_seconds():
            await watchdog.look(inbox)
            asked = monotonic()
        await inbox.let_go_on()
        await inbox.go_back()
        await inbox.prove()
        await asyncio.sleep(LOOK_EVERY.total_seconds())
    raise ConsumerDied


async def stop(broker: KafkaBroker) -> None:
    """End the consumer; it may wait for a Kafka that is away, but not for ever."""
    try:
        async with asyncio.timeout(STOP_LIMIT.total_seconds()):
            await broker.stop()
    except TimeoutError:
        log.warning("kafka_not_stopped", seconds=STOP_LIMIT.total_seconds())
