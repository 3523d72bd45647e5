"""`project_*`: preloaded facts become archive and views, one registry process."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import asyncpg

from deploy.local import kafka, postgres, roles, tokens, topics
from services.kit.migrations import migrate
from services.kit.producer import Sender
from services.registry.__main__ import REGISTRY

from .dataset import Line, Teller
from .floors import copied_per_s

FACTS, INITIATIVES = 100_000, 10_000
PATIENCE = 240.0
PORT = 8198
PASSWORD = "bench"  # noqa: S105  # of a database that is gone afterwards
APPLIED = "SELECT sum(next) FROM checkpoint"
COUNTS = """
SELECT (SELECT count(*) FROM archive) AS archived,
       (SELECT count(*) FROM initiative) AS initiatives
"""


@dataclass(frozen=True, slots=True)
class Project:
    """Facts a second into archive and views, beside COPY and bare consumption."""

    events_per_s: float
    facts: int
    archived: int
    initiatives: int
    copied_per_s: float


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the data set as the producer takes it."""

    seq: int
    topic: str
    key: bytes
    value: bytes


@dataclass(frozen=True, slots=True)
class Running:
    """A registry that runs, a look into its tables, and how long it took."""

    conn: "asyncpg.Connection[asyncpg.Record]"
    pid: int
    seconds: float


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


@asynccontextmanager
async def registry_with(
    lines: Sequence[Line], bootstrap: str, admin_url: str, folder: Path
) -> AsyncIterator[Running]:
    """A registry that has taken in all these lines from full topics."""
    urls = await roles.provision(admin_url, {"registry": PASSWORD})
    await migrate(urls["registry"], "registry", REGISTRY.migrations)
    await preload(bootstrap, lines)
    registry = start_registry(bootstrap, urls["registry"], tokens.publish(folder))
    conn = await asyncpg.connect(
        urls["registry"], server_settings={"search_path": "registry"}
    )
    try:
        seconds = await until_applied(conn, len(lines))
        yield Running(conn, registry.pid, seconds)
    finally:
        registry.terminate()
        registry.wait(20)
        await conn.close()


def measure(folder: Path) -> Project:
    """From the registry's start on full topics until the last checkpoint moves."""
    lines = list(Teller(FACTS, INITIATIVES).lines())
    with servers(folder) as (bootstrap, url):
        return asyncio.run(measure_on(bootstrap, url, folder, lines))


async def measure_on(
    bootstrap: str, admin_url: str, folder: Path, lines: Sequence[Line]
) -> Project:
    async with registry_with(lines, bootstrap, admin_url, folder) as running:
        (after,) = await running.conn.fetch(COUNTS)
    return Project(
        len(lines) / running.seconds,
        len(lines),
        after["archived"],
        after["initiatives"],
        await copied_per_s(admin_url, [line.value for line in lines]),
    )


def start_registry(
    bootstrap: str, database: str, jwks: str
) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,
        "TIDLIG_KAFKA_BOOTSTRAP": bootstrap,
        "DATABASE_URL": database,
        "TIDLIG_TOKEN_ISSUER": tokens.ISSUER,
        "TIDLIG_TOKEN_JWKS": jwks,
        "TIDLIG_REGISTRY_PORT": str(PORT),
    }
    command = [sys.executable, "-m", "services.registry", "serve"]
    # our own module
    return subprocess.Popen(  # noqa: S603
        command, env=environment, stderr=subprocess.DEVNULL
    )


async def until_applied(
    conn: "asyncpg.Connection[asyncpg.Record]", wanted: int
) -> float:
    """Seconds from the first batch that is applied to the last."""
    began: float | None = None
    deadline = monotonic() + PATIENCE
    while monotonic() < deadline:
        applied = await conn.fetchval(APPLIED) or 0
        now = monotonic()
        if began is None and applied > 0:
            began = now
        if began is not None and applied >= wanted:
            return now - began
        await asyncio.sleep(0.05)
    raise TimeoutError(f"{applied} of {wanted} applied in {PATIENCE:.0f} s")
