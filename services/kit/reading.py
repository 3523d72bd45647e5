"""Where a group reads: assigned partitions, and how far each has been read.

It begins where Postgres says. Kafka's own offsets are noted for who watches the group,
and decide nothing.
"""

import asyncio
from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import Topic

from . import checkpoint
from .batch import Batch, partition_at
from .broker import topic_ids
from .checkpoint import Place
from .db import TRANSIENT, Pool
from .stopped import Stop

log = structlog.get_logger()

DRAIN_LIMIT = timedelta(seconds=10)
COMMIT_LIMIT = timedelta(seconds=3)
NOTE_AFTER = timedelta(seconds=1)


class Reading(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """A group's place in its topics, as far as this member reads them."""

    def __init__(self, group: str, topics: Sequence[Topic], pool: Pool) -> None:
        self.group = group
        self.topics = topics
        self.pool = pool
        self.ids: dict[str, str] = {}
        self.subscriber: Any = None
        # where the consumer reads on, as far as we have applied it or sought there
        self.positions: dict[TopicPartition, int] = {}
        # assigned, and not yet sought: they are read from where Kafka would have it
        self.astray: set[TopicPartition] = set()
        self.stopped: dict[TopicPartition, Stop] = {}
        # partitions of which Postgres may say that they stand, perhaps since before us
        self.marked: set[TopicPartition] = set()
        self.busy = asyncio.Lock()
        self.noting: asyncio.Task[None] | None = None

    async def learn_topics(self, bootstrap: str) -> None:
        """Before the consumer starts: which topics are meant. Raises KafkaException."""
        self.ids = await topic_ids(bootstrap, [topic.name for topic in self.topics])

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Finish the batch in hand, so that no other member sees it again."""
        try:
            async with asyncio.timeout(DRAIN_LIMIT.total_seconds()), self.busy:
                pass
        except TimeoutError:
            log.warning("batch_not_drained", group=self.group)
        self.forget(revoked)

    async def on_partitions_assigned(
        self, assigned: Collection[TopicPartition]
    ) -> None:
        """Begin where Postgres says, whatever Kafka has noted."""
        self.forget(assigned)
        self.marked.update(assigned)
        self.astray.update(assigned)
        places = {self.place_of(partition): partition for partition in assigned}
        try:
            # the group waits for this; a Postgres that hangs must not hold it up
            async with asyncio.timeout(DRAIN_LIMIT.total_seconds()):
                found = await checkpoint.find(self.pool, self.group, places)
        except TRANSIENT as error:
            # the first batch seeks instead, once Postgres answers
            log.warning("checkpoints_not_read", error=type(error).__name__)
            return
        for place, partition in places.items():
            if self.is_assigned(partition):
                self.consumer.seek(partition, found[place].next)
                self.astray.discard(partition)

    async def note_in_kafka(self) -> None:
        """After a while, for who watches the group there, not for every batch."""
        await asyncio.sleep(NOTE_AFTER.total_seconds())
        await self.note_now()

    async def note_now(self) -> None:
        """Note in Kafka what was applied, and not what is in hand.

        It decides nothing, so it need not succeed; by itself it would wait for a Kafka
        that is away, and hold up a stop.
        """
        applied = {at: n for at, n in self.positions.items() if self.is_assigned(at)}
        if not applied:
            return
        try:
            async with asyncio.timeout(COMMIT_LIMIT.total_seconds()):
                await self.consumer.commit(applied)
        except (KafkaError, TimeoutError) as error:
            log.info("offsets_not_noted", error=type(error).__name__)

    async def part(self) -> None:
        """Before the consumer ends: what was to be noted is noted now."""
        if self.noting is not None and not self.noting.done():
            self.noting.cancel()
            await self.note_now()

    @property
    def consumer(self) -> Any:
        """aiokafka's consumer; None while it is not connected."""
        return None if self.subscriber is None else self.subscriber.consumer

    def is_assigned(self, partition: TopicPartition) -> bool:
        return self.consumer is not None and partition in self.consumer.assignment()

    def place_of(self, partition: TopicPartition) -> Place:
        return Place(partition.topic, self.ids[partition.topic], partition.partition)

    def read_from(self, partition: TopicPartition, offset: int) -> None:
        """Only between batches: the next one comes from there."""
        if self.is_assigned(partition):
            self.consumer.seek(partition, offset)
            self.positions[partition] = offset
            self.astray.discard(partition)

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self.positions.pop(partition, None)
            self.stopped.pop(partition, None)
            self.marked.discard(partition)
            self.astray.discard(partition)

    def has_gap(self, partition: TopicPartition, first: int, due: int) -> bool:
        """Whether we read on from elsewhere than the checkpoint: then go back there.

        A hole in the offsets alone is none: markers of transactions take offsets.
        """
        ahead = first > due and self.positions.get(partition) != due
        return ahead or partition in self.astray

    def move_on(self, batch: Batch) -> None:
        """Remember how far was applied; go back where we had read on too far."""
        for place, now in batch.now.items():
            self.positions[partition_at(place)] = now.next
            self.stopped.pop(partition_at(place), None)
        for place, held in batch.gaps.items():
            self.read_from(partition_at(place), held.next)
