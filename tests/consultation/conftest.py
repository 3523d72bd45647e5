"""A consultation on real parts: its HTTP, its tables, and a clock that a test sets."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from services.consultation import app, store
from services.consultation.asking import Consultation
from services.consultation.initiatives import Heard, Share
from services.consultation.settings import Settings
from services.consultation.watch import Watch
from services.kit.db import Pool, transaction
from tests.stack import Issuer, Stack, running

Json = dict[str, Any]
SECRET = urlsafe_b64encode(b"k" * 32).decode()
AID, KS, NAV, NARVIK = "983887457", "971032146", "889640782", "959469059"
DIGDIR = "991825827"
MEMBERS = {"state": AID, "municipal": KS}
SCOPES = "tidlig:arena.participate tidlig:arena.secretariat tidlig:initiatives.read"
BEGINS = datetime(2026, 11, 30, 8, tzinfo=UTC)
INITIATIVE = f"{NAV}:soknad"


@dataclass
class Desk:
    """The arena, and somebody of each line who asks something of it."""

    client: httpx.AsyncClient
    issuer: Issuer
    consultation: Consultation
    now: list[datetime]
    seen: dict[str, int] = field(default_factory=dict)

    @property
    def pool(self) -> Pool:
        return self.consultation.office.pool

    def token(self, orgnr: str, scope: str = SCOPES, **claims: Any) -> dict[str, str]:
        actor = {"actor": {"role": "secretary", "id": f"a-{orgnr}"}}
        return self.issuer.bearer(orgnr, scope, **{**actor, **claims})

    async def send(
        self, path: str, body: Json | None, orgnr: str, **options: Any
    ) -> httpx.Response:
        """A command, on the state that was seen last, under an id of its own."""
        subject = path.split("/")[2] if path.count("/") > 1 else ""
        key = str(options.pop("key", uuid4()))
        seen = options.pop("seen", self.seen.get(subject, 0))
        headers = {
            **self.token(orgnr, **options.pop("claims", {})),
            "Idempotency-Key": key,
        }
        params = {"seen": seen, **options.pop("params", {})}
        answer = await self.client.post(path, json=body, headers=headers, params=params)
        self.note(answer)
        self.now[0] += timedelta(minutes=1)
        return answer

    def note(self, answer: httpx.Response) -> None:
        state = answer.json().get("state") if answer.content else None
        if isinstance(state, dict) and "version" in state:
            self.seen[state["id"]] = state["version"]

    async def taken(self, path: str, body: Json, orgnr: str, **options: Any) -> Json:
        answer = await self.send(path, body, orgnr, **options)
        assert answer.status_code in (200, 201), answer.text
        found: Json = answer.json()["state"]
        return found

    async def by_both(self, path: str, act: Json, first: str = AID) -> Json:
        """Prepared by one line, approved by the other."""
        word = "call" if path == "/meetings" else "prepare"
        at = path if word == "call" else f"{path}/prepare"
        state = await self.taken(at, {"act": act}, first)
        prepared = state["pending"][act["kind"]]["hash"]
        place = f"/{'meetings' if 'meeting' in state['id'] else 'items'}/{state['id']}"
        other = KS if first == AID else AID
        return await self.taken(f"{place}/approve", {"hash": prepared}, other)

    async def proposed(self, **more: Any) -> str:
        body = {
            "arena": "nav",
            "initiatives": [INITIATIVE],
            "question": "Bør søknaden prioriteres?",
            "synthetic": True,
            **more,
        }
        state = await self.taken("/items", body, AID)
        name: str = state["id"]
        await self.taken(f"/items/{name}/admit", {}, AID)
        return name

    async def read(self, path: str, orgnr: str, **options: Any) -> Json:
        answer = await self.client.get(path, headers=self.token(orgnr), **options)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def fetch(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        return await self.pool.fetch(query, *arguments)

    async def share(self, *audience: str, initiative: str = INITIATIVE) -> None:
        """As if its owner had shared it."""
        shares = {"urn:orgnr:1:x 1": Share(audience=audience, embargoed=False)}
        async with transaction(self.pool) as conn:
            heard = Heard(subject=initiative, shares=shares)
            await store.save_heard(conn, [heard])

    def watch(self, ends: Any = None) -> Watch:
        async def nothing() -> dict[Any, int]:
            return {}

        return Watch(self.consultation.office, lambda: self.now[0], ends or nothing)


@pytest.fixture(scope="module")
async def office(stack: Stack) -> AsyncIterator[Desk]:
    around = await stack.prepare("consultation")
    now = [BEGINS]
    # the test looks by itself
    settings = Settings(
        surroundings=around, sealing_key=SECRET, look_every=timedelta(days=1)
    )
    application = app.build(settings, lambda: now[0])
    async with running(application) as client:
        found: Consultation = application.state.consultation
        yield Desk(client, stack.issuer, found, now)


@pytest.fixture
async def desk(office: Desk) -> Desk:
    """The same at the beginning of its time; the initiative is shared with all."""
    office.now[0] = BEGINS
    office.seen.clear()
    await office.share("municipal", "state")
    return office
