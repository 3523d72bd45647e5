"""The watchdog: a consumer that has lag and makes no progress ends its process.

Who started it starts it again; what was in hand has left no trace. To wait is not to
stand still: for Kafka, for Postgres, for newer code, for facts that are to be mended.
"""

import asyncio
import os
import sys
from collections.abc import Mapping
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

import structlog
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

if TYPE_CHECKING:
    from .inbox import Inbox

log = structlog.get_logger()

# longer than a statement may take, and than a new consumer in the same process
LONGEST_STANDSTILL = timedelta(minutes=2)
ASK_LIMIT = timedelta(seconds=5)
# sysexits.h: an error of the software
STATUS = 70


class Progress:
    """How far a group reads and applies; since when what should move has not."""

    def __init__(self) -> None:
        self.read: dict[TopicPartition, tuple[int | None, float]] = {}
        self.hand: tuple[int, float] | None = None

    def begin_anew(self) -> None:
        """There is something to wait for."""
        self.read.clear()
        self.hand = None

    def note_read(
        self,
        positions: Mapping[TopicPartition, int | None],
        ends: Mapping[TopicPartition, int],
        now: float,
    ) -> None:
        """Where partitions are read, None where nobody knows, and where they end."""
        behind = {at: n for at, n in positions.items() if n is None or n < ends[at]}
        self.read = {
            at: self.read[at] if at in self.read and self.read[at][0] == n else (n, now)
            for at, n in behind.items()
        }

    def note_hand(self, batch: int | None, now: float) -> None:
        """Which batch is in hand, by its number; None where none is."""
        if batch is None:
            self.hand = None
        elif self.hand is None or self.hand[0] != batch:
            self.hand = (batch, now)

    def standing(self, now: float, limit: timedelta) -> str | None:
        """What has stood still for longer than this, in words."""
        long = limit.total_seconds()
        if self.hand is not None and now - self.hand[1] > long:
            return f"a batch has been in hand for {now - self.hand[1]:.0f} s"
        if self.hand is not None:
            # while a batch is in hand nothing is read
            return None
        for at, (position, since) in self.read.items():
            if now - since > long:
                where = "at no offset" if position is None else f"at {position}"
                return (
                    f"{at.topic}/{at.partition} has lag and is read no further than "
                    f"{where} for {now - since:.0f} s"
                )
        return None


async def look(inbox: "Inbox") -> None:
    """Note how far it has come; end the process where it stands."""
    now, progress = monotonic(), inbox.progress
    progress.note_hand(inbox.batches if inbox.busy.locked() else None, now)
    if inbox.failures:
        progress.begin_anew()
        return
    try:
        async with asyncio.timeout(ASK_LIMIT.total_seconds()):
            await note_read(inbox)
    except (KafkaError, OSError, TimeoutError):
        # Kafka is away; but what is in hand does not wait for it
        progress.read.clear()
    standing = progress.standing(monotonic(), LONGEST_STANDSTILL)
    if standing is not None:
        end_process(inbox.group, standing)


async def note_read(inbox: "Inbox") -> None:
    """Raises what Kafka raises."""
    consumer = inbox.consumer
    partitions = consumer.assignment() - consumer.paused()
    if not partitions:
        inbox.progress.read.clear()
        return
    ends = await consumer.end_offsets(list(partitions))
    positions = {at: await position(consumer, at) for at in partitions}
    inbox.progress.note_read(positions, ends, monotonic())


async def position(consumer: Any, at: TopicPartition) -> int | None:
    """Where it is read on; None while the consumer does not know."""
    try:
        async with asyncio.timeout(0.1):
            found: int = await consumer.position(at)
    except TimeoutError:
        return None
    return found


def end_process(group: str, standing: str) -> None:
    """At once: what does not move may not end in good order either."""
    log.critical("consumer_stands", group=group, what=standing, status=STATUS)
    sys.stderr.flush()
    os._exit(STATUS)
