"""The inbox: records from Kafka take effect exactly once.

Admit, drop what was said before, apply, move the checkpoint: one transaction per
batch. Kafka's own offsets follow it and decide nothing.
"""

import asyncio
import math
from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from time import monotonic
from typing import Any

import structlog
from aiokafka import TopicPartition

from schemas.topics import Topic

from . import checkpoint, metrics, redrive, stopped
from .backoff import seconds_after
from .batch import Batch, ByPartition, Record, partition_at, partitions_in
from .checkpoint import Checkpoint, Fenced, Place
from .db import TRANSIENT, Connection, Pool, transaction
from .log import place_of
from .parked import Inadmissible, Key
from .reading import Reading
from .search import TooMany
from .stopped import LOST_END, Stop
from .taking import Apply, Known, OnRefused, Taking, ignore
from .watchdog import Progress

log = structlog.get_logger()

RETRY_STOPPED = timedelta(seconds=30)
LONGEST_BACKOFF = 10.0
SMALL_BATCH = 100
# few facts wait so long for more: fewer and larger transactions
PATIENCE = timedelta(milliseconds=15)
# the same where nobody waits for each of them
UNHURRIED = timedelta(milliseconds=60)
LONGEST_REST = timedelta(milliseconds=100)
CATCHING_UP = timedelta(seconds=2)


