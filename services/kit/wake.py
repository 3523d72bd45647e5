"""Being woken by Postgres (LISTEN), with a look from time to time as a safety net."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta

import asyncpg

from .db import connect


class Wake:
    """Waits for a notification. The connection may be lost; then waiting says so."""

    def __init__(
        self, conn: "asyncpg.Connection[asyncpg.Record]", channel: str
    ) -> None:
        self.conn = conn
        self.channel = channel
        self.called = asyncio.Event()
        self.rung = False

    def ring(self) -> None:
        """Wake whoever waits in this process, without a journey to Postgres."""
        self.rung = True
        self.called.set()

    async def pass_on(self) -> None:
        """Notify other processes if it was rung here: once for all the rings before."""
        if self.rung:
            self.rung = False
            await self.conn.execute("SELECT pg_notify($1, '')", self.channel)

    async def wait(self, limit: timedelta) -> bool:
        """True if notified since the last wait, False after `limit`.

        Raises ConnectionResetError where Postgres has gone.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(limit.total_seconds()):
                await self.called.wait()
        called = self.called.is_set()
        self.called.clear()
        # who waited for `called` itself may have taken that for a notification
        if self.conn.is_closed():
            raise ConnectionResetError("Postgres ended the connection that listens")
        return called


@asynccontextmanager
async def listening(url: str, schema: str, channel: str) -> AsyncIterator[Wake]:
    """Listen on a channel with a connection of its own. Raises what asyncpg raises."""
    conn = await connect(url, schema)
    wake = Wake(conn, channel)
    own = conn.get_server_pid()

    def on_notification(_: object, pid: int, *__: object) -> None:
        if pid != own:
            wake.called.set()

    try:
        conn.add_termination_listener(lambda _: wake.called.set())
        await conn.add_listener(channel, on_notification)
        yield wake
    finally:
        await close(conn)


async def close(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Close in good order, or at once where Postgres does not answer."""
    try:
        await conn.close(timeout=2)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        conn.terminate()
