"""A real Postgres, asked in turns: the kit's own SQL, its locks and its transactions.

Each statement waits until the world lets it be. Where one waits for another's lock, the
world goes on with the others and comes back to it, so that a schedule is the same each
time. A connection that breaks is rolled back when Postgres finds it, and not before.
"""

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg

from services.kit.db import settings_of

from .loop import NOBODYS, Loop

if TYPE_CHECKING:
    from .world import World

    Physical = asyncpg.Connection[asyncpg.Record]

CONNECTIONS = 24
BLOCKED = """
SELECT pid FROM unnest($1::integer[]) AS asked (pid)
 WHERE cardinality(pg_blocking_pids(pid)) > 0
"""
# found before Postgres' own where the schema stands first on the path
CLOCK = """
CREATE FUNCTION clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT current_setting('simulated.now')::timestamptz $$
"""
SET_CLOCK = "SELECT set_config('simulated.now', $1, false)"
TABLES = """
SELECT quote_ident(tablename) AS name FROM pg_tables
 WHERE schemaname = current_schema() AND tablename <> 'schema_migrations'
 ORDER BY tablename
"""
T = TypeVar("T")
Rows = dict[str, list[asyncpg.Record]]


@dataclass(eq=False)
class Statement:
    """What a server process is doing; `answered` is called in the world's order."""

    pid: int
    task: "asyncio.Task[Any]"
    answered: Callable[["asyncio.Task[Any]"], None]
    blocked: bool = False


class Database:
    """The server's side of every connection in the world."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.spare: list[Physical] = []
        self.running: list[Statement] = []
        # what each server process takes for the time
        self.clocks: dict[int, str] = {}
        self.first: Rows = {}
        # broken by their clients, and Postgres has not found it yet
        self.orphans: list[Physical] = []
        self.side: set[asyncio.Task[Any]] = set()
        self.world: World

    async def open(self, url: str, schema: str) -> None:
        """Connect; the schema gets a clock that the world sets."""
        settings = settings_of(schema)
        settings["search_path"] = f"{schema}, pg_catalog"
        for _ in range(CONNECTIONS):
            conn = await asyncpg.connect(
                url,
                server_settings=settings,
                ssl=False,
                # no timer but the kit's own is to let time pass
                max_cached_statement_lifetime=0,
            )
            self.spare.append(conn)
        self.monitor = self.spare.pop()
        await self.monitor.execute(CLOCK)
        for conn in self.spare:
            await conn.execute("SET synchronous_commit = off")
        tables = [row["name"] for row in await self.monitor.fetch(TABLES)]
        self.first = await self.rows_of(tables)

    async def begin_anew(self) -> None:
        """Every table holds what it held at first, and the first number is 1 again."""
        await self.put_back(self.first)
        await self.monitor.execute(
            "SELECT setval(pg_get_serial_sequence('outbox', 'seq'), 1, false)"
        )

    async def rows_of(self, tables: Iterable[str]) -> Rows:
        """All that has been committed to these tables."""
        async with self.monitor.transaction(isolation="repeatable_read"):
            return {
                table: await self.monitor.fetch(f"SELECT * FROM {table}")
                for table in tables
            }

    async def put_back(self, rows: Rows) -> None:
        """These tables hold just this."""
        await self.monitor.execute("; ".join(f"DELETE FROM {name}" for name in rows))
        for table, found in rows.items():
            if found:
                columns = list(found[0].keys())
                records = [tuple(row) for row in found]
                await self.monitor.copy_records_to_table(
                    table, records=records, columns=columns
                )

    async def close(self) -> None:
        for conn in (*self.spare, self.monitor):
            await conn.close()

    # -- asked in turns --------------------------------------------------------------

    def begin(
        self,
        pid: int,
        work: Coroutine[Any, Any, Any],
        answered: Callable[["asyncio.Task[Any]"], None],
    ) -> None:
        task = self.loop.create_task(work, context=NOBODYS)
        task.add_done_callback(self.ended, context=NOBODYS)
        self.running.append(Statement(pid, task, answered))

    def ended(self, _: object) -> None:
        """It may have given locks up: whoever waits for one is looked at anew."""
        for statement in self.running:
            statement.blocked = False

    @property
    def awaits_answers(self) -> bool:
        waits = (not s.blocked and not s.task.done() for s in self.running)
        return bool(self.side) or any(waits)

    def hand_over(self) -> bool:
        """Give the answers, in the order of the questions."""
        answered = [s for s in self.running if s.task.done()]
        self.running = [s for s in self.running if not s.task.done()]
        for statement in answered:
            statement.answered(statement.task)
        return bool(answered)

    def look_for_locks(self) -> None:
        if not self.side:
            self.aside(self.find_blocked())

    async def find_blocked(self) -> None:
        waiting = {s.pid: s for s in self.running if not s.task.done()}
        rows = await self.monitor.fetch(BLOCKED, list(waiting))
        for row in rows:
            statement = waiting[row["pid"]]
            statement.blocked = not statement.task.done()

    async def set_clock(self, conn: "Physical") -> None:
        """The server sees the world's time."""
        pid, now = conn.get_server_pid(), self.world.clock()
        if self.clocks.get(pid) != now:
            await conn.execute(SET_CLOCK, now)
            self.clocks[pid] = now

    # -- asked beside the world ------------------------------------------------------

    def aside(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = self.loop.create_task(work, context=NOBODYS)
        self.side.add(task)
        task.add_done_callback(self.side.discard, context=NOBODYS)
        return task

    async def beside(self, work: Coroutine[Any, Any, T]) -> T:
        """Ask with the monitor's connection; the world stands still meanwhile."""
        return await self.aside(work)

    # -- connections -----------------------------------------------------------------

    def give_back(self, conn: "Physical", label: str) -> None:
        """Postgres finds, sooner or later, that nobody is there any more."""
        if not conn.is_in_transaction():
            self.spare.append(conn)
            return
        self.orphans.append(conn)
        self.world.happens_sometime(
            f"Postgres rolls back {label}", partial(self.roll_back, conn)
        )

    def roll_back(self, conn: "Physical") -> None:
        if conn not in self.orphans:
            return
        self.orphans.remove(conn)
        pid = conn.get_server_pid()
        self.clocks.pop(pid, None)
        self.begin(pid, conn.execute("ROLLBACK"), lambda _: self.spare.append(conn))

    async def settle(self) -> None:
        """Nobody asks anything any more: end what is left."""
        await self.quiet()
        assert len(self.spare) == CONNECTIONS - 1, "a connection was not given back"

    async def quiet(self) -> None:
        """Until Postgres has found all that is broken, and has answered everything."""
        while self.running or self.orphans:
            for conn in list(self.orphans):
                self.roll_back(conn)
            await asyncio.wait(
                [s.task for s in self.running], return_when=asyncio.FIRST_COMPLETED
            )
            self.hand_over()
