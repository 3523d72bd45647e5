"""Postgres: the pool, and which errors pass by themselves."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import TYPE_CHECKING

import asyncpg

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Pool = asyncpg.Pool[asyncpg.Record]
    Connection = (
        asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]
    )
else:
    Pool = asyncpg.Pool
    Connection = asyncpg.Connection

CLOSE_LIMIT = timedelta(seconds=5)
# gone by itself when Postgres is back, or when the other transaction has ended; not
# asyncpg's InterfaceError, which is also said of code that is wrong
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.LockNotAvailableError,
    # a server that has just been demoted
    asyncpg.exceptions.ReadOnlySQLTransactionError,
    # the migration has not been run yet
    asyncpg.exceptions.UndefinedTableError,
    asyncpg.exceptions.InvalidSchemaNameError,
)


@asynccontextmanager
async def pool_of(url: str, schema: str, *, size: int = 10) -> AsyncIterator[Pool]:
    """A pool whose connections see the service's schema alone.

    Opens no connection yet: a service may start before Postgres.
    """
    pool = await asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        command_timeout=60,
        server_settings=settings_of(schema),
        reset=leave_as_it_is,
    )
    try:
        yield pool
        # who has not given its connection back by then never will
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_LIMIT.total_seconds()):
                await pool.close()
    finally:
        pool.terminate()


async def leave_as_it_is(_: Connection) -> None:
    """Nothing here is set for a session; asyncpg would reset it at every release."""


async def connect(url: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection, for a command. Raises what asyncpg raises."""
    return await asyncpg.connect(url, server_settings=settings_of(schema))


def settings_of(schema: str) -> dict[str, str]:
    return {
        "search_path": schema,
        "application_name": f"tidlig-{schema}",
        # short queries all: compiling one takes longer than running it, and asyncpg's
        # own look at the types is compiled on every new connection
        "jit": "off",
    }


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A connection inside a transaction: all of it is kept, or none."""
    async with pool.acquire() as conn:
        with finding_lost(conn):
            async with conn.transaction():
                yield conn


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection that sees one moment of the database, and changes nothing."""
    async with pool.acquire() as conn:
        with finding_lost(conn):
            async with conn.transaction(isolation="repeatable_read", readonly=True):
                yield conn


@contextmanager
def finding_lost(conn: Connection) -> Iterator[None]:
    """Raise ConnectionResetError where an error comes of a connection that is lost.

    asyncpg says an InterfaceError then, as it does of code that is wrong.
    """
    try:
        yield
    except Exception as error:
        if is_lost(conn):
            raise ConnectionResetError("Postgres ended the connection") from error
        raise


def is_lost(conn: Connection) -> bool:
    try:
        return conn.is_closed()
    except asyncpg.InterfaceError:
        # the pool takes a lost connection back by itself
        return True
