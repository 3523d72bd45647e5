"""Connections and pools as the kit takes them: real ones, asked in turns."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import asyncpg

from .process import Event, Process

if TYPE_CHECKING:
    from .database import Physical

WORDS = 6
# what tells a listener that there is something to do
TELLING = {
    "WITH placed AS": "outbox",
    "COPY fact": "fact",
    "INSERT INTO parked": "fact",
    "INSERT INTO set_aside": "fact",
}
BEGINS = {
    (None, False): "BEGIN",
    ("repeatable_read", True): "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
}


class Asked:
    """One statement of a process, until it is answered."""

    def __init__(
        self, line: "Line", label: str, work: Callable[[], Awaitable[Any]]
    ) -> None:
        self.line = line
        self.world = line.process.world
        self.label = f"{line.process.name} {label}"
        self.work = work
        self.answer = self.world.loop.create_future()
        self.event = Event(self.label, self.begin, line.process, self)
        self.world.events.append(self.event)

    def begin(self, *, heard: bool = True) -> None:
        conn = self.line.conn
        assert conn is not None
        pid = conn.get_server_pid()
        self.line.busy = True
        self.world.database.begin(
            pid, self.done(), self.answered if heard else self.unheard
        )

    async def done(self) -> Any:
        return await self.work()

    def answered(self, task: "asyncio.Task[Any]") -> None:
        self.line.busy = False
        self.tell(task)
        error = task.exception()
        if self.line.closed:
            self.line.let_go()
        elif self.answer.done():
            # who asked has given up meanwhile
            self.line.breaks()
        elif error is not None:
            self.answer.set_exception(error)
        else:
            self.answer.set_result(task.result())

    def unheard(self, task: "asyncio.Task[Any]") -> None:
        self.line.busy = False
        self.tell(task)
        self.line.let_go()

    def tell(self, task: "asyncio.Task[Any]") -> None:
        """What was committed may wake who listens."""
        if task.exception() is None:
            self.line.tells |= {
                what for words, what in TELLING.items() if words in self.label
            }
        if self.line.conn is not None and not self.line.conn.is_in_transaction():
            if not self.label.endswith("ROLLBACK"):
                self.world.tell(self.line.tells)
            self.line.tells = set()

    def lose(self, *, done: bool, heard: bool) -> None:
        """Its connection breaks."""
        self.line.closed = True
        if heard and not self.answer.done():
            self.answer.set_exception(
                asyncpg.ConnectionDoesNotExistError("connection was closed")
            )
        if done:
            self.begin(heard=False)
        else:
            self.line.let_go()


class Line:
    """What a process takes for its connection."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.closed = False
        self.busy = False
        self.tells: set[str] = set()
        self.conn: Physical | None = process.world.database.spare.pop()
        process.at_death.append(self.breaks)

    # -- as asyncpg has it -----------------------------------------------------------

    def is_closed(self) -> bool:
        return self.closed

    async def fetch(self, query: str, *args: Any) -> Any:
        return await self.ask(query, "fetch", *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self.ask(query, "fetchrow", *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self.ask(query, "fetchval", *args)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self.ask(query, "execute", *args)

    async def executemany(self, query: str, args: Any) -> Any:
        return await self.ask(query, "executemany", list(args))

    async def copy_records_to_table(self, table: str, **how: Any) -> Any:
        records = list(how.pop("records"))

        async def work() -> Any:
            return await self.physical.copy_records_to_table(
                table, records=records, **how
            )

        return await self.asked(f"COPY {table}", work)

    @asynccontextmanager
    async def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AsyncIterator[None]:
        await self.execute(BEGINS[isolation, readonly])
        try:
            yield
        except BaseException:
            await self.execute("ROLLBACK")
            raise
        await self.execute("COMMIT")

    # -- in turns --------------------------------------------------------------------

    @property
    def physical(self) -> "Physical":
        assert self.conn is not None
        return self.conn

    async def ask(self, query: str, method: str, *args: Any) -> Any:
        async def work() -> Any:
            database = self.process.world.database
            if "clock_timestamp" in query:
                await database.set_clock(self.physical)
            if query.startswith("ROLLBACK"):
                database.clocks.pop(self.physical.get_server_pid(), None)
            return await getattr(self.physical, method)(query, *args)

        return await self.asked(" ".join(query.split()[:WORDS]), work)

    async def asked(self, label: str, work: Callable[[], Awaitable[Any]]) -> Any:
        self.process.alive()
        if self.closed or self.busy:
            raise asyncpg.InterfaceError("connection is closed, or busy")
        asked = Asked(self, label, work)
        try:
            return await asked.answer
        finally:
            self.process.world.forget(asked.event)

    def breaks(self) -> None:
        """From the client's side: Postgres rolls back when it finds it."""
        if not self.closed:
            self.closed = True
            if not self.busy:
                self.let_go()

    def let_go(self) -> None:
        if self.conn is not None:
            conn, self.conn = self.conn, None
            self.process.world.database.give_back(conn, self.process.name)

    def release(self) -> None:
        """Back to the pool; a transaction that is still open goes with it."""
        self.process.at_death.remove(self.breaks)
        self.breaks()


class Pool:
    """A process' connections; there is always another."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @asynccontextmanager
    async def acquire(self) -> AsyncIterator[Line]:
        self.process.alive()
        line = Line(self.process)
        try:
            yield line
        finally:
            line.release()

    async def fetch(self, query: str, *args: Any) -> Any:
        async with self.acquire() as line:
            return await line.fetch(query, *args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        async with self.acquire() as line:
            return await line.fetchval(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> Any:
        async with self.acquire() as line:
            return await line.fetchrow(query, *args)

    async def execute(self, query: str, *args: Any) -> Any:
        async with self.acquire() as line:
            return await line.execute(query, *args)

    async def executemany(self, query: str, args: Any) -> Any:
        async with self.acquire() as line:
            return await line.executemany(query, args)
