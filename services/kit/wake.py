"""Being woken by Postgres (LISTEN), with a look from time to time as a safety net."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg

from .db import connect


class Wake:
    """Waits for a notification. The connection may be lost; then waiting says so."""

    def __init__(self, conn: "asyncpg.Connection[asyncpg.Record]") -> None:
        self.conn = conn
        self.called = asyncio.Event()

    async def wait(self, limit: timedelta) -> bool:
        """True if notified since the last wait, False after `limit`.

        Raises ConnectionResetError where Postgres has gone.
        """
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await self.called.wait()
        except TimeoutError:
            return False
        self.called.clear()
        if self.conn.is_closed():
            raise ConnectionResetError("Postgres ended the connection that listens")
        return True


@asynccontextmanager
async def listening(url: str, schema: str, channel: str) -> AsyncIterator[Wake]:
    """Listen on a channel with a connection of its own. Raises what asyncpg raises."""
    conn = await connect(url, schema)
    wake = Wake(conn)
    try:
        conn.add_termination_listener(lambda _: wake.called.set())
        await conn.add_listener(channel, lambda *_: wake.called.set())
        yield wake
    finally:
        await close(conn)


async def close(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Close in good order, or at once where Postgres does not answer."""
    try:
        await conn.close(timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        conn.terminate()
