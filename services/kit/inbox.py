"""The inbox: records from Kafka take effect exactly once.

Admit, drop what was said before, apply, move the checkpoint: one transaction per
batch. Kafka's own offsets follow it and decide nothing.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from aiokafka import ConsumerRebalanceListener, TopicPartition

from schemas.topics import Topic

from . import checkpoint, metrics, stopped
from .batch import Arrived, Batch, ByPartition, Record, Refused, partitions_in
from .broker import topic_ids
from .checkpoint import Checkpoint, Fenced, Place
from .db import TRANSIENT, Connection, Pool, transaction
from .log import place_of
from .stopped import Stop

log = structlog.get_logger()

RETRY_STOPPED = timedelta(seconds=30)
DRAIN_LIMIT = timedelta(seconds=10)
LONGEST_BACKOFF = 10.0

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
        # how far each partition was applied, since we sought there
        self.positions: dict[TopicPartition, int] = {}
        self.stopped: dict[TopicPartition, Stop] = {}
        self.failures = 0
        self.busy = asyncio.Lock()

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
        places = {self.place_of(partition): partition for partition in assigned}
        try:
            found = await checkpoint.find(self.pool, self.group, places)
        except TRANSIENT as error:
            # the first batch seeks instead, once Postgres answers
            log.warning("checkpoints_not_read", error=type(error).__name__)
            return
        for place, partition in places.items():
            self.seek(partition, found[place].next)

    async def handle(self, records: list[Any]) -> None:
        """Apply a batch. Raises what passes by itself; FastStream then reads again.

        `records` are `Record`s; FastStream makes a model of what is annotated here.
        """
        async with self.busy:
            try:
                await self.apply_batch(records)
                self.failures = 0
            except (*TRANSIENT, Fenced) as error:
                log.warning("batch_postponed", error=type(error).__name__)
                await asyncio.sleep(self.backoff())
                raise
            except Exception as error:  # noqa: BLE001  # found, and held, one by one
                log.warning("batch_failed", error=type(error).__name__)
                await self.apply_one_by_one(records)

    async def apply_batch(self, records: Sequence[Record]) -> None:
        """All of it in one transaction, or nothing."""
        began = monotonic()
        by_partition = partitions_in(records)
        async with transaction(self.pool) as conn:
            held = await self.lock(conn, by_partition)
            batch = self.judge(by_partition, held)
            marks = [each.fact.mark for each in batch.facts]
            batch.keep_first_sayings(await self.known(conn, marks))
            await self.apply(conn, batch.facts)
            await self.on_refused(conn, batch.refused)
            for partition in self.stopped.keys() & by_partition.keys():
                await stopped.clear(conn, self.group, *partition)
            await checkpoint.move(conn, self.group, batch.was, batch.now)
        self.note(batch, len(records), monotonic() - began)
        for record, newer in batch.newer:
            await self.stop(record, "Newer", f"rule set {newer.ruleset}")

    async def lock(
        self, conn: Connection, by_partition: ByPartition
    ) -> dict[Place, Checkpoint]:
        places = [self.place_of(partition) for partition in by_partition]
        await checkpoint.create(conn, self.group, places)
        return await checkpoint.lock(conn, self.group, places)

    def judge(
        self, by_partition: ByPartition, held: Mapping[Place, Checkpoint]
    ) -> Batch:
        batch = Batch()
        for partition, records in by_partition.items():
            place = self.place_of(partition)
            if self.has_gap(partition, records[0].offset, held[place].next):
                self.seek(partition, held[place].next)
            else:
                batch.judge(place, records, held[place])
        return batch

    def has_gap(self, partition: TopicPartition, first: int, due: int) -> bool:
        """Whether we read on from elsewhere than the checkpoint: then go back there.

        A hole in the offsets alone is none: markers of transactions take offsets.
        """
        return first > due and self.positions.get(partition) != due

    async def apply_one_by_one(self, records: Sequence[Record]) -> None:
        """Find the record that the code cannot get past; the others go on."""
        for one_partition in partitions_in(records).values():
            for record in one_partition:
                try:
                    await self.apply_batch([record])
                except (*TRANSIENT, Fenced):
                    raise
                except Exception as error:  # noqa: BLE001  # whatever it is, it waits
                    await self.stop(record, type(error).__name__, place_of(error))
                    break

    async def stop(self, record: Record, error_class: str, place: str) -> None:
        """Hold the partition at this record, and try again from time to time."""
        partition = TopicPartition(record.topic, record.partition)
        stop = Stop(
            self.group,
            record.topic,
            record.partition,
            record.offset,
            error_class,
            place,
        )
        log.error("partition_stopped", **stop.as_words())
        await stopped.record(self.pool, stop)
        self.stopped[partition] = stop
        self.seek(partition, record.offset)
        if partition in self.consumer.assignment():
            self.consumer.pause(partition)
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_STOPPED.total_seconds(), self.resume, partition)

    def resume(self, partition: TopicPartition) -> None:
        if self.consumer is not None and partition in self.consumer.paused():
            self.consumer.resume(partition)

    @property
    def consumer(self) -> Any:
        """aiokafka's consumer; None while it is not connected."""
        return None if self.subscriber is None else self.subscriber.consumer

    def place_of(self, partition: TopicPartition) -> Place:
        return Place(partition.topic, self.ids[partition.topic], partition.partition)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        if partition in self.consumer.assignment():
            self.consumer.seek(partition, offset)
            self.positions[partition] = offset

    def forget(self, partitions: Collection[TopicPartition]) -> None:
        for partition in partitions:
            self.positions.pop(partition, None)
            self.stopped.pop(partition, None)

    def note(self, batch: Batch, size: int, seconds: float) -> None:
        """Remember what was applied, and count it."""
        for place, now in batch.now.items():
            partition = TopicPartition(place.topic, place.partition)
            self.positions[partition] = now.next
            self.stopped.pop(partition, None)
        metrics.count_batch(self.group, batch, size, seconds)

    def backoff(self) -> float:
        """Capped and jittered, so that replicas do not come back together."""
        self.failures += 1
        longest = min(LONGEST_BACKOFF, 0.1 * 2**self.failures)
        return random.uniform(longest / 2, longest)  # noqa: S311  # no secret
