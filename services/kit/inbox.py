"""The inbox: records from Kafka take effect exactly once.

Admit, drop what was said before, apply, move the checkpoint: one transaction per
batch. Kafka's own offsets follow it and decide nothing.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition
from aiokafka.errors import KafkaError

from schemas.topics import Topic

from . import checkpoint, metrics, stopped
from .backoff import seconds_after
from .batch import (
    Arrived,
    Batch,
    ByPartition,
    Record,
    Refused,
    partition_at,
    partitions_in,
)
from .broker import topic_ids
from .checkpoint import Checkpoint, Fenced, Place
from .db import TRANSIENT, Connection, Pool, transaction
from .log import place_of
from .stopped import Stop

log = structlog.get_logger()

RETRY_STOPPED = timedelta(seconds=30)
DRAIN_LIMIT = timedelta(seconds=10)
COMMIT_LIMIT = timedelta(seconds=3)
LONGEST_BACKOFF = 10.0
SMALL_BATCH = 100
PATIENCE = timedelta(milliseconds=15)
NOTE_AFTER = timedelta(seconds=1)

Apply = Callable[[Connection, Sequence[Arrived]], Awaitable[None]]
OnRefused = Callable[[Connection, Sequence[Refused]], Awaitable[None]]
# earlier records, by the marks asked for
Known = Callable[[Connection, Sequence[bytes]], Awaitable[Mapping[bytes, bytes]]]


async def ignore(_: Connection, __: Sequence[Refused]) -> None:
    """Only the registry rejects; the others count."""


class Inbox(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka is untyped
    """One group's way from Kafka into Postgres."""

    def __init__(
        self,
        group: str,
        topics: Sequence[Topic],
        *,
        pool: Pool,
        apply: Apply,
        known: Known,
        on_refused: OnRefused = ignore,
    ) -> None:
        self.group = group
        self.topics = topics
        self.pool = pool
        self.apply = apply
        self.known = known
        self.on_refused = on_refused
        self.ids: dict[str, str] = {}
        self.subscriber: Any = None
        # where the consumer reads on, as far as we have applied it or sought there
        self.positions: dict[TopicPartition, int] = {}
        # assigned, and not yet sought: they are read from where Kafka would have it
        self.astray: set[TopicPartition] = set()
        self.stopped: dict[TopicPartition, Stop] = {}
        # partitions of which Postgres may say that they stand, perhaps since before us
        self.marked: set[TopicPartition] = set()
        # batches in a row that could not be applied, and the last error's class
        self.failures = 0
        self.failing = ""
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

    async def handle(self, records: list[Any]) -> None:
        """Apply a batch, or go back to where it began, and wait a while.

        It raises nothing: FastStream would log an error's text. `records` are
        `Record`s; FastStream makes a model of what is annotated here.
        """
        by_partition = partitions_in(records)
        async with self.busy:
            try:
                await self.apply_all(by_partition)
            except Exception as error:  # noqa: BLE001  # whatever it is, it passes
                self.postpone(by_partition, type(error).__name__)
            else:
                self.failures = 0
        if self.failures:
            await asyncio.sleep(seconds_after(self.failures, LONGEST_BACKOFF))
            return
        if self.noting is None or self.noting.done():
            self.noting = asyncio.create_task(self.note_in_kafka())
        if len(records) < SMALL_BATCH:
            # a little patience: fewer and larger transactions where facts come often
            await asyncio.sleep(PATIENCE.total_seconds())

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

    def postpone(self, by_partition: ByPartition, error_class: str) -> None:
        """Read the batch again, all of it: what was applied is dropped then."""
        self.failures += 1
        self.failing = error_class
        metrics.BATCHES_POSTPONED.labels(self.group, error_class).inc()
        log.warning("batch_postponed", error=error_class, times=self.failures)
        for partition, records in by_partition.items():
            self.read_from(partition, records[0].offset)

    async def apply_all(self, by_partition: ByPartition) -> None:
        """Together, or one by one where the code fails. Raises what passes by itself,
        and what hinders us from holding a partition.
        """
        try:
            await self.apply_batch(by_partition)
        except (*TRANSIENT, Fenced):
            raise
        except Exception as error:  # noqa: BLE001  # found, and held, one by one
            log.warning(
                "batch_failed", error=type(error).__name__, place=place_of(error)
            )
            for partition, records in by_partition.items():
                await self.apply_one_by_one(partition, records)

    async def apply_batch(self, by_partition: ByPartition) -> Batch:
        """All of it in one transaction, or nothing."""
        began = monotonic()
        async with transaction(self.pool) as conn:
            held = await self.lock(conn, by_partition)
            batch = self.judge(by_partition, held)
            marks = [each.fact.mark for each in batch.facts]
            batch.keep_first_sayings(await self.known(conn, marks))
            await self.apply(conn, batch.facts)
            await self.on_refused(conn, batch.refused)
            await checkpoint.move(conn, self.group, batch.was, batch.now)
            moved = {partition_at(place) for place in batch.now}
            for partition in self.marked & moved:
                await stopped.clear(conn, self.group, *partition)
        self.marked -= moved
        self.note(batch)
        size = sum(len(records) for records in by_partition.values())
        metrics.count_batch(self.group, batch, size, monotonic() - began)
        for record, newer in batch.newer:
            await self.stop(record, "Newer", f"rule set {newer.ruleset}")
        return batch

    async def lock(
        self, conn: Connection, partitions: Collection[TopicPartition]
    ) -> dict[Place, Checkpoint]:
        places = [self.place_of(partition) for partition in partitions]
        held = await checkpoint.lock(conn, self.group, places)
        if len(held) < len(places):
            await checkpoint.create(conn, self.group, places)
            held = await checkpoint.lock(conn, self.group, places)
        return held

    def judge(
        self, by_partition: ByPartition, held: Mapping[Place, Checkpoint]
    ) -> Batch:
        batch = Batch()
        for partition, records in by_partition.items():
            place = self.place_of(partition)
            if self.has_gap(partition, records[0].offset, held[place].next):
                batch.gaps[place] = held[place]
            else:
                batch.judge(place, records, held[place])
        return batch

    def has_gap(self, partition: TopicPartition, first: int, due: int) -> bool:
        """Whether we read on from elsewhere than the checkpoint: then go back there.

        A hole in the offsets alone is none: markers of transactions take offsets.
        """
        ahead = first > due and self.positions.get(partition) != due
        return ahead or partition in self.astray

    async def apply_one_by_one(
        self, partition: TopicPartition, records: Sequence[Record]
    ) -> None:
        """Find the record that the code cannot get past; other partitions go on."""
        for record in records:
            try:
                batch = await self.apply_batch({partition: [record]})
            except (*TRANSIENT, Fenced):
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, it waits
                await self.stop(record, type(error).__name__, place_of(error))
                return
            if batch.held_up:
                return

    async def stop(self, record: Record, error_class: str, place: str) -> None:
        """Hold the partition at this record, and try again from time to time."""
        partition = TopicPartition(record.topic, record.partition)
        where = (self.group, record.topic, record.partition, record.offset)
        stop = Stop(*where, error_class, place)
        async with transaction(self.pool) as conn:
            held = await self.lock(conn, [partition])
            due = held[self.place_of(partition)].next
            if due <= record.offset:
                await stopped.record(conn, stop)
        self.read_from(partition, due)
        if due > record.offset:
            # another member got past it meanwhile
            return
        log.error("partition_stopped", **stop.as_words())
        metrics.PARTITIONS_STOPPED.labels(self.group).inc()
        self.marked.add(partition)
        if self.is_assigned(partition):
            self.stopped[partition] = stop
            self.consumer.pause(partition)
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_STOPPED.total_seconds(), self.resume, partition)

    def resume(self, partition: TopicPartition) -> None:
        if self.is_assigned(partition) and partition in self.consumer.paused():
            self.consumer.resume(partition)

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

    def note(self, batch: Batch) -> None:
        """Remember how far was applied; go back where we had read on too far."""
        for place, now in batch.now.items():
            self.positions[partition_at(place)] = now.next
            self.stopped.pop(partition_at(place), None)
        for place, held in batch.gaps.items():
            self.read_from(partition_at(place), held.next)
