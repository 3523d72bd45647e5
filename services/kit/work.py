"""Work in the background: it goes on until the service ends, whatever is away."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic

import structlog
from faststream.kafka import KafkaBroker

from . import metrics
from .broker import kafka, subscribe
from .inbox import Inbox

log = structlog.get_logger()

Work = Callable[[], Awaitable[None]]
LONGEST_PAUSE = 5.0
# work that held this long is healthy: its next failure is a first one
HEALTHY = 30.0
STOP_LIMIT = timedelta(seconds=20)


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
        try:
            await work()
            error = "none"
        except Exception as failure:  # noqa: BLE001  # logged, and begun again
            error = type(failure).__name__
            failures = 0 if monotonic() - began > HEALTHY else failures + 1
        metrics.RESTARTS.labels(name).inc()
        pause = min(LONGEST_PAUSE, 0.1 * 2**failures)
        log.warning("work_begun_again", work=name, error=error)
        await asyncio.sleep(random.uniform(pause / 2, pause))  # noqa: S311


async def consume(
    inbox: Inbox, bootstrap: str, client_id: str, instance: str | None = None
) -> None:
    """Read the inbox's topics until cancelled. Raises what Kafka raises at first."""
    await inbox.learn_topics(bootstrap)
    broker = kafka(bootstrap, client_id)
    subscribe(broker, inbox, instance)
    try:
        await broker.start()
        await asyncio.Event().wait()
    finally:
        await stop(broker)


async def stop(broker: KafkaBroker) -> None:
    """End the consumer; it may wait for a Kafka that is away, but not for ever."""
    try:
        async with asyncio.timeout(STOP_LIMIT.total_seconds()):
            await broker.stop()
    except TimeoutError:
        log.warning("kafka_not_stopped", seconds=STOP_LIMIT.total_seconds())
