"""The registry as it runs: from a real Kafka into a real Postgres, and back."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest
from confluent_kafka import Consumer, Producer, TopicPartition

from schemas.topics import REJECTED, STATE, TRACKER
from services.kit.broker import topic_ids
from services.registry import horizon, indexing
from services.registry.app import build
from services.registry.settings import Settings
from tests.schemas.said import KS, NAV
from tests.stack import Stack, ends_of, running, until

from .hand import Hand, oslo

Json = dict[str, Any]


@dataclass
class Running:
    """The application, and what Kafka holds."""

    stack: Stack
    client: httpx.AsyncClient
    producer: Producer
    rejected: dict[tuple[str, int], int]

    def put(self, topic: str, key: bytes, value: bytes) -> None:
        self.producer.produce(topic, value, key)
        assert self.producer.flush(10) == 0

    async def rows(self, query: str) -> list[Json]:
        async with self.stack.connection("registry") as conn:
            return [dict(row) for row in await conn.fetch(query)]

    async def initiative(self, subject: str) -> Json | None:
        answer = await self.client.get(
            f"/initiatives/{subject}", headers=self.stack.issuer.bearer(KS)
        )
        return answer.json() if answer.status_code == 200 else None

    def read_rejected(self) -> list[tuple[bytes | None, Json]]:
        """What lies on the topic of rejected records since the beginning."""
        consumer = Consumer(
            {"bootstrap.servers": self.stack.bootstrap, "group.id": f"{uuid4()}"}
        )
        ends = ends_of(self.stack.bootstrap, [REJECTED.name])
        consumer.assign(
            [TopicPartition(*at, first) for at, first in self.rejected.items()]
        )
        left = sum(ends[at] - first for at, first in self.rejected.items())
        found: list[tuple[bytes | None, Json]] = []
        while len(found) < left:
            record = consumer.poll(10)
            assert record is not None
            assert record.error() is None
            found.append((record.key(), orjson.loads(record.value() or b"")))
        consumer.close()
        return found


@pytest.fixture
async def registry(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Running]:
    monkeypatch.setattr(horizon, "LOOK_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(indexing, "AT_REST", timedelta(seconds=0.1))
    around = await stack.prepare("registry")
    rejected = ends_of(stack.bootstrap, [REJECTED.name])
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    app = build(Settings(surroundings=around), clock=lambda: oslo("2026-06-01"))
    async with running(app) as client:
        yield Running(stack, client, producer, rejected)


async def test_facts_are_archived_and_shown_and_what_is_none_is_rejected_once(
    registry: Running,
) -> None:
    story = Hand(f"{NAV}:{uuid4().hex[:12]}", [])
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00")
    story.readable("2026-01-05T09:00:01")
    story.locked("2026-09-01")
    key = story.subject.encode()

    # one that nobody can admit lies in the midst of its partition
    for told in story.told[:2]:
        registry.put(told.topic, key, told.value)
    registry.put(STATE.name, key, b'{"id": "halv')
    for told in story.told[2:]:
        registry.put(told.topic, key, told.value)

    async def whole() -> Json | None:
        seen = await registry.initiative(story.subject)
        return seen if seen and seen["earliness"]["class"] else None

    async def rejections() -> list[tuple[bytes | None, Json]]:
        return await asyncio.to_thread(registry.read_rejected)

    seen = await until(whole, what="the whole initiative")
    found = await until(rejections, what="the rejection")

    async def ready() -> bool:
        return (await registry.client.get("/ready")).status_code == 200

    await until(ready, what="readiness")

    async def taken_in() -> bool:
        upto = await registry.rows("SELECT upto FROM horizon")
        left = await registry.rows("SELECT FROM unfindable")
        return bool(upto) and not left

    await until(taken_in, what="the work in the background")
    (findable,) = await registry.rows("SELECT subject, phase FROM findable")
    assert findable == {"subject": story.subject, "phase": "idea"}
    assert seen["earliness"]["lead_days"] == 239
    ids = await topic_ids(registry.stack.bootstrap, [STATE.name, TRACKER.name])
    rows = await registry.rows("SELECT * FROM archive ORDER BY topic, position")
    assert [row["value"] for row in rows] == [
        told.value for told in sorted(story.told, key=lambda each: each.topic)
    ]
    assert all(row["topic_id"] == ids[row["topic"]] for row in rows)
    assert len({row["partition"] for row in rows}) == 1
    ((rejected_key, told_of),) = found
    assert rejected_key == key
    assert told_of["reason"] == "not_json"
    assert told_of["offset"] == rows[1]["position"] + 1
    assert told_of["topic_id"] == ids[STATE.name]
