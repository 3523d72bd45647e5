"""`relay_*`: from the commit that fills an outbox to Kafka, by the kit's own relay.

Three parts of a run: a steady rate, a backlog, and rest. The relay runs alone in a
process, as a service would run it; the facts are those of the data set.
"""

import asyncio
import os
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import asyncpg

from deploy.local.folder import log_of
from deploy.local.roles import connected, role_of
from schemas.topics import REJECTED
from services.kit import outbox
from services.kit.migrations import OUTBOX, migrate
from services.kit.outbox import Outgoing

from .cost import reading, topic_bytes
from .dataset import Teller
from .project import Where, fresh_database, servers
from .rounds import Run, Told
from .topic import Watch, consumer_at_the_end, percentile_ms, read

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

SCHEMA, DATABASE = "relay", "bench_relay"
ROLE = role_of(SCHEMA)
# no service of the benchmark reads it; to the relay one topic is as another
TOPIC = REJECTED
WRITERS, PER_SECOND = 4, 200
ROWS = 50_000
PATIENCE = 120.0
# how Postgres logs a query, whichever way it came
QUERY = re.compile(rb"LOG:  (?:statement|execute [^:]+):")
# seconds until a relay that has just started asks no more than it must
SETTLED = 4.0


@dataclass(frozen=True, slots=True)
class Sizes:
    """How long a run is: seconds at the rate, rows of backlog, seconds at rest."""

    seconds: float = 10.0
    rows: int = ROWS
    rest: float = 10.0


# a broker that has just started sends slowly
WARM = Sizes(seconds=5.0, rows=10_000, rest=1.0)


@contextmanager
def prepared(folder: Path, sizes: Sizes = Sizes()) -> Iterator[Run]:
    values = [line.value for line in Teller(5_000, 500).lines() if len(line.value) > 99]
    numbers = count()
    with servers(folder) as (bootstrap, url), asyncio.Runner() as runner:
        where = Where(bootstrap, url, folder)
        runner.run(one_run(where, WARM, values, next(numbers)))
        yield lambda: runner.run(one_run(where, sizes, values, next(numbers)))


async def one_run(
    where: Where, sizes: Sizes, values: Sequence[bytes], number: int
) -> Told:
    """Raises where a row is lost, or sent twice."""
    url = await fresh_outbox(where)
    name = b"%d-%d" % (os.getpid(), number)
    at_rate = await steady(where, url, sizes, values, name)
    drained = await drain(where, url, sizes.rows, values, name)
    return {**at_rate, **drained, **await rest(where, url, sizes.rest)}


async def fresh_outbox(where: Where) -> str:
    """A database with an empty outbox, and who may use it: its URL."""
    url = await fresh_database(where.admin_url, SCHEMA, DATABASE)
    await migrate(url, SCHEMA, [OUTBOX])
    return url


async def steady(
    where: Where, url: str, sizes: Sizes, values: Sequence[bytes], name: bytes
) -> Told:
    """From when COMMIT was answered to when a consumer has it."""
    rows = int(sizes.seconds * PER_SECOND)
    records = made(values, b"rate-" + name, rows)
    warm = made(values, b"warm-" + name, 50)
    with Watch(consumer_at_the_end(where.bootstrap, TOPIC.name)) as watch:
        async with relaying(where, url):
            await commit(url, warm, 0)
            watch.wait_for([each.key for each in warm])
            committed = await commit(url, records, PER_SECOND)
            await asyncio.to_thread(watch.wait_for, list(committed))
    if watch.again:
        raise RuntimeError(f"{watch.again} rows came twice")
    took = [watch.seen[key] - at for key, at in committed.items()]
    return {
        "relay_p50_ms": percentile_ms(took, 0.5),
        "relay_p99_ms": percentile_ms(took, 0.99),
    }


def made(values: Sequence[bytes], name: bytes, rows: int) -> list[Outgoing]:
    return [
        Outgoing(TOPIC, b"%s-%d" % (name, n), values[n % len(values)])
        for n in range(rows)
    ]


