"""What lists look in, kept in the background."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from services.registry import indexing

from .conftest import Desk
from .test_api import shared_with

BELIEVED = "SELECT reltuples FROM pg_class WHERE oid = 'registry.findable'::regclass"
LEFT = "SELECT count(*) FROM unfindable"


async def keep_until(desk: Desk, reached: float) -> None:
    """Let the background work run until Postgres believes in so many rows."""
    working = asyncio.create_task(indexing.keep_findable(desk.pool))
    try:
        async with asyncio.timeout(20):
            while await desk.pool.fetchval(BELIEVED) != reached:
                await asyncio.sleep(0.02)
    finally:
        working.cancel()
        with suppress(asyncio.CancelledError):
            await working


async def test_after_much_that_is_new_postgres_learns_how_much_there_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan that was made for an empty table takes half a second for a page."""
    monkeypatch.setattr(indexing, "MANY", 3)
    monkeypatch.setattr(indexing, "AT_REST", timedelta(milliseconds=10))
    await desk.pool.execute("ANALYZE findable")
    for local in "abc":
        await desk.tell(*shared_with("municipal", local=local).told)

    await keep_until(desk, 3)

    assert await desk.pool.fetchval(LEFT) == 0
