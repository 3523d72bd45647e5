"""A lease: one leader, and another when it has not renewed in time."""

from datetime import timedelta

import pytest

from services.kit.db import Pool
from services.kit.lease import Lease
from tests.stack import until

from .conftest import Room

SHORT = timedelta(seconds=0.3)


async def test_one_of_many_gets_it(room: Room) -> None:
    leases = [Lease(room.pool, "work") for _ in range(5)]

    won = [await each.take() for each in leases]

    assert won == [True, False, False, False, False]
    assert [each.held for each in leases] == won


async def test_who_has_it_gets_it_again_and_different_work_has_its_own(
    room: Room,
) -> None:
    first, other = Lease(room.pool, "work"), Lease(room.pool, "other work")

    assert await first.take()
    assert await first.take()
    assert await other.take()


async def test_another_gets_it_when_it_was_not_renewed(room: Room) -> None:
    first, second = Lease(room.pool, "work", SHORT), Lease(room.pool, "work")
    assert await first.take()
    at_once = await second.take()

    await until(second.take, what="the lease")

    assert not at_once
    assert not first.held
    assert not await first.keep()


async def test_another_gets_it_at_once_when_it_is_given_up(room: Room) -> None:
    first, second = Lease(room.pool, "work"), Lease(room.pool, "work")
    assert await first.take()

    await first.give_up()

    assert not first.held
    assert await second.take()


async def test_who_does_not_have_it_cannot_give_it_up(room: Room) -> None:
    first, second = Lease(room.pool, "work"), Lease(room.pool, "work")
    assert await first.take()
    second.until = 1.0

    await second.give_up()

    assert not await second.take()


async def test_it_is_surely_held_no_longer_than_postgres_has_it_held(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("services.kit.lease.monotonic", lambda: now[0])
    lease = Lease(room.pool, "work")
    fetchval = Pool.fetchval

    async def slowly(pool: Pool, query: str, *arguments: object) -> object:
        found = await fetchval(pool, query, *arguments)
        # the answer comes late: the time counts from the question on
        now[0] += 10
        return found

    monkeypatch.setattr(Pool, "fetchval", slowly)
    assert await lease.take()
    now[0] += 4.9
    before = lease.held
    now[0] += 0.2
    after = lease.held

    assert before
    assert not after


async def test_it_is_renewed_when_a_third_of_its_time_has_passed(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("services.kit.lease.monotonic", lambda: now[0])
    lease = Lease(room.pool, "work")
    assert await lease.take()
    await room.pool.execute("UPDATE lease SET until = 'epoch'")

    now[0] += 4.9
    assert await lease.keep()
    untouched = await room.pool.fetchval("SELECT until = 'epoch' FROM lease")
    now[0] += 0.2
    assert await lease.keep()
    renewed = await room.pool.fetchval("SELECT until > now() FROM lease")

    assert untouched
    assert renewed


async def test_who_is_refused_asks_once_in_a_while_and_not_at_each_look(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = Lease(room.pool, "work", SHORT), Lease(room.pool, "work")
    asked = 0
    take = second.take

    async def counted() -> bool:
        nonlocal asked
        asked += 1
        return await take()

    monkeypatch.setattr(second, "take", counted)
    assert await first.take()

    looks = [await second.keep() for _ in range(20)]
    await until(second.keep, what="the lease, once it is free")

    assert not any(looks)
    assert asked <= 3
