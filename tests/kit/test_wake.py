"""Being woken by Postgres."""

import asyncio
from datetime import timedelta

import pytest

from services.kit import wake

from .conftest import Room

LONG, SHORT = timedelta(seconds=10), timedelta(seconds=0.05)


async def test_it_is_woken_by_a_notification_on_its_channel_alone(room: Room) -> None:
    async with wake.listening(room.url, "kit", "mine") as woken:
        await room.pool.execute("NOTIFY others")
        by_others = await woken.wait(SHORT)
        await room.pool.execute("NOTIFY mine")
        by_mine = await woken.wait(LONG)
        again = await woken.wait(SHORT)

    assert (by_others, by_mine, again) == (False, True, False)


async def test_a_notification_before_the_wait_is_not_lost(room: Room) -> None:
    async with wake.listening(room.url, "kit", "mine") as woken:
        await room.pool.execute("NOTIFY mine")
        async with room.connection() as conn:
            await conn.fetchval("SELECT pg_sleep(0.1)")

        assert woken.called.is_set()
        assert await woken.wait(SHORT)


async def test_many_notifications_wake_it_once(room: Room) -> None:
    async with wake.listening(room.url, "kit", "mine") as woken:
        for _ in range(20):
            await room.pool.execute("NOTIFY mine")
        await asyncio.sleep(0.1)

        assert await woken.wait(LONG)
        assert not await woken.wait(SHORT)


async def test_a_ring_wakes_this_process_and_is_passed_on_once_to_the_others(
    room: Room,
) -> None:
    async with (
        wake.listening(room.url, "kit", "mine") as here,
        wake.listening(room.url, "kit", "mine") as there,
    ):
        here.ring()
        here.ring()
        assert await here.wait(SHORT)
        assert not await there.wait(SHORT)

        await here.pass_on()
        assert await there.wait(LONG)
        await here.pass_on()
        assert not await there.wait(SHORT)
        assert not await here.wait(SHORT)


async def test_a_connection_that_is_lost_is_not_taken_for_silence(room: Room) -> None:
    async with wake.listening(room.url, "kit", "mine") as woken:
        await room.terminate_others()

        with pytest.raises(ConnectionResetError):
            await woken.wait(LONG)


async def test_it_leaves_no_connection_behind(room: Room) -> None:
    async def loses_it() -> None:
        async with wake.listening(room.url, "kit", "mine") as woken:
            await room.terminate_others()
            await woken.wait(LONG)

    async with wake.listening(room.url, "kit", "mine"):
        pass
    with pytest.raises(ConnectionResetError):
        await loses_it()

    async with room.connection() as conn:
        left = await conn.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE query ILIKE 'LISTEN%'"
        )
    assert left == 0
