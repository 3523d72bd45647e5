"""Which errors pass by themselves, and which are ours."""

import asyncio
from datetime import timedelta

import asyncpg
import pytest

from services.kit.db import TRANSIENT, Pool, is_lost, pool_of, snapshot, transaction

from .conftest import Room


async def pid_of(pool: Pool) -> int:
    found: int = await pool.fetchval("SELECT pg_backend_pid()")
    return found


async def test_a_connection_that_breaks_between_two_statements_passes_by_itself(
    room: Room,
) -> None:
    async def work() -> None:
        async with transaction(room.pool) as conn:
            await room.terminate_others()
            await conn.fetchval("SELECT 1")

    with pytest.raises(TRANSIENT):
        await work()


async def test_a_connection_that_breaks_before_the_commit_passes_by_itself(
    room: Room,
) -> None:
    async def work() -> None:
        async with transaction(room.pool) as conn:
            await conn.execute("SELECT 1")
            await room.terminate_others()

    with pytest.raises(TRANSIENT):
        await work()


async def test_a_connection_that_breaks_while_it_is_asked_passes_by_itself(
    room: Room,
) -> None:
    async def later() -> None:
        await asyncio.sleep(0.1)
        await room.terminate_others()

    async with asyncio.TaskGroup() as group:
        group.create_task(later())
        with pytest.raises(TRANSIENT):
            async with snapshot(room.pool) as conn:
                await conn.fetchval("SELECT pg_sleep(10)")


async def test_a_postgres_that_is_not_there_passes_by_itself() -> None:
    async with pool_of("postgresql://127.0.0.1:9/nothing", "kit") as pool:
        with pytest.raises(TRANSIENT):
            async with transaction(pool):
                pass


@pytest.mark.parametrize("query", ["SELECT 1 / 0", "SELECT $1::int", "SELEKT"])
async def test_a_wrong_statement_does_not_pass_by_itself(
    room: Room, query: str
) -> None:
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError)) as caught:
        async with transaction(room.pool) as conn:
            await conn.fetchval(query)

    assert not isinstance(caught.value, TRANSIENT)


async def test_a_misuse_of_a_connection_does_not_pass_by_itself(room: Room) -> None:
    with pytest.raises(asyncpg.InterfaceError) as caught:
        async with transaction(room.pool) as conn:
            await asyncio.gather(conn.fetchval("SELECT 1"), conn.fetchval("SELECT 2"))

    assert not isinstance(caught.value, TRANSIENT)


async def test_a_snapshot_changes_nothing_and_sees_one_moment(room: Room) -> None:
    async with snapshot(room.pool) as conn:
        before = await conn.fetchval("SELECT count(*) FROM lease")
        await room.pool.execute(
            "INSERT INTO lease VALUES ('w', gen_random_uuid(), now())"
        )
        after = await conn.fetchval("SELECT count(*) FROM lease")
        with pytest.raises(asyncpg.exceptions.ReadOnlySQLTransactionError):
            await conn.execute("DELETE FROM lease")

    assert (before, after) == (0, 0)


async def test_what_is_open_is_undone_when_a_connection_goes_back_to_the_pool(
    room: Room,
) -> None:
    async with pool_of(room.url, "kit", size=1) as pool:
        task = asyncio.create_task(holds_a_transaction(pool))
        await asyncio.sleep(0.1)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

        assert not await pool.fetchval("SELECT EXISTS (SELECT FROM lease)")


async def holds_a_transaction(pool: Pool) -> None:
    async with transaction(pool) as conn:
        await conn.execute("INSERT INTO lease VALUES ('w', gen_random_uuid(), now())")
        await asyncio.sleep(60)


async def test_the_pool_ends_though_a_connection_is_never_given_back(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.db.CLOSE_LIMIT", timedelta(seconds=0.2))

    async with asyncio.timeout(5), pool_of(room.url, "kit", size=1) as pool:
        kept = await pool.acquire()

    assert is_lost(kept)
