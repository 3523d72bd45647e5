"""`/ready` tells the truth, and soon."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic, time
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import pytest
from aiokafka import TopicPartition
from fastapi import APIRouter, FastAPI

from services.kit import health
from services.kit.application import application
from services.kit.db import pool_of
from services.kit.health import Check
from tests.stack import fresh_database, running

from .conftest import Room
from .member import Member
from .relays import put, rows


def service(*checks: Check) -> FastAPI:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.checks = checks
        yield

    return application("test", "", APIRouter(), lifespan)


def says(sentence: str | None) -> Check:
    async def check() -> str | None:
        return sentence

    return check


async def asked(path: str, *checks: Check) -> httpx.Response:
    async with running(service(*checks)) as client:
        return await client.get(path)


async def test_a_service_is_ready_when_no_check_has_anything_to_say() -> None:
    ready = await asked("/ready", says(None), says(None))
    not_ready = await asked("/ready", says("one"), says(None), says("two"))

    assert ready.status_code == 200
    assert ready.json() == {"ready": True, "waiting_for": []}
    assert not_ready.status_code == 503
    assert not_ready.json() == {"ready": False, "waiting_for": ["one", "two"]}


async def test_it_lives_whatever_it_waits_for() -> None:
    assert (await asked("/live", says("anything"))).status_code == 204


async def test_its_metrics_can_be_read() -> None:
    answer = await asked("/metrics")

    assert answer.headers["content-type"].startswith("text/plain")
    assert "tidlig_request_seconds_bucket" in answer.text


async def test_a_migrated_database_that_answers_is_well(room: Room) -> None:
    assert await health.database(room.pool)() is None


async def test_a_database_that_is_not_migrated_says_what_to_do(admin_url: str) -> None:
    url = await fresh_database(admin_url, ["kit"])

    async with pool_of(url, "kit") as pool:
        sentence = await health.database(pool)()

    assert sentence is not None
    assert "run `migrate` first" in sentence


@pytest.mark.parametrize("change", [{"netloc": "127.0.0.1:9"}, {"path": "/nowhere"}])
async def test_a_database_that_is_not_there_is_told_of(
    room: Room, change: dict[str, str]
) -> None:
    url = urlunsplit(urlsplit(room.url)._replace(**change))

    async with pool_of(url, "kit") as pool:
        sentence = await health.database(pool)()

    assert sentence is not None
    assert sentence.startswith("Postgres does not answer (")


async def test_a_pool_with_nothing_to_give_does_not_keep_who_asks_waiting(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "ASK_LIMIT", timedelta(seconds=0.2))

    async with pool_of(room.url, "kit", size=1) as pool, pool.acquire():
        began = monotonic()
        of_database = await health.database(pool)()
        of_outbox = await health.outbox(pool)()
        took = monotonic() - began

    assert of_database == "Postgres does not answer (TimeoutError)"
    assert of_outbox is None
    assert took < 2


async def test_an_outbox_that_is_not_sent_is_told_of_after_a_while(room: Room) -> None:
    empty = await health.outbox(room.pool)()
    await put(room, rows(2))
    fresh = await health.outbox(room.pool)()
    await room.pool.execute("UPDATE outbox SET created = now() - interval '3 days'")

    old = await health.outbox(room.pool)()

    assert (empty, fresh) == (None, None)
    assert old == "the outbox is not sent: a row has waited 259200 s"


class Polled:
    """aiokafka's consumer, as far as health asks it."""

    def __init__(self, *ages: float | None, paused: int | None = None) -> None:
        self.ages = {TopicPartition("t", n): age for n, age in enumerate(ages)}
        self.stands = {TopicPartition("t", n) for n in (paused,) if n is not None}
        self._coordinator = SimpleNamespace(_coordination_task=asyncio.Future())
        self._fetcher = SimpleNamespace(_fetch_task=asyncio.Future())

    def assignment(self) -> set[TopicPartition]:
        return set(self.ages)

    def paused(self) -> set[TopicPartition]:
        return self.stands

    def last_poll_timestamp(self, partition: TopicPartition) -> float | None:
        age = self.ages[partition]
        return None if age is None else (time() - age) * 1000


def reading(room: Room, consumer: Any) -> Check:
    reader = Member(room)
    reader.inbox.subscriber = SimpleNamespace(
        consumer=consumer, tasks=[asyncio.Future()]
    )
    return health.consumer(reader.inbox)


@pytest.mark.parametrize(
    ("consumer", "says"),
    [
        (lambda: None, "is not connected to Kafka"),
        (lambda: Polled(1, 31), "no answer from Kafka for t/1"),
        (lambda: Polled(None), "no answer from Kafka for t/0"),
    ],
)
async def test_a_consumer_that_is_not_answered_is_told_of(
    room: Room, consumer: Any, says: str
) -> None:
    assert says in (await reading(room, consumer())() or "")


async def test_a_consumer_without_partitions_is_on_standby_and_well(
    room: Room,
) -> None:
    assert await reading(room, Polled())() is None
    assert await reading(room, Polled(0, 29))() is None
    assert await reading(room, Polled(0, 31, paused=1))() is None


async def test_a_batch_that_fails_again_and_again_is_told_of(room: Room) -> None:
    reader = Member(room)
    reader.inbox.subscriber = SimpleNamespace(
        consumer=Polled(), tasks=[asyncio.Future()]
    )
    reader.inbox.failing = "ConnectionResetError"

    found = []
    for reader.inbox.failures in (0, 2, 3):
        found.append(await health.consumer(reader.inbox)())

    assert found[:2] == [None, None]
    assert found[2] == (
        f"{room.group} cannot apply what it reads: ConnectionResetError"
    )
