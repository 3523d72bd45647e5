"""Debezium's JDBC sink, with unnest and a trigger written by hand for the same effect.

It takes each record as a string, so that all read the same bytes and keep them; the
trigger parses it. Its own best settings of those tried: 2,000 records a batch.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import asyncpg
import orjson

from bench.oracle import Stands, archive_digest, digest
from bench.progress import per_second
from bench.project import PATIENCE, Where
from deploy.local.roles import url_of
from schemas.topics import PARTY_TOPICS

from .worker import Settings, Worker

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

DATABASE = "bench_sink"
TABLES = Path(__file__).with_name("sink.sql")
RECORDS = "2000"
TRANSFORMS = "org.apache.kafka.connect.transforms"
BEGUN = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM sink_n_seq"
THERE = "SELECT count(*) FROM sink"
STANDING = "SELECT subject, entries, granted, ended FROM standing"


async def one_run(
    where: Where, worker: Worker, records: int, right: tuple[str, str], number: int
) -> float:
    """Records a second; 0 where what stands is not what the oracle says."""
    url = await fresh_tables(where.admin_url)
    conn = await asyncpg.connect(url)
    name = f"sink-{number}"
    worker.begin(name, settings(url))

    async def done() -> int:
        begun = int(await conn.fetchval(BEGUN))
        # a sequence runs ahead of what is committed: at the end rows are counted
        return int(await conn.fetchval(THERE)) if begun >= records else begun

    try:
        found = await per_second(done, records, PATIENCE)
    finally:
        worker.end(name)
    fault = await difference(conn, right)
    await conn.close()
    if fault:
        print(f"sink: a run counts as 0: {fault}", flush=True)
    return 0.0 if fault else found


async def fresh_tables(admin_url: str) -> str:
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    await admin.execute(f"CREATE DATABASE {DATABASE}")
    await admin.close()
    url = url_of(admin_url, database=DATABASE)
    conn = await asyncpg.connect(url)
    await conn.execute(TABLES.read_text("utf-8"))
    await conn.execute("CHECKPOINT")
    await conn.close()
    return url


def settings(url: str) -> Settings:
    parts = urlsplit(url)
    return {
        "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
        "tasks.max": "1",
        "topics": ",".join(topic.name for topic in PARTY_TOPICS.values()),
        "connection.url": f"jdbc:postgresql://{parts.hostname}:{parts.port}{parts.path}",
        "connection.username": parts.username or "",
        "connection.password": parts.password or "",
        "insert.mode": "upsert",
        # by "kafka" it fails with unnest: so the coordinates are put into the value
        "primary.key.mode": "record_value",
        "primary.key.fields": "topic,partition,position",
        "schema.evolution": "none",
        "collection.name.format": "sink",
        "batch.size": RECORDS,
        "dialect.postgres.unnest.insert.enabled": "true",
        "transforms": "hoist,where",
        "transforms.hoist.type": f"{TRANSFORMS}.HoistField$Value",
        "transforms.hoist.field": "value",
        "transforms.where.type": f"{TRANSFORMS}.InsertField$Value",
        "transforms.where.topic.field": "topic",
        "transforms.where.partition.field": "partition",
        "transforms.where.offset.field": "position",
        "consumer.override.auto.offset.reset": "earliest",
        "consumer.override.max.poll.records": RECORDS,
    }


async def difference(conn: "Connection", right: tuple[str, str]) -> str:
    state, archive = right
    values = await conn.fetch("SELECT value FROM archive")
    if archive_digest(row["value"].encode() for row in values) != archive:
        return "the archive does not hold what the oracle says"
    rows = await conn.fetch(STANDING)
    if digest({row["subject"]: stands_of(dict(row)) for row in rows}) != state:
        return "what stands is not what the oracle says"
    return ""


def stands_of(row: Mapping[str, Any]) -> Stands:
    """The trigger's row in the oracle's form."""
    granted, ended = orjson.loads(row["granted"]), orjson.loads(row["ended"])
    shares = {
        grant: [
            sorted(granted.get(grant, "").split()),
            grant if grant in granted else None,
            ended.get(grant),
        ]
        for grant in {*granted, *ended}
    }
    return orjson.loads(row["entries"]), shares
