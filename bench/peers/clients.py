"""Clients in Python that do the registry's work: the hand-tuned one, the textbook's."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg

from bench.dataset import Line
from bench.oracle import expected
from bench.progress import per_second
from bench.project import APPLIED, PATIENCE, Where, difference, fresh_database
from bench.standing import archived_in
from services.kit.migrations import migrate
from services.registry.__main__ import REGISTRY

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

DATABASE = "bench_client"
# one message at a time is slow: so many facts show how slow
TEXTBOOK_FACTS = 4_000
ARCHIVED = "SELECT count(*) FROM archive"


async def loader(where: Where, how: str, records: int, right: tuple[str, str]) -> float:
    """Records a second; 0 where what stands is not what the oracle says."""
    async with client(where, "bench.peers.loader", how) as conn:
        found = await per_second(counted(conn, APPLIED), records, PATIENCE)
        fault = await difference(conn, right)
    return judged(f"loader by {how}", fault, found)


async def textbook(
    where: Where, lines: Sequence[Line], number: int, facts: int = TEXTBOOK_FACTS
) -> float:
    """Facts a second of the first ones; 0 where they leave another state."""
    found = 0.0

    async def until_done(conn: "Connection") -> None:
        nonlocal found
        found = await per_second(counted(conn, ARCHIVED), facts, PATIENCE)

    group = f"textbook-{number}"
    async with client(where, "bench.peers.textbook", group, until_done) as conn:
        archived = set(await archived_in(conn))
        right = expected([line for line in lines if line.value in archived])
        fault = await difference(conn, right)
    return judged("textbook", fault, found)


def judged(name: str, fault: str, found: float) -> float:
    if fault:
        print(f"{name}: a run counts as 0: {fault}", flush=True)
    return 0.0 if fault else found


def counted(conn: "Connection", query: str) -> Callable[[], Awaitable[int]]:
    async def count() -> int:
        return int(await conn.fetchval(query) or 0)

    return count


async def nothing(_: "Connection") -> None:
    """It runs on while it is looked at."""


@asynccontextmanager
async def client(
    where: Where,
    module: str,
    argument: str,
    before_it_ends: "Callable[[Connection], Awaitable[None]] | None" = None,
) -> "AsyncIterator[Connection]":
    """Have it run on an empty database; a look into that. With something to wait for,
    it has ended in good order when it is looked at.
    """
    url = await fresh_database(where.admin_url, "registry", DATABASE)
    await migrate(url, "registry", REGISTRY.migrations)
    conn = await asyncpg.connect(url, server_settings={"search_path": "registry"})
    # our own module
    running = subprocess.Popen(  # noqa: ASYNC220, S603
        [sys.executable, "-m", module, where.bootstrap, argument],
        env={**os.environ, "DATABASE_URL": url},
        stderr=subprocess.DEVNULL,
    )
    try:
        if before_it_ends is not None:
            await before_it_ends(conn)
            await ended(running)
        yield conn
    finally:
        await ended(running)
        await conn.close()


async def ended(running: "subprocess.Popen[bytes]") -> None:
    running.terminate()
    await asyncio.to_thread(running.wait, 30)
