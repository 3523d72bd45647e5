"""A registry without its consumer: records are put in as the inbox puts them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import asyncpg
import httpx
import orjson
import pytest
from fastapi import FastAPI

from services.kit import checkpoint
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.batch import Batch, partitions_in
from services.kit.callers import Callers
from services.kit.checkpoint import Place
from services.kit.command import main
from services.kit.db import Connection, Pool, pool_of, transaction
from services.kit.delays import Delays
from services.kit.work import in_background
from services.registry import handlers, store
from services.registry.__main__ import REGISTRY
from services.registry.leads import Leads
from services.registry.parameters import Registry
from services.registry.routes import router
from tests.histories import Told
from tests.stack import Issuer, Stack, running

from .hand import oslo

Json = dict[str, Any]
NOW = oslo("2026-06-01T12:00:00")


@dataclass
class Lying:
    """A record as it lies on Kafka; `timestamp` in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = ()


@dataclass
class Desk:
    """The registry's tables and its HTTP, and a way to put records in."""

    pool: Pool
    client: httpx.AsyncClient
    issuer: Issuer
    registry: Registry
    now: list[datetime]
    ends: dict[tuple[str, int], int] = field(default_factory=dict)

    async def tell(self, *told: Told) -> None:
        """Take it all, in one batch."""
        await self.take(self.lying(told))

    def lying(self, told: Sequence[Told]) -> list[Lying]:
        """Records at the end of their partitions, in this order."""
        return [self.at_the_end(each) for each in told]

    def at_the_end(self, told: Told) -> Lying:
        partition = partition_of(told)
        # a history's own offsets may have gaps, where something took no effect
        offset = max(self.ends.get((told.topic, partition), 0), told.offset)
        self.ends[told.topic, partition] = offset + 1
        appended = round(told.appended.timestamp() * 1000)
        key = told.fact.subject.encode()
        return Lying(told.topic, partition, offset, appended, key, told.value)

    async def take(self, records: Sequence[Lying]) -> None:
        async with transaction(self.pool) as conn:
            await apply(conn, records)

    async def get(
        self, path: str, orgnr: str | None = None, **options: Any
    ) -> httpx.Response:
        """Asked by an organisation, or by the reader `public`."""
        mine = {} if orgnr is None else self.issuer.bearer(orgnr)
        headers = {**mine, **options.pop("headers", {})}
        return await self.client.get(path, headers=headers, **options)

    async def read(self, path: str, orgnr: str | None = None, **options: Any) -> Json:
        answer = await self.get(path, orgnr, **options)
        assert answer.status_code == 200, answer.text
        found: Json = orjson.loads(answer.content)
        return found

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.pool.fetch(query, *arguments)

    async def empty(self) -> None:
        tables = (
            "archive, initiative, listed, milestone, findable, unfindable, dated,"
            " horizon, checkpoint, outbox, arena_fact, concerns"
        )
        await self.pool.execute(f"TRUNCATE {tables}")
        self.registry.leads.by_reader.clear()
        self.ends.clear()
        self.now[0] = NOW


async def apply(conn: Connection, records: Sequence[Lying]) -> Batch:
    """What the inbox does with a batch: judge, first sayings, apply, checkpoints."""
    by_place = {
        Place(at.topic, f"id of {at.topic}", at.partition): lying
        for at, lying in partitions_in(records).items()
    }
    await checkpoint.create(conn, handlers.GROUP, list(by_place))
    held = await checkpoint.lock(conn, handlers.GROUP, list(by_place))
    batch = Batch()
    for place, lying in by_place.items():
        batch.judge(place, lying, held[place])
    marks = [each.fact.mark for each in batch.facts]
    batch.keep_first_sayings(await store.known(conn, marks))
    await handlers.on_facts(conn, batch.facts)
    await handlers.on_refused(conn, batch.refused)
    await checkpoint.move(conn, handlers.GROUP, batch.was, batch.now)
    return batch


def partition_of(told: Told) -> int:
    """Facts of one initiative share a partition of each topic."""
    return int.from_bytes(told.fact.mark[:8]) % 12


@pytest.fixture(scope="module")
async def office(stack: Stack) -> AsyncIterator[Desk]:
    around = await stack.prepare("registry")
    async with pool_of(around.postgres, "registry") as pool:
        now = [NOW]
        callers = Callers(Tokens.of(around), public_rate=1_000_000)
        registry = Registry(pool, callers, lambda: now[0], Leads())
        async with running(app_of(registry)) as client:
            yield Desk(pool, client, stack.issuer, registry, now)


def app_of(registry: Registry) -> FastAPI:
    app = application("registry", "", router, lambda _: in_background())
    app.state.registry = registry
    app.state.delays = Delays(registry.pool, registry.callers, handlers.GROUP)
    app.state.checks = ()
    return app


@pytest.fixture
async def desk(office: Desk) -> Desk:
    """The same, with nothing in it."""
    await office.empty()
    return office


@pytest.fixture
def command(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Awaitable[int]]:
    """The command as it is typed; in a thread, for it has a loop of its own."""
    monkeypatch.setenv("DATABASE_URL", stack.database)
    monkeypatch.setenv("TIDLIG_KAFKA_BOOTSTRAP", stack.bootstrap)
    monkeypatch.setenv("TIDLIG_TOKEN_ISSUER", "https://issuer.invalid/")
    monkeypatch.setenv("TIDLIG_TOKEN_JWKS", "file:///nowhere")

    async def run(*words: str) -> int:
        return await asyncio.to_thread(main, REGISTRY, words)

    return run
