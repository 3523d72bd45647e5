"""Where a group reads: assigned partitions, and how far each has been read.

It begins where Postgres says. Kafka's own offsets are noted for who watches the group,
and decide nothing.
"""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import Topic

from . import checkpoint
from .batch import Batch, ByPartition, partition_at, partitions_of
from .broker import ASK_LIMIT, connection_to_leader, topic_ids
from .checkpoint import Checkpoint, Place
from .db import TRANSIENT, Pool
from .lost_end import lost_in
from .stopped import Stop

log = structlog.get_logger()

DRAIN_LIMIT = timedelta(seconds=10)
# at a stop FastStream waits for the batch in hand as well, after this
PARTING_LIMIT = timedelta(seconds=5)
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
        # where it began, which a batch that was in hand then knows nothing of
        self.begun: dict[TopicPartition, int] = {}
        # to be sought before they are applied: assigned, and read from where Kafka has
        # it; set back; or perhaps fetched from another log
        self.astray: set[TopicPartition] = set()
        # over which connection it was sought, and over which it was found to be the log
        # that we know
        self.sought_on: dict[TopicPartition, Any] = {}
        self.proven_on: dict[TopicPartition, Any] = {}
        self.bootstrap = ""
        self.stopped: dict[TopicPartition, Stop] = {}
        # partitions of which Postgres may say that they stand, perhaps since before us
        self.marked: set[TopicPartition] = set()
        self.busy = asyncio.Lock()
        # it ends: what is fetched now, another reads
        self.parting = False
        self.noting: asyncio.Task[None] | None = None

    async def learn_topics(self, bootstrap: str) -> None:
        """Before the consumer starts: which topics are meant. Raises KafkaException."""
        self.parting = False
        self.bootstrap = bootstrap
        self.ids = await topic_ids(bootstrap, [topic.name for topic in self.topics])

    async def on_partitions_revoked(self, revoked: Collection[TopicPartition]) -> None:
        """Finish the batch in hand, so that no other member sees it again."""
        await self.drain(DRAIN_LIMIT)
        await self.note_now()
        self.forget(revoked)

    async def drain(self, limit: timedelta) -> None:
        """Wait for the batch in hand, not for ever."""
        try:
            async with asyncio.timeout(limit.total_seconds()), self.busy:
                pass
        except TimeoutError:
            log.warning("batch_not_drained", group=self.group)

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
                self.seek(partition, found[place].next)
                self.begun[partition] = found[place].next
                self.astray.discard(partition)

    async def go_back(self) -> None:
        """Read again what the database has forgotten, restored while we read on.

        A next record would show it; where none comes, nobody else would notice. It
        raises nothing: what was not done is done at the next look.
        """
        reading = self.assigned_positions()
        if self.busy.locked() or not reading:
            return
        places = {self.place_of(at): at for at in reading}
        try:
            async with self.busy, asyncio.timeout(ASK_LIMIT.total_seconds()):
                found = await checkpoint.read(self.pool, self.group, places)
                for place, at in places.items():
                    due = found[place].next if place in found else 0
                    if due < reading[at] and self.is_assigned(at):
                        log.warning("set_back", topic=at.topic, partition=at.partition)
                        self.seek(at, due)
                        # what may be fetched already is none that follows
                        self.astray.add(at)
        except TRANSIENT as error:
            log.warning("checkpoints_not_read", error=type(error).__name__)

    def assigned_positions(self) -> dict[TopicPartition, int]:
        """Where it reads on, of what is read."""
        sought = {**self.begun, **self.positions}
        return {
            at: n
            for at, n in sought.items()
            if self.is_assigned(at) and at not in self.stopped and at not in self.astray
        }

    async def ends(self, topics: Sequence[Topic]) -> dict[Place, int]:
        """Where all partitions of these topics end now, whoever reads them.

        Raises ConnectionError while it is not connected, and what Kafka raises.
        """
        if self.consumer is None:
            raise ConnectionError("not connected to Kafka")
        async with asyncio.timeout(ASK_LIMIT.total_seconds()):
            found = await self.consumer.end_offsets(partitions_of(topics))
        return {self.place_of(partition): end for partition, end in found.items()}

    async def lost_ends(
        self, batch: ByPartition, held: Mapping[TopicPartition, Checkpoint]
    ) -> dict[TopicPartition, str]:
        """Partitions of which Kafka has lost what was applied, and how that shows.

        Looked at where one was assigned, where its connection has broken, and where it
        is read from its beginning though we read on from what is due. Raises
        ConnectionError where Kafka does not tell.
        """
        if self.consumer is None:
            return {}
        over = {at: self.connection_of(at) for at in batch}
        sought = {**self.begun, **self.positions}
        doubtful = {
            at: held[at]
            for at, records in batch.items()
            if self.proven_on.get(at, self) is not over[at]
            or records[0].offset < held[at].next == sought.get(at)
        }
        lost = await lost_in(self.consumer, self.bootstrap, self.group, doubtful)
        self.note_proven(doubtful.keys() - lost.keys(), over)
        return lost

    async def prove(self) -> None:
        """The same of all that is read, before a next record has to wait for it.

        What is lost is found with that record: Kafka's end alone may lag behind where
        a partition has a new leader. It raises nothing, as `go_back`.
        """
        over = {at: self.connection_of(at) for at in self.assigned_positions()}
        places = {
            self.place_of(at): at
            for at, connection in over.items()
            if connection is not None and self.proven_on.get(at, self) is not connection
        }
        if not places:
            return
        try:
            async with asyncio.timeout(ASK_LIMIT.total_seconds()):
                found = await checkpoint.read(self.pool, self.group, places)
            held = {at: found[place] for place, at in places.items() if place in found}
            lost = await lost_in(self.consumer, self.bootstrap, self.group, held)
        except TRANSIENT as error:
            log.info("ends_not_proven", error=type(error).__name__)
            return
        self.note_proven(held.keys() - lost.keys(), over)

    def note_proven(
        self, partitions: Collection[TopicPartition], over: Mapping[TopicPartition, Any]
    ) -> None:
        """These are of the log that we know, as asked over these connections."""
        for at in partitions:
            if self.is_assigned(at):
                self.proven_on[at] = over[at]
                if self.sought_on.get(at) is not over[at]:
                    # what is fetched may have been so before the break
                    self.astray.add(at)

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
        """Before the consumer ends: take nothing more in hand, and note how far it is.

        Who comes next would read from there before it has found its own place.
        """
        self.parting = True
        if self.noting is not None:
            self.noting.cancel()
        if self.consumer is not None:
            self.consumer.pause(*self.consumer.assignment())
            await self.drain(PARTING_LIMIT)
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
            self.seek(partition, offset)
            self.positions[partition] = offset
            self.astray.discard(partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.consumer.seek(partition, offset)
        self.sought_on[partition] = self.connection_of(partition)

    def connection_of(self, partition: TopicPartition) -> Any:
        return connection_to_leader(self.consumer, partition)

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self.positions.pop(partition, None)
            self.begun.pop(partition, None)
            self.sought_on.pop(partition, None)
            self.proven_on.pop(partition, None)
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
