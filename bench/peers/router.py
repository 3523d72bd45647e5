"""Debezium's outbox router: it reads the write-ahead log and publishes what is in it.

Its own best settings of those tried: it looks every 10 ms. The connector is stopped
while the rows are committed and then resumed, so that none is in its queue before.
"""

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg

from bench.project import Where
from bench.topic import consumer_at_the_end, provision, read
from deploy.local.roles import url_of

from .worker import Settings, Worker

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

DATABASE, TOPIC, SLOT = "bench_router", "bench-router", "bench_router"
TABLE = """
CREATE TABLE outbox (
    seq           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id            uuid NOT NULL DEFAULT gen_random_uuid(),
    aggregatetype text NOT NULL,
    aggregateid   text NOT NULL,
    type          text NOT NULL,
    payload       text NOT NULL
)
"""
COLUMNS = ("aggregatetype", "aggregateid", "type", "payload")


async def prepare(where: Where, worker: Worker) -> "Connection":
    """A database with an outbox that a connector has begun to read."""
    admin = await asyncpg.connect(where.admin_url)
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    await admin.close()
    url = url_of(where.admin_url, database=DATABASE)
    conn = await asyncpg.connect(url)
    await conn.execute(TABLE)
    provision(where.bootstrap, TOPIC)
    consumer = consumer_at_the_end(where.bootstrap, TOPIC)
    worker.begin(SLOT, settings(url))
    await fill(conn, [b"{}"] * 10, b"warm")
    await asyncio.to_thread(read, consumer, 10)
    consumer.close()
    worker.stop(SLOT)
    return conn


async def one_run(
    where: Where,
    conn: "Connection",
    worker: Worker,
    values: Sequence[bytes],
    number: int,
) -> float:
    """Rows a second, from the first to the last on the topic. Raises if any lacks."""
    name = b"run-%d" % number
    consumer = consumer_at_the_end(where.bootstrap, TOPIC)
    await fill(conn, values, name)
    await conn.execute("CHECKPOINT")
    worker.resume(SLOT)
    seen = await asyncio.to_thread(read, consumer, len(values))
    consumer.close()
    worker.stop(SLOT)
    await conn.execute("TRUNCATE outbox")
    if set(seen.keys) != {b"%s-%d" % (name, n) for n in range(len(values))}:
        raise RuntimeError("what was published is not what was in the outbox")
    return seen.per_second


async def fill(conn: "Connection", values: Sequence[bytes], name: bytes) -> None:
    rows = [
        ("fact", f"{name.decode()}-{n}", "fact", value.decode())
        for n, value in enumerate(values)
    ]
    await conn.copy_records_to_table("outbox", records=rows, columns=COLUMNS)


def settings(url: str) -> Settings:
    parts = urlsplit(url)
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "plugin.name": "pgoutput",
        "database.hostname": parts.hostname or "",
        "database.port": str(parts.port),
        "database.user": parts.username or "",
        "database.password": parts.password or "",
        "database.dbname": DATABASE,
        "topic.prefix": "bench",
        "slot.name": SLOT,
        "publication.autocreate.mode": "filtered",
        "table.include.list": "public.outbox",
        "snapshot.mode": "no_data",
        "tombstones.on.delete": "false",
        "poll.interval.ms": "10",
        "transforms": "outbox",
        "transforms.outbox.type": "io.debezium.transforms.outbox.EventRouter",
        "transforms.outbox.route.topic.replacement": TOPIC,
        "producer.override.linger.ms": "0",
    }
