"""What lists look in, kept in the background."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import pytest

from services.registry import indexing
from tests.stack import until

from .conftest import Desk
from .test_api import shared_with

BELIEVED = "SELECT reltuples FROM pg_class WHERE oid = 'registry.findable'::regclass"
LEFT = "SELECT count(*) FROM unfindable"


@asynccontextmanager
async def kept_findable(desk: Desk, *, catching_up: bool) -> AsyncIterator[None]:
    work = indexing.keep_findable(desk.pool, lambda: catching_up)
    working = asyncio.create_task(work)
    try:
        yield
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

    async def believed() -> bool:
        return bool(await desk.pool.fetchval(BELIEVED) == 3)

    async with kept_findable(desk, catching_up=False):
        await until(believed, what="statistics of three rows")

    assert await desk.pool.fetchval(LEFT) == 0


@pytest.mark.parametrize(("catching_up", "left"), [(True, 1), (False, 0)])
async def test_while_the_registry_catches_up_little_is_made_findable(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, *, catching_up: bool, left: int
) -> None:
    """Most of it would change again, and what has just come must not wait for it."""
    monkeypatch.setattr(indexing, "AT_ONCE", 2)
    for local in "abc":
        await desk.tell(*shared_with("municipal", local=local).told)

    async def taken() -> bool:
        return bool(await desk.pool.fetchval(LEFT) == left)

    async with kept_findable(desk, catching_up=catching_up):
        await until(taken, what=f"{left} left")
        # another round would have come by then, were it to come at once
        await asyncio.sleep(0.3)

    assert await desk.pool.fetchval(LEFT) == left
