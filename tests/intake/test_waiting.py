"""A receipt tells in which service its fact is delayed; each answers for itself."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from services.intake import waiting
from services.intake.app import build
from services.intake.settings import Settings
from services.kit import delays
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.db import Pool, pool_of
from services.kit.delays import Delays
from services.kit.parked import ADD
from tests.kit.test_http import no_work
from tests.schemas.said import KS, example
from tests.stack import Stack, running, until

from .conftest import Emitter

SERVICES = {"registry": "http://registry", "delivery": "http://delivery"}


class Others(httpx.AsyncBaseTransport):
    """The other services: here on intake's own tables, which every inbox has."""

    def __init__(self, pool: Pool, callers: Callers) -> None:
        self.apps = {}
        for name in SERVICES:
            app = application(name, "", APIRouter(), no_work)
            app.include_router(delays.router)
            app.state.delays = Delays(pool, callers, name)
            self.apps[name] = httpx.ASGITransport(app)
        self.away: set[str] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.host in self.away:
            raise httpx.ConnectError("away")
        return await self.apps[request.url.host].handle_async_request(request)


@pytest.fixture
async def around(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Emitter, Others, Pool]]:
    surroundings = await stack.prepare("intake")
    async with pool_of(surroundings.postgres, "intake") as pool:
        others = Others(pool, Callers(Tokens.of(surroundings)))
        client = partial(httpx.AsyncClient, transport=others)
        monkeypatch.setattr(waiting, "httpx", Replaced(client))
        now = [datetime.now(UTC)]
        app = build(
            Settings(surroundings=surroundings, services=SERVICES), lambda: now[0]
        )
        async with running(app) as asking:
            yield Emitter(asking, stack.issuer, stack, now), others, pool


class Replaced:
    """httpx whose clients reach the other services here."""

    HTTPError = httpx.HTTPError

    def __init__(self, client: Any) -> None:
        self.AsyncClient = client


async def published(emitter: Emitter) -> str:
    event = example("initiative.registered")
    answer = await emitter.emit(event)
    where = str(answer.headers["Location"])

    async def on_kafka() -> bool:
        told = (await emitter.get(where)).json()
        return bool(told["status"] == "published")

    await until(on_kafka, what="the fact on Kafka")
    return where


async def park(pool: Pool, group: str) -> None:
    """What that service's inbox does when its code fails of the fact."""
    row = await pool.fetchrow("SELECT * FROM receipt JOIN published USING (outbox_seq)")
    assert row is not None
    await pool.execute(
        ADD,
        *(group, row["mark"], row["topic"], "id", row["partition"], row["position"]),
        *(row["appended"], row["emitter"], row["subject"], row["source"]),
        *(row["event_id"], "initiative.registered", row["record"], "KeyError", "x.py"),
    )


async def test_a_receipt_tells_where_its_fact_is_delayed_and_since_when(
    around: tuple[Emitter, Others, Pool],
) -> None:
    emitter, _, pool = around
    where = await published(emitter)
    before = (await emitter.get(where)).json()
    await park(pool, "delivery")
    since = await pool.fetchval("SELECT since FROM parked")
    after = (await emitter.get(where)).json()
    of_another = await emitter.get(where, KS)

    assert "delayed" not in before
    assert "not_answering" not in before
    (told,) = after["delayed"]
    assert told["service"] == "delivery"
    assert datetime.fromisoformat(told["since"]) == since
    assert of_another.status_code == 404


async def test_a_service_that_does_not_answer_is_named_and_the_receipt_is_given(
    around: tuple[Emitter, Others, Pool],
) -> None:
    emitter, others, pool = around
    where = await published(emitter)
    await park(pool, "registry")
    others.away.add("delivery")

    told = (await emitter.get(where)).json()

    assert [each["service"] for each in told["delayed"]] == ["registry"]
    assert told["not_answering"] == ["delivery"]
    assert told["status"] == "published"
