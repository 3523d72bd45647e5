"""An intake, and somebody who emits to it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import orjson
import pytest

from schemas.envelope import BATCH_MEDIA_TYPE, MEDIA_TYPE
from services.intake.app import build
from services.intake.settings import Settings
from tests.schemas.said import NAV
from tests.stack import Issuer, Stack, running

Json = dict[str, Any]


@dataclass
class Emitter:
    """An intake, and somebody who emits to it."""

    client: httpx.AsyncClient
    issuer: Issuer
    stack: Stack
    now: list[datetime]

    async def emit(
        self, event: Json | list[Json] | bytes, orgnr: str = NAV, **options: Any
    ) -> httpx.Response:
        kind = BATCH_MEDIA_TYPE if isinstance(event, list) else MEDIA_TYPE
        body = event if isinstance(event, bytes) else orjson.dumps(event)
        headers = {**self.issuer.bearer(orgnr), "Content-Type": kind}
        headers |= options.pop("headers", {})
        return await self.client.post(
            "/events", content=body, headers=headers, **options
        )

    async def get(self, path: str, orgnr: str = NAV) -> httpx.Response:
        return await self.client.get(path, headers=self.issuer.bearer(orgnr))

    async def count(self, table: str) -> int:
        async with self.stack.connection("intake") as conn:
            found: int = await conn.fetchval(f"SELECT count(*) FROM {table}")
        return found


@pytest.fixture(scope="module")
async def intake(stack: Stack) -> AsyncIterator[Emitter]:
    surroundings = await stack.prepare("intake")
    now = [datetime.now(UTC)]
    app = build(Settings(surroundings=surroundings), clock=lambda: now[0])
    async with running(app) as client:
        yield Emitter(client, stack.issuer, stack, now)


@pytest.fixture
async def emitter(intake: Emitter) -> Emitter:
    """The intake with nothing in it."""
    async with intake.stack.connection("intake") as conn:
        await conn.execute(
            "TRUNCATE outbox, published, receipt, refused, refused_count, readable"
        )
    intake.now[0] = datetime.now(UTC)
    return intake


def fault_codes(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(f["code"], f["pointer"]) for f in answer.json()["faults"]}
