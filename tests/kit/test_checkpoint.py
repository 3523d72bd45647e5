"""Checkpoints: compared and set, so that whoever comes too late changes nothing."""

import asyncio
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from services.kit import checkpoint
from services.kit.checkpoint import EPOCH, Checkpoint, Fenced, Place
from services.kit.db import transaction
from tests.stack import until

from .conftest import Room

PLACES = [Place("topic", "id", n) for n in range(3)]
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def at(*offsets: int) -> dict[Place, Checkpoint]:
    return {
        place: Checkpoint(n, NOW) for place, n in zip(PLACES, offsets, strict=False)
    }


async def test_a_group_that_has_never_been_there_begins_at_0(room: Room) -> None:
    found = await checkpoint.find(room.pool, room.group, PLACES)

    assert found == dict.fromkeys(PLACES, Checkpoint(0, EPOCH))


async def test_a_topic_made_anew_under_its_name_begins_at_0(room: Room) -> None:
    was = await checkpoint.find(room.pool, room.group, PLACES)
    async with transaction(room.pool) as conn:
        await checkpoint.move(conn, room.group, was, at(5, 6, 7))
    anew = Place("topic", "another id", 0)

    found = await checkpoint.find(room.pool, room.group, [anew, *PLACES])

    assert found == {anew: Checkpoint(0, EPOCH), **at(5, 6, 7)}


async def test_who_has_read_an_older_checkpoint_is_fenced_and_changes_nothing(
    room: Room,
) -> None:
    was = await checkpoint.find(room.pool, room.group, PLACES)
    async with transaction(room.pool) as conn:
        await checkpoint.move(conn, room.group, was, at(5))

    with pytest.raises(Fenced):
        async with transaction(room.pool) as conn:
            await checkpoint.move(conn, room.group, was, at(9, 9, 9))

    found = await checkpoint.find(room.pool, room.group, PLACES)
    assert [found[place].next for place in PLACES] == [5, 0, 0]


async def test_groups_do_not_know_of_each_other(room: Room) -> None:
    other = f"other-{uuid4().hex}"
    was = await checkpoint.find(room.pool, room.group, PLACES)
    async with transaction(room.pool) as conn:
        await checkpoint.move(conn, room.group, was, at(5, 5, 5))

    found = await checkpoint.find(room.pool, other, PLACES)

    assert {each.next for each in found.values()} == {0}


async def test_members_that_lock_in_other_orders_wait_for_each_other_without_deadlock(
    room: Room,
) -> None:
    await checkpoint.find(room.pool, room.group, PLACES)
    moved = 0

    async def moves(places: list[Place]) -> None:
        nonlocal moved
        async with transaction(room.pool) as conn:
            was = await checkpoint.lock(conn, room.group, places)
            await asyncio.sleep(0.002)
            now = {p: Checkpoint(c.next + 1, NOW) for p, c in was.items()}
            await checkpoint.move(conn, room.group, was, now)
            moved += 1

    orders = [PLACES, PLACES[::-1], PLACES[1:] + PLACES[:1]]
    await asyncio.gather(*(moves(orders[n % 3]) for n in range(9)))

    found = await checkpoint.find(room.pool, room.group, PLACES)
    assert moved == 9
    assert {each.next for each in found.values()} == {9}


async def test_whoever_locks_second_sees_what_the_first_has_done(room: Room) -> None:
    await checkpoint.find(room.pool, room.group, PLACES)

    async def second() -> dict[Place, Checkpoint]:
        async with transaction(room.pool) as conn:
            return await checkpoint.lock(conn, room.group, PLACES)

    async with transaction(room.pool) as conn:
        was = await checkpoint.lock(conn, room.group, PLACES)
        later = asyncio.create_task(second())
        await until(lambda: is_blocked(room), what="the second to wait")
        await checkpoint.move(conn, room.group, was, at(4, 4, 4))

    assert (await later) == at(4, 4, 4)


async def is_blocked(room: Room) -> bool:
    async with room.connection() as conn:
        found: int = await conn.fetchval(
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    return found > 0
