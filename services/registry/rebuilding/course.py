"""The course of a rebuild: made anew beside the live views, compared, put in place.

Until the last transaction the live tables are only read. Nothing is said: a rebuild
writes no outbox row.
"""

import gc
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import asyncpg

from services.kit.db import Connection, connect
from services.registry.telling import Telling

from . import beside as tables
from . import comparing, stretches, swapping
from .beside import Beside
from .catching_up import catch_up
from .comparing import Difference
from .hashing import StateHash, state_hash
from .workforce import beside_us

SCHEMA = "registry"
ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtextextended($1, 0))"
LOCK_NAME = f"tidlig rebuild of {SCHEMA}"
WHO = """
SELECT a.pid, a.backend_start
  FROM pg_locks AS l JOIN pg_stat_activity AS a USING (pid)
 WHERE l.locktype = 'advisory' AND l.granted
   AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
   AND (l.classid::bigint << 32) | l.objid::bigint
       = hashtextextended($1, 0)
"""
# what these queries do is not worth compiling, and sorts in memory
SETTINGS = "SET jit = off; SET work_mem = '32MB'"
# so few are folded while the service waits
FEW = 100
MOST_ROUNDS = 20


class Busy(Exception):
    """Another rebuild is running; it is left alone."""

    def __init__(self, row: asyncpg.Record | None) -> None:
        who = (
            ""
            if row is None
            else f" (Postgres connection {row['pid']}, since "
            f"{row['backend_start']:%Y-%m-%d %H:%M:%S %Z})"
        )
        super().__init__(f"another rebuild is running{who}: wait for it, or end it")


class HeldUp(Exception):
    """Something holds on to a checkpoint, so that the views cannot be put in place."""

    def __init__(self) -> None:
        super().__init__(
            "a transaction holds on to the checkpoints: look for it in "
            "pg_stat_activity, end it, and rebuild again; the views are as they were"
        )


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What came of it. `swapped` where the live views were put right."""

    live: StateHash
    anew: StateHash
    differences: Sequence[Difference]
    swapped: bool
    seconds: float
    # of them the time in which the service had to wait
    waited: float

    @property
    def same(self) -> bool:
        return self.live == self.anew and not self.differences


async def rebuild(
    url: str, group: str, telling: Telling, *, processes: int, only_compare: bool
) -> Rebuilt:
    """Make every view anew and, unless `only_compare`, put it in place of the live one.

    Raises `Busy`, `HeldUp`, `Unfoldable`, and what Postgres raises: then
    the live views are as they were.
    """
    began = monotonic()
    async with alone(url) as conn:
        telling.step("clears what an earlier rebuild has left")
        await tables.drop_all(conn)
        beside = Beside()
        try:
            await fold_all(url, conn, beside, telling, processes)
            return await finish(conn, beside, group, telling, began, only_compare)
        finally:
            if not conn.is_closed():
                await tables.drop_all(conn)


@asynccontextmanager
async def alone(url: str) -> AsyncIterator[Connection]:
    """A connection that no other rebuild has: with it ends the claim. Raises `Busy`."""
    conn = await connect(url, SCHEMA)
    try:
        if not await conn.fetchval(ONE_AT_A_TIME, LOCK_NAME):
            raise Busy(await conn.fetchrow(WHO, LOCK_NAME))
        await conn.execute(SETTINGS)
        yield conn
    finally:
        await conn.close()


async def fold_all(
    url: str, conn: Connection, beside: Beside, telling: Telling, processes: int
) -> None:
    """Fold the archive as it is, in several processes, one of which is ours."""
    # many objects that live long; look for cycles less often
    gc.set_threshold(100_000, 10, 10)
    await tables.make(conn, beside)
    telling.step("looks through the archive")
    total = await stretches.cut(conn, beside)
    telling.step("folds the archive", total)
    async with beside_us(url, beside, processes - 1) as workforce:
        await fold_what_is_left(conn, beside, telling, total)
        if await stretches.left(conn, beside):
            await workforce.finish()
    # what a process had taken that came to no end
    await fold_what_is_left(conn, beside, telling, total)
    telling.step("makes the views findable by their keys")
    await tables.add_keys(conn, beside)


async def fold_what_is_left(
    conn: Connection, beside: Beside, telling: Telling, total: int
) -> None:
    while await stretches.fold_one(conn, beside):
        telling.done(total - await stretches.left(conn, beside))


async def finish(
    conn: Connection,
    beside: Beside,
    group: str,
    telling: Telling,
    began: float,
    only_compare: bool,
) -> Rebuilt:
    """Catch up with what is taken in meanwhile, compare, and put in place."""
    telling.step("catches up with what came meanwhile")
    await until_few(conn, beside)
    if only_compare:
        async with conn.transaction(isolation="repeatable_read"):
            telling.step("compares")
            found = await compared(conn, beside, group)
        return Rebuilt(*found, False, monotonic() - began, 0.0)
    for _ in range(MOST_ROUNDS):
        telling.step("waits for the batch that is being taken in")
        try:
            return await put_in_place(conn, beside, group, telling, began)
        except asyncpg.exceptions.LockNotAvailableError:
            await until_few(conn, beside)
    raise HeldUp


async def until_few(conn: Connection, beside: Beside) -> None:
    for _ in range(MOST_ROUNDS):
        if await catch_up(conn, beside) <= FEW:
            return


async def put_in_place(
    conn: Connection, beside: Beside, group: str, telling: Telling, began: float
) -> Rebuilt:
    """Nothing is taken in meanwhile: the last facts, and the views as they then are."""
    async with conn.transaction():
        await swapping.lock(conn)
        waits = monotonic()
        telling.step("compares, while nothing is taken in")
        live, anew, differences = await compared(conn, beside, group)
        if differences:
            telling.step("puts the views in place")
            await swapping.swap(conn, beside)
        telling.step("lets facts in again")
    now = monotonic()
    put = bool(differences)
    return Rebuilt(live, anew, differences, put, now - began, now - waits)


async def compared(
    conn: Connection, beside: Beside, group: str
) -> tuple[StateHash, StateHash, list[Difference]]:
    """Both hashes at equal checkpoints and an equal parked set, and what differs."""
    await catch_up(conn, beside)
    live = await state_hash(conn, group)
    anew = await state_hash(conn, group, beside["initiative"], beside["concerns"])
    return live, anew, await comparing.differences(conn, beside, group)
