"""Postgres away, members that come and go, a consumer that dies: nothing is lost."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from services.kit import health, work
from services.kit.batch import Arrived
from services.kit.db import Connection
from tests.schemas.said import NARVIK
from tests.stack import until

from .conftest import Room
from .facts import facts
from .kafka import Written
from .member import Member, member

Coordinates = tuple[str, int, int]


async def has_all_once(reader: Member, places: Sequence[Coordinates]) -> None:
    """Wait until all is applied; it is an error if anything was applied twice."""
    await reader.reached(*places)
    found = [
        (row["topic"], row["partition"], row["position"])
        for row in await reader.effects()
    ]
    assert sorted(found) == sorted(places)


async def test_connections_that_break_in_the_middle_lose_and_double_nothing(
    room: Room,
) -> None:
    reader = await member(room)
    breaks = [1, 1, 1]

    async def then(_: Connection, __: Sequence[Arrived]) -> None:
        if breaks:
            breaks.pop()
            await room.terminate_others()

    reader.then = then
    async with reader.consuming():
        places = await room.writer.write(*facts(12))
        await has_all_once(reader, places)

    assert breaks == []
    assert await reader.stopped() == []


async def test_connections_that_break_at_any_moment_lose_and_double_nothing(
    room: Room,
) -> None:
    reader = await member(room)
    places: list[Coordinates] = []
    async with reader.consuming():
        for _ in range(8):
            places += await room.writer.write(*facts(4))
            await room.terminate_others()

        await room.pool.expire_connections()
        await until(lambda: answers(room), what="Postgres")
        await has_all_once(reader, places)


async def answers(room: Room) -> bool:
    try:
        return bool(await room.pool.fetchval("SELECT true"))
    except OSError:
        return False


async def test_a_table_that_is_not_there_yet_is_waited_for_and_ready_says_so(
    room: Room,
) -> None:
    reader = await member(room)
    async with reader.consuming(), room.connection() as conn:
        await conn.execute("ALTER TABLE checkpoint RENAME TO away")
        places = await room.writer.write(*facts(5))

        try:
            await says(reader, "cannot apply what it reads: UndefinedTableError")
        finally:
            await conn.execute("ALTER TABLE away RENAME TO checkpoint")
        await has_all_once(reader, places)
        await until(lambda: is_ready(reader), what="readiness")


async def says(reader: Member, what: str) -> None:
    """Wait until `/ready` says so."""

    async def said() -> bool:
        return what in (await health.consumer(reader.inbox)() or "")

    await until(said, what=what)


async def is_ready(reader: Member) -> bool:
    return await health.consumer(reader.inbox)() is None


@asynccontextmanager
async def traffic(room: Room) -> AsyncIterator[list[Coordinates]]:
    """Facts that keep coming while the block runs; where they stand."""
    places: list[Coordinates] = []
    ended = asyncio.Event()

    async def write() -> None:
        while not ended.is_set():
            some: list[Written] = facts(3) + facts(2, speaker=NARVIK)
            places.extend(await room.writer.write(*some))

    async with asyncio.TaskGroup() as group:
        group.create_task(write())
        try:
            yield places
        finally:
            ended.set()


async def test_when_a_second_member_comes_and_goes_both_work_and_nothing_is_doubled(
    room: Room,
) -> None:
    first = await member(room)
    second = Member(room)
    worked: set[str] = set()

    async def by_first(_: Connection, __: Sequence[Arrived]) -> None:
        if second.inbox.consumer:
            worked.add("first")

    async def by_second(_: Connection, __: Sequence[Arrived]) -> None:
        worked.add("second")

    async def both() -> bool:
        return len(worked) == 2

    first.then, second.then = by_first, by_second
    async with first.consuming():
        async with traffic(room) as places:
            async with second.consuming():
                await until(both, what="both members at work")
                half = len(second.inbox.consumer.assignment())
            await first.has(len(places) + 20)
        await has_all_once(first, places)

    assert half == 12


async def test_a_consumer_that_has_died_says_so_and_is_begun_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LOOK_EVERY", timedelta(seconds=0.3))
    reader = await member(room)
    async with reader.consuming():
        died = reader.inbox.consumer
        died._coordinator._coordination_task.cancel()

        await says(reader, "reads no more")
        places = await room.writer.write(*facts(5))
        await has_all_once(reader, places)

    assert reader.inbox.consumer is not died


async def test_a_consumer_whose_fetcher_has_ended_is_begun_again_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before it would be said that Kafka has been silent."""
    monkeypatch.setattr(work, "LOOK_EVERY", timedelta(seconds=0.3))
    reader = await member(room)
    async with reader.consuming():
        died = reader.inbox.consumer
        fetching = died._fetcher._fetch_task
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        places = await room.writer.write(*facts(5))
        await has_all_once(reader, places)

    assert reader.inbox.consumer is not died


async def test_a_consumer_that_kafka_answers_no_more_is_begun_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(work, "LOOK_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(work, "LONGEST_SILENCE", timedelta(seconds=1.5))
    reader = await member(room)
    async with reader.consuming():
        stuck = reader.inbox.consumer
        fetching = stuck._fetcher._fetch_task
        # as reported of aiokafka after a rebalance: all its tasks run, none fetches
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        places = await room.writer.write(*facts(5))
        await has_all_once(reader, places)

    assert reader.inbox.consumer is not stuck
