"""The kit in a schema of its own, on the Kafka and Postgres of all tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from aiokafka import TopicPartition

from services.kit import reading
from services.kit.db import Connection, Pool, connect, pool_of
from services.kit.relay import OnPublished, Relay
from tests.stack import Stack

from .kafka import Reader, Writer

# what handlers of the tests leave behind: unlike a service they would show a double
EFFECTS = """
CREATE TABLE effect (
    n        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    group_id text, topic text, partition integer, position bigint,
    appended timestamptz, id text, mark bytea, value bytea);
CREATE TABLE refusal (
    group_id text, topic text, partition integer, position bigint, reason text);
CREATE TABLE published (
    seq bigint, topic text, partition integer, position bigint, appended timestamptz);
"""


@dataclass
class Room:
    """A database with the kit's tables and those of the tests; and a Kafka."""

    pool: Pool
    url: str
    bootstrap: str
    writer: Writer
    reader: Reader
    # of its own for each test, so that nobody finds another's effects
    group: str = field(default_factory=lambda: f"kit-{uuid4().hex[:8]}")

    def relay(self, on_published: OnPublished | None = None) -> Relay:
        return Relay(
            self.pool,
            url=self.url,
            schema="kit",
            bootstrap=self.bootstrap,
            on_published=on_published,
        )

    async def count(self, table: str) -> int:
        found: int = await self.pool.fetchval(f"SELECT count(*) FROM {table}")
        return found

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection beside the pool."""
        conn = await connect(self.url, "kit")
        try:
            yield conn
        finally:
            await conn.close()

    async def terminate_others(self) -> None:
        """End every connection that the services have to this database."""
        async with self.connection() as conn:
            await conn.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
async def writer(bootstrap: str) -> AsyncIterator[Writer]:
    writer = Writer(bootstrap)
    yield writer
    await writer.close()


@pytest.fixture(scope="session")
async def reader(bootstrap: str) -> AsyncIterator[Reader]:
    async with Reader.of(bootstrap) as reader:
        yield reader


@pytest.fixture(scope="module")
async def database(stack: Stack) -> str:
    around = await stack.prepare("kit")
    async with stack.connection("kit") as conn:
        await conn.execute(EFFECTS)
    return around.postgres


@pytest.fixture
async def room(
    database: str, bootstrap: str, writer: Writer, reader: Reader
) -> AsyncIterator[Room]:
    async with pool_of(database, "kit") as pool:
        await pool.execute("TRUNCATE outbox, outbox_parked, lease, published")
        yield Room(pool, database, bootstrap, writer, reader)


@pytest.fixture
def without_kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no Kafka that could have lost anything."""

    async def nothing(*_: object) -> dict[TopicPartition, str]:
        return {}

    monkeypatch.setattr(reading, "lost_in", nothing)
    monkeypatch.setattr(reading, "connection_to_leader", lambda *_: None)
