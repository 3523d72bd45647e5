"""Batches handed to the inbox one by one: what no broker would show at will."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from aiokafka import ConsumerRecord, TopicPartition

from schemas.topics import MUNICIPAL, STATE
from services.kit import checkpoint
from services.kit.batch import Arrived
from services.kit.checkpoint import Checkpoint, Place
from services.kit.db import Connection

from .conftest import Room
from .facts import again, facts, record, said
from .kafka import Written, partition_of
from .member import Member, fails_on

pytestmark = pytest.mark.usefixtures("without_kafka")

BEGAN = 1_790_000_000_000


class Standing:
    """aiokafka's consumer, as far as the inbox uses it: it notes where it is sent."""

    def __init__(self, *partitions: int) -> None:
        self.partitions = {TopicPartition(STATE.name, n) for n in partitions}
        self.sought: dict[int, int] = {}

    def assignment(self) -> set[TopicPartition]:
        return self.partitions

    def paused(self) -> set[TopicPartition]:
        return set()

    async def commit(self, _: object) -> None:
        """It is noted nowhere."""

    def pause(self, partition: TopicPartition) -> None:
        """It is noted in the inbox."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        self.sought[partition.partition] = offset


@dataclass
class Log:
    """A topic that holds what was written, from offset 0 in each partition."""

    next: dict[TopicPartition, int] = field(default_factory=dict)
    time: int = BEGAN

    def lies(
        self, written: Written, *, skip: int = 0, at: int | None = None
    ) -> ConsumerRecord:
        """The record, `skip` offsets further on than the one before."""
        partition = partition_of(written.key or b"")
        place = TopicPartition(written.topic.name, partition)
        offset = self.next.get(place, 0) + skip
        self.next[place] = offset + 1
        return ConsumerRecord(
            topic=place.topic,
            partition=place.partition,
            offset=offset,
            timestamp=self.time if at is None else at,
            timestamp_type=1,
            key=written.key,
            value=written.value,
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
            headers=written.headers,
        )

    def all(self, written: Sequence[Written]) -> list[ConsumerRecord]:
        return [self.lies(each) for each in written]


def alone(room: Room, consumer: Standing | None = None) -> Member:
    """A member that nobody reads for."""
    found = Member(room)
    found.inbox.ids = {STATE.name: "id", MUNICIPAL.name: "id"}
    if consumer is not None:
        found.inbox.subscriber = SimpleNamespace(consumer=consumer)
    return found


async def test_of_two_members_with_the_same_records_the_second_changes_nothing(
    room: Room,
) -> None:
    members = [alone(room) for _ in range(4)]
    records = Log().all(facts(30))

    await asyncio.gather(*(each.inbox.handle(records) for each in members))

    assert [each.inbox.failures for each in members] == [0] * 4
    assert len(await members[0].effects()) == 30


async def test_a_member_that_comes_late_with_an_old_batch_changes_nothing(
    room: Room,
) -> None:
    quick, zombie = alone(room), alone(room)
    log = Log()
    first, second = log.all(facts(5, partition=2)), log.all(facts(5, partition=2))
    await quick.inbox.handle([*first, *second])
    before = await quick.checkpoints()

    await zombie.inbox.handle(first)

    assert len(await quick.effects()) == 10
    assert await quick.checkpoints() == before


async def test_the_same_fact_twice_in_a_batch_takes_effect_once(room: Room) -> None:
    reader = alone(room)
    event = said(partition=2)
    other = again(event, visibility="own")
    batch = [record(event), record(event), record(other), *facts(1, partition=2)]

    await reader.inbox.handle(Log().all(batch))

    assert [row["position"] for row in await reader.effects()] == [0, 3]
    assert await reader.refusals() == {2: "id_reused"}


async def test_a_batch_from_beyond_the_checkpoint_is_not_applied(room: Room) -> None:
    consumer = Standing(2)
    reader = alone(room, consumer)
    log = Log()
    missed, seen = log.all(facts(3, partition=2)), log.all(facts(3, partition=2))

    await reader.inbox.handle(seen)
    applied_at_first = await reader.effects()
    sought = dict(consumer.sought)
    await reader.inbox.handle([*missed, *seen])

    assert applied_at_first == []
    assert sought == {2: 0}
    assert len(await reader.effects()) == 6


async def test_a_batch_that_outlives_a_rebalance_does_not_hide_a_gap(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.reading.DRAIN_LIMIT", timedelta(seconds=0.05))
    consumer = Standing(2)
    reader = alone(room, consumer)
    log = Log()
    slow, missed, seen = (log.all(facts(3, partition=2)) for _ in range(3))
    held, release = asyncio.Event(), asyncio.Event()

    async def then(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await release.wait()

    async def away(*_: object) -> dict[Place, Checkpoint]:
        raise ConnectionRefusedError

    reader.then = then
    monkeypatch.setattr(checkpoint, "find", away)
    task = asyncio.create_task(reader.inbox.handle(slow))
    await held.wait()
    await reader.inbox.on_partitions_revoked(consumer.partitions)
    await reader.inbox.on_partitions_assigned(consumer.partitions)
    release.set()
    await task
    # Kafka would have it begin beyond what was missed
    await reader.inbox.handle(seen)
    await reader.inbox.handle([*missed, *seen])

    assert consumer.sought == {2: 3}
    assert len(await reader.effects()) == 9


async def test_a_gap_is_not_forgotten_when_another_fact_of_the_batch_fails(
    room: Room,
) -> None:
    reader = alone(room, Standing(2, 3))
    bad = said(partition=3)
    reader.then = fails_on(bad["id"])
    log = Log()
    missed, seen = log.all(facts(3, partition=2)), log.all(facts(3, partition=2))

    await reader.inbox.handle([*seen, log.lies(record(bad))])
    await reader.inbox.handle([*missed, *seen])

    assert len(await reader.effects()) == 6


async def test_a_gap_is_not_forgotten_when_postgres_fails_meanwhile(room: Room) -> None:
    reader = alone(room, Standing(2))
    log = Log()
    missed, seen = log.all(facts(3, partition=2)), log.all(facts(3, partition=2))
    failures = [1]

    async def once(conn: Connection, arrived: Sequence[Arrived]) -> None:
        if failures:
            failures.pop()
            raise ConnectionResetError
        await reader.apply(conn, arrived)

    reader.inbox.taking.apply = once
    await reader.inbox.handle(seen)
    await reader.inbox.handle(seen)
    await reader.inbox.handle([*missed, *seen])

    assert failures == []
    assert len(await reader.effects()) == 6


async def test_a_fact_for_newer_code_is_not_passed_when_another_of_the_batch_fails(
    room: Room,
) -> None:
    reader = alone(room, Standing(2, 3))
    bad = said(partition=3)
    reader.then = fails_on(bad["id"])
    log = Log()
    newer = record(said(partition=2), ruleset=99)

    await reader.inbox.handle(
        log.all([record(bad), *facts(1, 2), newer, *facts(2, partition=2)])
    )

    assert [row["position"] for row in await reader.effects()] == [0]
    assert (await reader.checkpoints())[STATE.name, 2] == 1
    assert {row["record"] for row in await reader.stopped()} == {1}


async def test_when_postgres_fails_every_partition_of_the_batch_is_read_again(
    room: Room,
) -> None:
    consumer = Standing(2, 3, 4)
    reader = alone(room, consumer)
    log = Log()
    records = [log.lies(each) for n in (2, 3, 4) for each in facts(2, partition=n)]
    await reader.inbox.handle(records[:2])

    async def away(_: Connection, __: Sequence[Arrived]) -> None:
        raise ConnectionResetError

    reader.then = away
    await reader.inbox.handle([*log.all(facts(1, partition=2)), *records[2:]])

    assert consumer.sought == {2: 2, 3: 0, 4: 0}
    assert len(await reader.effects()) == 2
    assert reader.inbox.failing == "ConnectionResetError"


async def test_append_times_never_go_back_within_a_partition(room: Room) -> None:
    log = Log()
    times = (BEGAN + 50, BEGAN + 20, BEGAN + 70, BEGAN + 10)
    records = [
        log.lies(each, at=at)
        for each, at in zip(facts(4, partition=2), times, strict=True)
    ]

    # another member goes on, and knows the last time from the checkpoint
    await alone(room).inbox.handle(records[:3])
    await alone(room).inbox.handle(records[3:])

    found = [row["appended"] for row in await alone(room).effects()]
    began = datetime.fromtimestamp(BEGAN / 1000, UTC)
    assert found == [began + timedelta(milliseconds=n) for n in (50, 50, 70, 70)]


async def test_a_batch_takes_effect_whole_or_not_at_all(room: Room) -> None:
    reader = alone(room)
    records = Log().all(facts(10))
    held = asyncio.Event()

    async def then(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await asyncio.sleep(60)

    reader.then = then
    async with broken_off(reader, records):
        await held.wait()

    assert await reader.effects() == []
    assert set((await reader.checkpoints()).values()) <= {0}


@asynccontextmanager
async def broken_off(
    reader: Member, records: list[ConsumerRecord]
) -> AsyncIterator[None]:
    task = asyncio.create_task(reader.inbox.handle(records))
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_revoked_partition_is_let_go_when_its_batch_has_taken_effect(
    room: Room,
) -> None:
    reader = alone(room, Standing(2))
    records = Log().all(facts(1, partition=2))
    held = asyncio.Event()

    async def then(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await asyncio.sleep(0.3)

    reader.then = then
    task = asyncio.create_task(reader.inbox.handle(records))
    await held.wait()
    await reader.inbox.on_partitions_revoked({TopicPartition(STATE.name, 2)})
    applied = len(await reader.effects())
    await task

    assert applied == 1


async def test_a_member_that_was_passed_does_not_say_that_a_partition_stands(
    room: Room,
) -> None:
    zombie, owner = alone(room), alone(room)
    records = Log().all(facts(2, partition=2))
    await owner.inbox.handle(records)

    await zombie.inbox.stop(records[0], "KeyError", "here")

    assert await owner.stopped() == []
    assert zombie.inbox.stopped == {}


async def test_postgres_that_stays_away_is_told_of_and_asked_less_and_less(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = alone(room)
    pauses: list[float] = []

    async def away(_: Connection, __: Sequence[Arrived]) -> None:
        raise ConnectionResetError

    def noted(failures: int, longest: float) -> float:
        pauses.append(min(longest, 0.1 * 2 ** min(failures, 10)))
        return 0.0

    monkeypatch.setattr("services.kit.inbox.seconds_after", noted)
    reader.then = away
    records = Log().all(facts(1))
    for _ in range(8):
        await reader.inbox.handle(records)

    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]
