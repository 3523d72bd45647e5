"""A Kafka that has lost the end of its log and grown anew: nothing is passed over."""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from aiokafka import TopicPartition
from confluent_kafka import TopicPartition as Offset
from confluent_kafka.admin import AdminClient

from deploy.local import ports, topics
from deploy.local.folder import make
from deploy.local.kafka import Broker
from deploy.local.part import started
from schemas.topics import STATE
from services.kit import health, stretch
from tests.stack import until

from .conftest import Room
from .facts import facts
from .kafka import Writer, Written
from .member import Member

LOST, KEPT = 4, 5


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    made = Broker(make(tmp_path / "kafka"), *ports.any_free(2))
    made.prepare()
    return made


@asynccontextmanager
async def up(broker: Broker) -> AsyncIterator[Writer]:
    """The broker while the block runs."""
    with started(broker):
        writer = Writer(broker.address)
        try:
            yield writer
        finally:
            await writer.close()


def some(number: int, partition: int) -> list[Written]:
    return facts(number, partition=partition)


def member_of(room: Room, broker: Broker) -> Member:
    return Member(
        replace(room, bootstrap=broker.address, group=f"kit-{uuid4().hex[:8]}")
    )


async def held(reader: Member) -> str:
    """Wait until its partition is held; what it says of it."""
    (stop,) = await until(reader.stopped, seconds=60, what="the partition to be held")
    assert (stop["topic"], stop["partition"]) == (STATE.name, LOST)
    assert "LostEnd" in (await health.consumer(reader.inbox)() or "")
    return f"{stop['error_class']}: {stop['place']}"


async def test_what_is_written_anew_at_offsets_that_were_applied_is_not_passed_over(
    room: Room, broker: Broker, tmp_path: Path
) -> None:
    """By one that reads through all of it, and by one that was away meanwhile."""
    data, before = broker.room / "data", tmp_path / "before"
    async with up(broker) as writer:
        topics.provision(broker.address)
        here = member_of(room, broker)
        away = member_of(room, broker)
        await writer.write(*some(2, LOST), *some(2, KEPT))
    shutil.copytree(data, before)
    running = here.consuming(found=False)
    async with up(broker) as writer:
        await running.__aenter__()
        await here.has(4)
        lost = await writer.write(*some(3, LOST))
        await here.reached(*lost)
        async with away.consuming():
            await away.reached(*lost)
    applied = await here.checkpoints()
    shutil.rmtree(data)
    before.rename(data)
    async with up(broker) as writer:
        anew = await writer.write(*some(6, LOST))
        kept = await writer.write(*some(1, KEPT))
        try:
            await here.reached(*kept)
            seen = await held(here)
        finally:
            await running.__aexit__(None, None, None)
        async with away.consuming():
            await away.reached(*kept)
            said = await held(away)

    assert anew[-1][2] >= applied[STATE.name, LOST]
    assert said == f"LostEnd: another record lies at {lost[-1][2]}"
    assert seen.startswith("LostEnd: ")
    for reader in (here, away):
        assert (await reader.checkpoints())[STATE.name, LOST] == lost[-1][2] + 1
        assert len(await reader.effects()) == 8


async def test_who_takes_over_looks_before_a_next_record_has_to_wait_for_it(
    room: Room,
) -> None:
    (first,) = await room.writer.write(*some(1, LOST))
    at = TopicPartition(*first[:2])
    before, after = Member(room), Member(room)
    async with before.consuming():
        await before.reached(first)

    async def proven() -> bool:
        return after.inbox.proven_on.get(at) is not None

    async with after.consuming():
        await until(proven, what="the log to be found the one that is known")
        assert at not in after.inbox.astray
        await after.reached(*await room.writer.write(*some(1, LOST)))


async def test_a_last_record_that_is_kept_no_more_is_not_known_and_holds_up_nothing(
    room: Room,
) -> None:
    """Asked of offsets before the log begins there is nothing to compare with."""
    (first,) = await room.writer.write(*some(1, LOST))
    at = TopicPartition(*first[:2])
    found = await stretch.records_at(room.bootstrap, "test", {at: first[2]})
    delete_before(room.bootstrap, at, first[2] + 1)

    assert found[at].offset == first[2]
    assert await stretch.records_at(room.bootstrap, "test", {at: first[2]}) == {}


def delete_before(bootstrap: str, at: TopicPartition, offset: int) -> None:
    """As retention does."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    wanted = Offset(at.topic, at.partition, offset)
    for done in admin.delete_records([wanted]).values():
        done.result(10)
