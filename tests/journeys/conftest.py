"""Intake, registry and delivery together, as the parties use them."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest
from pydantic import SecretStr

from schemas.envelope import BATCH_MEDIA_TYPE
from schemas.identity import speaker_of
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.intake import app as intake
from services.intake.settings import Settings as IntakeSettings
from services.registry import app as registry
from services.registry.settings import Settings as RegistrySettings
from tests.stack import Stack, running, until

Json = dict[str, Any]
KEY = SecretStr(urlsafe_b64encode(b"k" * 32).decode())


@dataclass
class Tidlig:
    """The whole path: emit here, read there."""

    stack: Stack
    intake: httpx.AsyncClient
    registry: httpx.AsyncClient
    delivery: httpx.AsyncClient

    async def emit(self, *events: Json) -> list[Json]:
        """Emit events of one speaker; their receipts."""
        orgnr = speaker_of(events[0]["source"])
        answer = await self.intake.post(
            "/events",
            content=orjson.dumps(events),
            headers={**self.bearer(orgnr), "Content-Type": BATCH_MEDIA_TYPE},
        )
        assert answer.status_code == 202, answer.text
        receipts: list[Json] = answer.json()["receipts"]
        return receipts

    async def ask(
        self, client: httpx.AsyncClient, path: str, orgnr: str | None, **options: Any
    ) -> httpx.Response:
        headers = {**self.bearer(orgnr), **options.pop("headers", {})}
        return await client.get(path, headers=headers, **options)

    async def receipt(self, told: Json, orgnr: str) -> Json:
        path = f"/receipts/{told['receipt']}"
        found: Json = (await self.ask(self.intake, path, orgnr)).json()
        return found

    async def initiative(self, id: str, orgnr: str | None) -> Json | None:
        answer = await self.ask(self.registry, f"/initiatives/{id}", orgnr)
        assert answer.status_code in (200, 404), answer.text
        return answer.json() if answer.status_code == 200 else None

    async def feed(self, orgnr: str | None, limit: int = 100) -> list[Json]:
        """All that a reader can read from the beginning, acknowledging it."""
        found: list[Json] = []
        path: str | None = f"/feed?limit={limit}"
        while path is not None:
            answer = await self.ask(self.delivery, path, orgnr)
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += page
            path = answer.links["next"]["url"] if page else None
        return found

    async def given(self, orgnr: str | None, *events: Json) -> list[Json]:
        """Wait until the reader's feed has these events; what else it has too."""
        wanted = {(e["subject"], e["source"], e["id"]) for e in events}

        async def has_all() -> list[Json]:
            found = await self.feed(orgnr)
            identities = {(e["subject"], e["source"], e["id"]) for e in found}
            return found if wanted <= identities else []

        found: list[Json] = await until(has_all, what=f"the feed of {orgnr}")
        return found

    async def registered(self, id: str, orgnr: str | None) -> Json:
        """Wait until the registry shows it to the reader."""

        async def shown() -> Json | None:
            return await self.initiative(id, orgnr)

        found: Json = await until(shown, what=f"{id} in the registry")
        return found

    def bearer(self, orgnr: str | None) -> dict[str, str]:
        return {} if orgnr is None else self.stack.issuer.bearer(orgnr)


@pytest.fixture(scope="module")
async def tidlig(stack: Stack) -> AsyncIterator[Tidlig]:
    around = await stack.prepare("intake", "registry", "delivery")
    async with AsyncExitStack() as together:

        async def start(app: Any) -> httpx.AsyncClient:
            client: httpx.AsyncClient = await together.enter_async_context(running(app))
            return client

        yield Tidlig(
            stack,
            await start(intake.build(IntakeSettings(surroundings=around))),
            await start(registry.build(RegistrySettings(surroundings=around))),
            await start(
                delivery.build(DeliverySettings(surroundings=around, sealing_key=KEY))
            ),
        )
