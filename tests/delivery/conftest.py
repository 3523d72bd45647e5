"""A delivery without its consumer: facts are put in as the inbox would put them."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import asyncpg
import httpx
import pytest
from fastapi import FastAPI

from schemas.policy import Reader
from services.delivery import api, handlers, store
from services.delivery.api import Delivery
from services.delivery.read_back import ReadBack
from services.delivery.sealing import Seal
from services.delivery.sequencer import Sequencer
from services.delivery.waiting import Steps
from services.kit import checkpoint
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.batch import Arrived, Batch
from services.kit.callers import Callers
from services.kit.checkpoint import Checkpoint, Place
from services.kit.db import Pool, pool_of, transaction
from services.kit.work import in_background
from tests.histories import Told
from tests.stack import Issuer, Stack, running

SECRET = b"k" * 32
KEY = urlsafe_b64encode(SECRET).decode()


@dataclass
class Desk:
    """Delivery's tables, its sequencer, and its HTTP."""

    pool: Pool
    url: str
    sequencer: Sequencer
    client: httpx.AsyncClient
    issuer: Issuer
    seal: Seal
    next: dict[Place, int] = field(default_factory=dict)

    async def consume(self, batch: Sequence[Told]) -> None:
        """What the inbox does with a batch: the first sayings, and the checkpoints."""
        arrivals = [self.arrived(told) for told in batch]
        ends = {a.place: Checkpoint(a.offset + 1, a.appended) for a in arrivals}
        judged = Batch(facts=arrivals)
        async with transaction(self.pool) as conn:
            await checkpoint.create(conn, handlers.GROUP, list(ends))
            was = await checkpoint.lock(conn, handlers.GROUP, list(ends))
            marks = [each.fact.mark for each in arrivals]
            judged.keep_first_sayings(await store.known(conn, marks))
            await ReadBack(self.seal).on_facts(conn, judged.facts)
            await checkpoint.move(conn, handlers.GROUP, was, ends)

    def arrived(self, told: Told) -> Arrived:
        place = Place(told.topic, "id", partition_of(told))
        offset = self.next.get(place, 0)
        self.next[place] = offset + 1
        return Arrived(told.fact, place, offset, told.appended, told.value)

    async def tell(self, batch: Sequence[Told]) -> None:
        """Consume, and let the sequencer take it."""
        await self.consume(batch)
        await self.sequencer.take_all()

    async def get(
        self, path: str, reader: Reader | None, **headers: str
    ) -> httpx.Response:
        mine = {} if not reader or not reader.orgnr else self.bearer(reader.orgnr)
        return await self.client.get(path, headers={**mine, **headers})

    def bearer(self, orgnr: str) -> dict[str, str]:
        return self.issuer.bearer(orgnr)

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.pool.fetch(query, *arguments)


def partition_of(told: Told) -> int:
    """Facts of one initiative share a partition of each topic."""
    return int.from_bytes(told.fact.mark[:8]) % 12


@pytest.fixture(scope="module")
async def office(stack: Stack) -> AsyncIterator[Desk]:
    around = await stack.prepare("delivery")
    async with pool_of(around.postgres, "delivery") as pool:
        seal = Seal(SECRET)
        steps = Steps(around.postgres)
        app = application(
            "delivery", "", api.router, lambda _: in_background(steps=steps.run)
        )
        offer(app, Delivery(pool, Callers(Tokens.of(around)), seal, steps))
        sequencer = Sequencer(pool, url=around.postgres, seal=seal)
        async with running(app) as client:
            yield Desk(pool, around.postgres, sequencer, client, stack.issuer, seal)


def offer(app: FastAPI, delivery: Delivery) -> None:
    app.state.delivery = delivery
    app.state.checks = ()


@pytest.fixture
async def desk(office: Desk) -> Desk:
    """The same, with nothing in it."""
    await empty(office)
    return office


async def empty(desk: Desk) -> None:
    await desk.pool.execute(
        "TRUNCATE outbox, checkpoint, fact, sequenced, share, opening_said, available,"
        " received, step, said_before, difference, parked, set_aside, late, closed"
    )
    await desk.pool.execute("UPDATE sequence SET position = 0, step = 0")
    await desk.pool.execute("INSERT INTO step VALUES (0, gen_random_uuid())")
    desk.next.clear()