class Inbox(Reading):
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
        patience: timedelta = PATIENCE,
    ) -> None:
        super().__init__(group, topics, pool)
        self.taking = Taking(group, apply, known)
        self.on_refused = on_refused
        self.patience = patience
        # batches in a row that could not be applied, and the last error's class
        self.failures = 0
        self.failing = ""
        # batches that were taken in hand, and what of them stands still
        self.batches = 0
        self.progress = Progress()
        # when a batch was last so large that more may wait
        self.last_large = -math.inf
        # what waits behind a fact that was set aside may go on; perhaps since before us
        self.may_go_on = True

    async def handle(self, records: list[Any]) -> None:
        """Apply a batch, or go back to where it began, and wait a while.

        It raises nothing: FastStream would log an error's text. `records` are
        `Record`s; FastStream makes a model of what is annotated here.
        """
        began = monotonic()
        by_partition = partitions_in(records)
        async with self.busy:
            if self.parting:
                return
            self.batches += 1
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
        await self.let_go_on()
        if len(records) < SMALL_BATCH:
            # where all is slow it rests as long as it worked, and takes more at once
            worked = min(monotonic() - began, LONGEST_REST.total_seconds())
            await asyncio.sleep(max(worked, self.patience.total_seconds()))
        else:
            self.last_large = monotonic()

    def catching_up(self) -> bool:
        """Whether much was waiting a moment ago: what can wait too, should."""
        return monotonic() - self.last_large < CATCHING_UP.total_seconds()

    def postpone(self, by_partition: ByPartition, error_class: str) -> None:
        """Read the batch again, all of it: what was applied is dropped then."""
        self.failures += 1
        self.failing = error_class
        metrics.BATCHES_POSTPONED.labels(self.group, error_class).inc()
        log.warning("batch_postponed", error=error_class, times=self.failures)
        for partition, records in by_partition.items():
            self.read_from(partition, records[0].offset)

    async def apply_all(self, by_partition: ByPartition) -> None:
        """Together; where the code fails, all but what fails. Raises what passes by
        itself, and what hinders us from parking, or from holding a partition.
        """
        try:
            await self.apply_batch(by_partition)
        except (*TRANSIENT, Fenced):
            raise
        except Exception as error:  # noqa: BLE001  # found, and parked
            log.warning(
                "batch_failed", error=type(error).__name__, place=place_of(error)
            )
            await self.apply_what_can_be(by_partition)

    async def apply_what_can_be(self, by_partition: ByPartition) -> None:
        """Park what makes the code fail. Where it is not the facts, hold partitions."""
        try:
            await self.apply_batch(by_partition, searching=True)
        except (*TRANSIENT, Fenced):
            raise
        except Exception as error:  # noqa: BLE001  # whatever it is, it waits
            if len(by_partition) > 1:
                for partition, records in by_partition.items():
                    await self.apply_what_can_be({partition: records})
                return
            ((partition, records),) = by_partition.items()
            if isinstance(error, TooMany):
                await self.stop_before(error, partition, records)
            else:
                await self.apply_one_by_one(partition, records)

    async def apply_batch(
        self, by_partition: ByPartition, *, searching: bool = False
    ) -> Batch:
        """All of it in one transaction, or nothing; all but what fails if searching."""
        began = monotonic()
        in_a_row = 0
        async with transaction(self.pool) as conn:
            held = await self.lock(conn, by_partition)
            stand = {at: held[self.place_of(at)] for at in by_partition}
            lost = await self.lost_ends(by_partition, stand)
            batch = await self.judge(without(by_partition, lost), held)
            await self.taking.keep_first_sayings(conn, batch, held)
            if searching:
                in_a_row = await self.taking.apply_some(conn, batch)
            else:
                await self.taking.apply_all(conn, batch)
            await self.on_refused(conn, batch.refused)
            await checkpoint.move(conn, self.group, batch.was, batch.now)
            moved = {partition_at(place) for place in batch.now}
            for partition in self.marked & moved:
                await stopped.clear(conn, self.group, *partition)
        self.marked -= moved
        self.note(batch, in_a_row)
        size = sum(len(records) for records in by_partition.values())
        metrics.count_batch(self.group, batch, size, monotonic() - began)
        for record, newer in batch.newer:
            await self.stop(record, "Newer", f"rule set {newer.ruleset}")
        for partition, found in lost.items():
            await self.hold(partition, stand[partition].next, found)
        return batch

    async def hold(self, partition: TopicPartition, due: int, found: str) -> None:
        """Read no further: what comes next would be taken for what was applied."""
        where = (self.group, partition.topic, partition.partition, due)
        stop = Stop(*where, LOST_END, found)
        async with transaction(self.pool) as conn:
            await stopped.record(conn, stop)
        self.stand(partition, stop)

    async def lock(
        self, conn: Connection, partitions: Collection[TopicPartition]
    ) -> dict[Place, Checkpoint]:
        places = [self.place_of(partition) for partition in partitions]
        held = await checkpoint.lock(conn, self.group, places)
        if len(held) < len(places):
            await checkpoint.create(conn, self.group, places)
            held = await checkpoint.lock(conn, self.group, places)
        return held

    async def judge(
        self, by_partition: ByPartition, held: Mapping[Place, Checkpoint]
    ) -> Batch:
        batch = Batch()
        for partition, records in by_partition.items():
            # who asks something meanwhile is not held up by all of a large batch
            await asyncio.sleep(0)
            place = self.place_of(partition)
            if self.has_gap(partition, records[0].offset, held[place].next):
                batch.gaps[place] = held[place]
            else:
                batch.judge(place, records, held[place])
        return batch

    async def apply_one_by_one(
        self, partition: TopicPartition, records: Sequence[Record]
    ) -> None:
        """Find the record that hinders, and is no fact that could be parked."""
        for record in records:
            try:
                batch = await self.apply_batch({partition: [record]}, searching=True)
            except (*TRANSIENT, Fenced):
                raise
            except Exception as error:  # noqa: BLE001  # whatever it is, it waits
                await self.stop(record, *cause_of(error))
                return
            if batch.held_up:
                return

    async def stop_before(
        self, found: TooMany, partition: TopicPartition, records: Sequence[Record]
    ) -> None:
        """Too many facts in a row fail to be parked: apply what lies before them."""
        before = [each for each in records if each.offset < found.first.offset]
        if before:
            await self.apply_batch({partition: before}, searching=True)
        (first,) = (each for each in records if each.offset == found.first.offset)
        await self.stop(first, *cause_of(found))

    async def let_go_on(self) -> None:
        """Apply what waits behind facts that were set aside, and what was reinstated.

        It raises nothing: what was not done is done at the next look.
        """
        if not self.may_go_on:
            return
        self.may_go_on = False
        try:
            for key in await redrive.free(self.pool, self.group):
                await self.let_key_go_on(key)
        except Exception as error:  # noqa: BLE001  # whatever it is, it waits
            self.may_go_on = True
            log.warning("not_gone_on", error=type(error).__name__)

    async def let_key_go_on(self, key: Key) -> None:
        """The same for one speaker and initiative. Raises what passes by itself."""
        try:
            await redrive.redrive(
                self.pool, self.group, self.taking.take, key, "set aside"
            )
        except Inadmissible as error:
            # older code than parked it: others go on, and newer code looks again
            log.warning("not_gone_on", error=type(error).__name__)

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
        if self.stand(partition, stop):
            loop = asyncio.get_running_loop()
            loop.call_later(RETRY_STOPPED.total_seconds(), self.resume, partition)

    def stand(self, partition: TopicPartition, stop: Stop) -> bool:
        """Read no further there, and say so; whether the partition is ours."""
        log.error("partition_stopped", **stop.as_words())
        metrics.PARTITIONS_STOPPED.labels(self.group).inc()
        self.marked.add(partition)
        if not self.is_assigned(partition):
            return False
        self.stopped[partition] = stop
        self.consumer.pause(partition)
        return True

    def resume(self, partition: TopicPartition) -> None:
        if self.is_assigned(partition) and partition in self.consumer.paused():
            self.consumer.resume(partition)

    def note(self, batch: Batch, in_a_row: int) -> None:
        """Remember how far was applied, and what came of it."""
        self.move_on(batch)
        if batch.facts or in_a_row:
            self.taking.in_a_row = in_a_row
        failed = [each.cause for each in batch.parked if each.cause is not None]
        if failed:
            log.error(
                "facts_parked",
                group=self.group,
                failed=len(failed),
                held_back=len(batch.parked) - len(failed),
                errors=sorted({f"{c.error_class} at {c.place}" for c in failed})[:5],
            )
        if any(each.fact.type.family == "setaside" for each in batch.facts):
            self.may_go_on = True


def without(
    by_partition: ByPartition, left_out: Collection[TopicPartition]
) -> ByPartition:
    return {at: each for at, each in by_partition.items() if at not in left_out}


def cause_of(error: Exception) -> tuple[str, str]:
    """The error's class, and the place in our code."""
    if isinstance(error, TooMany):
        return error.cause.error_class, f"{error.cause.place}, of every fact in a row"
    return type(error).__name__, place_of(error)