async def commit(
    url: str, records: Sequence[Outgoing], per_second: float
) -> dict[bytes, float]:
    """A transaction for each row, over some connections: when each was answered.

    Without a rate one after another as fast as they go.
    """
    committed: dict[bytes, float] = {}
    began = monotonic()

    async def write(first: int) -> None:
        async with within_schema(url) as conn:
            for n, record in islice(enumerate(records), first, None, WRITERS):
                due = began + n / per_second if per_second else began
                await asyncio.sleep(max(0.0, due - monotonic()))
                async with conn.transaction():
                    await outbox.append(conn, [record])
                committed[record.key] = monotonic()

    await asyncio.gather(*(write(n) for n in range(WRITERS)))
    return committed


async def drain(
    where: Where, url: str, rows: int, values: Sequence[bytes], name: bytes
) -> Told:
    """A full outbox, then a relay that starts. Raises where a row does not come."""
    records = made(values, b"drain-" + name, rows)
    consumer = consumer_at_the_end(where.bootstrap, TOPIC.name)
    on_topic = topic_bytes(where.folder / "k", TOPIC.name)
    async with connected(where.admin_url) as admin, within_schema(url) as conn:
        await fill(conn, records)
        await admin.execute("CHECKPOINT")
        before, began = await reading(admin, where.folder), monotonic()
        async with relaying(where, url) as relay:
            await until_empty(conn)
            took = monotonic() - began
            cost = (await reading(admin, where.folder, relay.pid)).since(before)
    seen = await asyncio.to_thread(read, consumer, rows)
    consumer.close()
    if {each.key for each in records} != set(seen.keys):
        raise RuntimeError("what was drained is not what was in the outbox")
    grown = topic_bytes(where.folder / "k", TOPIC.name) - on_topic
    return {
        "relay_drain_per_s": seen.per_second,
        "relay_drain_s": took,
        "relay_cpu_us_per_fact": (cost.workers + cost.postgres) / rows * 1e6,
        "relay_wal_bytes_per_fact": cost.wal / rows,
        "relay_topic_bytes_per_fact": grown / rows,
    }


@asynccontextmanager
async def within_schema(url: str) -> "AsyncIterator[Connection]":
    conn = await asyncpg.connect(url, server_settings={"search_path": SCHEMA})
    try:
        yield conn
    finally:
        await conn.close()


async def fill(conn: "Connection", records: Sequence[Outgoing]) -> None:
    await conn.copy_records_to_table(
        "outbox",
        records=[(each.topic.name, each.key, each.value) for each in records],
        columns=("topic", "key", "value"),
    )


async def until_empty(conn: "Connection") -> None:
    deadline = monotonic() + PATIENCE
    while await conn.fetchval("SELECT EXISTS (SELECT FROM outbox)"):
        if monotonic() > deadline:
            raise TimeoutError("the outbox is not empty")
        await asyncio.sleep(0.02)


async def rest(where: Where, url: str, seconds: float) -> Told:
    """Queries a second while nothing is put in the outbox, counted by Postgres.

    It logs every query of the relay's role meanwhile; other roles are not logged.
    """
    async with connected(where.admin_url) as admin:
        await admin.execute(f"ALTER ROLE {ROLE} SET log_statement = 'all'")
        async with relaying(where, url):
            # connecting asks a few things once
            await asyncio.sleep(SETTLED)
            before = queries_logged(where.folder)
            await asyncio.sleep(seconds)
            asked = queries_logged(where.folder) - before
        await admin.execute(f"ALTER ROLE {ROLE} RESET log_statement")
    return {"relay_idle_queries_per_s": asked / seconds}


def queries_logged(folder: Path) -> int:
    return len(QUERY.findall(log_of(folder / "p", "postgres").read_bytes()))


@asynccontextmanager
async def relaying(where: Where, url: str) -> "AsyncIterator[subprocess.Popen[bytes]]":
    """The relay in a process of its own, which ends in good order."""
    command = [sys.executable, "-m", "bench.relayed", SCHEMA, where.bootstrap]
    # our own module
    relay = subprocess.Popen(  # noqa: ASYNC220, S603
        command,
        env={**os.environ, "DATABASE_URL": url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield relay
    finally:
        relay.terminate()
        await asyncio.to_thread(relay.wait, 30)
