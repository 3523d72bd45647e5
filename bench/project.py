"""`project_*`: preloaded facts become archive and views, one registry process."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from deploy.local import kafka, postgres, roles, tokens, topics
from deploy.local.ports import any_free
from schemas.topics import PARTY_TOPICS
from services.kit.migrations import migrate
from services.kit.producer import Sender
from services.registry.__main__ import REGISTRY

from .cost import reading, topic_bytes
from .dataset import Line, Teller
from .oracle import archive_digest, digest, expected
from .progress import per_second
from .rounds import Run, Told
from .standing import archived_in, stands_in

FACTS, INITIATIVES = 100_000, 10_000
PATIENCE = 240.0
PASSWORD = "bench"  # noqa: S105  # of a database that is gone afterwards
APPLIED = "SELECT sum(next) FROM checkpoint"
SIZE = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the data set as the producer takes it."""

    seq: int
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that runs, a look into its tables, and how fast it took all in."""

    conn: "asyncpg.Connection[asyncpg.Record]"
    pid: int
    port: int
    per_second: float


@dataclass(frozen=True, slots=True)
class Where:
    """A Kafka and a Postgres, and the folder that both keep their data under."""

    bootstrap: str
    admin_url: str
    folder: Path


async def preload(bootstrap: str, lines: Sequence[Line]) -> None:
    """Put the whole data set on its topics."""
    sender = Sender(bootstrap, "bench")
    for n in range(0, len(lines), 2000):
        rows = [
            Row(n + k, line.topic, line.key, line.value)
            for k, line in enumerate(lines[n : n + 2000])
        ]
        claim = sender.send(rows)
        await claim.done.wait()
        if claim.failure is not None:
            raise RuntimeError(claim.failure.name())
    sender.close()


@contextmanager
def servers(folder: Path) -> Iterator[tuple[str, str]]:
    """A Kafka with every topic, and a Postgres: their addresses."""
    with (
        kafka.running(folder / "k") as bootstrap,
        postgres.running(folder / "p") as url,
    ):
        topics.provision(bootstrap)
        yield bootstrap, url


async def fresh_database(
    admin_url: str, service: str, database: str = roles.DATABASE
) -> str:
    """A database with nothing in it, and a role for the service: its URL there."""
    admin = await asyncpg.connect(admin_url)
    await admin.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    await admin.close()
    urls = await roles.provision(admin_url, {service: PASSWORD}, database)
    return urls[service]


@asynccontextmanager
async def registry_with(
    lines: Sequence[Line], bootstrap: str, admin_url: str, folder: Path
) -> AsyncIterator[Running]:
    """A registry that has taken in all these lines from full topics."""
    database = await fresh_database(admin_url, "registry")
    await migrate(database, "registry", REGISTRY.migrations)
    await preload(bootstrap, lines)
    where = Where(bootstrap, admin_url, folder)
    async with registry_on(where, database, len(lines)) as running:
        yield running


@asynccontextmanager
async def registry_on(
    where: Where, database: str, records: int
) -> AsyncIterator[Running]:
    """A registry that has taken in so many records, which lie on the topics."""
    (port,) = any_free(1)
    registry = start_service(where, database, "registry", port)
    conn = await asyncpg.connect(database, server_settings={"search_path": "registry"})
    try:
        per_second = await until_applied(conn, records)
        yield Running(conn, registry.pid, port, per_second)
    finally:
        await conn.close()
        registry.terminate()
        registry.wait(30)


@contextmanager
def prepared(
    folder: Path, facts: int = FACTS, initiatives: int = INITIATIVES
) -> Iterator[Run]:
    """Topics full of the data set; a run is a new registry on an empty database."""
    lines = list(Teller(facts, initiatives).lines())
    right = expected(lines)
    with servers(folder) as (bootstrap, url), asyncio.Runner() as runner:
        runner.run(preload(bootstrap, lines))
        where = Where(bootstrap, url, folder)
        yield lambda: runner.run(one_run(where, len(lines), right))


async def one_run(where: Where, records: int, right: tuple[str, str]) -> Told:
    """From a registry's start on full topics until the last checkpoint moves.

    Its rate is 0 where what stands, or what is archived, is not what the oracle says.
    """
    urls = await fresh_database(where.admin_url, "registry")
    await migrate(urls, "registry", REGISTRY.migrations)
    async with roles.connected(where.admin_url) as admin:
        await admin.execute("CHECKPOINT")
        before = await reading(admin, where.folder)
        async with registry_on(where, urls, records) as running:
            cost = (await reading(admin, where.folder, running.pid)).since(before)
            size = await running.conn.fetchval(SIZE)
            fault = await difference(running.conn, right)
    if fault:
        print(f"project: a run counts as 0: {fault}", flush=True)
    on_topics = sum(
        topic_bytes(where.folder / "k", topic.name) for topic in PARTY_TOPICS.values()
    )
    return {
        "project_events_per_s": 0.0 if fault else running.per_second,
        "project_cpu_us_per_fact": cost.cpu / records * 1e6,
        "project_registry_cpu_us_per_fact": cost.workers / records * 1e6,
        "project_stored_bytes_per_fact": size / records,
        "project_wal_bytes_per_fact": cost.wal / records,
        "project_topic_bytes_per_fact": on_topics / records,
    }


async def difference(
    conn: "asyncpg.Connection[asyncpg.Record]", right: tuple[str, str]
) -> str:
    """Why a run is spoiled; empty where it is not."""
    state, archive = right
    if archive_digest(await archived_in(conn)) != archive:
        return "the archive does not hold what the oracle says"
    if digest(await stands_in(conn)) != state:
        return "what stands is not what the oracle says"
    return ""


def start_service(
    where: Where, database: str, service: str, port: int, **more: str
) -> "subprocess.Popen[bytes]":
    """One process of a service, on its own; `more` is told to it as it is."""
    environment = {
        **os.environ,
        "TIDLIG_KAFKA_BOOTSTRAP": where.bootstrap,
        "DATABASE_URL": database,
        "TIDLIG_TOKEN_ISSUER": tokens.ISSUER,
        "TIDLIG_TOKEN_JWKS": tokens.publish(where.folder),
        f"TIDLIG_{service.upper()}_PORT": str(port),
        **more,
    }
    command = [sys.executable, "-m", f"services.{service}", "serve"]
    # our own module
    return subprocess.Popen(  # noqa: S603
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


async def until_applied(
    conn: "asyncpg.Connection[asyncpg.Record]", wanted: int
) -> float:
    """Records a second, from when the first batch is seen to be applied."""

    async def applied() -> int:
        return int(await conn.fetchval(APPLIED) or 0)

    return await per_second(applied, wanted, PATIENCE)
