"""Postgres: the pool, and which errors pass by themselves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
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

# gone by itself when Postgres is back, or when the other transaction has ended
TRANSIENT = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.exceptions.CannotConnectNowError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.TransactionRollbackError,
    asyncpg.exceptions.LockNotAvailableError,
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
    )
    try:
        yield pool
        async with asyncio.timeout(5):
            await pool.close()
    finally:
        pool.terminate()


async def connect(url: str, schema: str) -> "asyncpg.Connection[asyncpg.Record]":
    """One connection, for a command. Raises what asyncpg raises."""
    return await asyncpg.connect(url, server_settings=settings_of(schema))


def settings_of(schema: str) -> dict[str, str]:
    return {"search_path": schema, "application_name": f"tidlig-{schema}"}


@asynccontextmanager
async def transaction(pool: Pool) -> AsyncIterator[Connection]:
    """A connection inside a transaction: all of it is kept, or none."""
    async with pool.acquire() as conn, conn.transaction():
        yield conn


@asynccontextmanager
async def snapshot(pool: Pool) -> AsyncIterator[Connection]:
    """A connection that sees one moment of the database, and changes nothing."""
    async with (
        pool.acquire() as conn,
        conn.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield conn
