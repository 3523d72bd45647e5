"""Who has spoken learns that its word waits here, since when; nobody else learns it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
import pytest
from fastapi import APIRouter

from schemas.topics import STATE
from services.kit import delays
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.delays import Delays
from services.kit.settings import Surroundings
from tests.schemas.said import KS, NAV
from tests.stack import ISSUER, Issuer, running

from .conftest import Room
from .facts import Json, said
from .kafka import partition_of
from .member import Member, fails_on
from .parking import later, others, reading, records, set_aside
from .test_batches import Log
from .test_http import no_work


@dataclass
class Asked:
    """A service in which facts wait, and who may ask."""

    reader: Member
    delays: Delays
    client: httpx.AsyncClient
    issuer: Issuer

    async def about(
        self, event: Json, orgnr: str, offset: int = 0, **token: Any
    ) -> httpx.Response:
        about = {"initiative": event["subject"], "offset": offset}
        about |= {"source": event["source"], "id": event["id"]}
        bearer = self.issuer.bearer(orgnr, **token)
        return await self.client.get("/delays", params=about, headers=bearer)


@pytest.fixture
async def asked(room: Room, issuer: Issuer) -> AsyncIterator[Asked]:
    around = Surroundings(token_issuer=ISSUER, token_jwks=issuer.jwks)
    found = Delays(room.pool, Callers(Tokens.of(around)), room.group)
    app = application("test", "", APIRouter(), no_work)
    app.include_router(delays.router)
    app.state.delays, app.state.checks = found, ()
    async with running(app) as client:
        yield Asked(reading(room, fails_on("x")), found, client, issuer)


async def test_a_speaker_learns_since_when_its_word_waits_and_what_waits_behind_it(
    room: Room, asked: Asked
) -> None:
    bad = said(partition=2)
    behind, of_other = later(bad), others(bad)
    asked.reader.then = fails_on(bad["id"])
    await asked.reader.inbox.handle(Log().all(records(bad, behind, of_other)))

    mine = await asked.about(bad, NAV)
    waits = await asked.about(behind, NAV, 1)
    theirs = await asked.about(of_other, of_other["source"].split(":")[2])
    of_nothing = await asked.about(said(), NAV)

    since = await room.pool.fetchval(
        "SELECT since FROM parked WHERE group_id = $1 AND fact_id = $2",
        room.group,
        bad["id"],
    )
    assert mine.status_code == 200
    assert mine.json()["service"] == room.group
    assert since_in(mine) == since
    assert waits.json()["delayed_since"] is not None
    assert theirs.json()["delayed_since"] is None
    assert of_nothing.json()["delayed_since"] is None
    assert await asked.delays.of_speaker(NAV, bad["subject"]) == since
    assert await asked.delays.of_speaker(KS, bad["subject"]) is None


def since_in(answer: httpx.Response) -> datetime:
    return datetime.fromisoformat(answer.json()["delayed_since"])


async def test_nobody_asks_about_anothers_word(asked: Asked) -> None:
    bad = said(partition=2)
    asked.reader.then = fails_on(bad["id"])
    await asked.reader.inbox.handle(Log().all(records(bad)))

    of_another = await asked.about(bad, KS)
    of_nobody = await asked.about(said(), KS)
    reads_only = await asked.about(bad, NAV, scope="tidlig:initiatives.read")

    assert of_another.status_code == of_nobody.status_code == 404
    assert of_another.json() == of_nobody.json()
    assert reads_only.status_code == 403


async def test_what_lies_behind_where_its_partition_stands_waits_too(
    room: Room, asked: Asked
) -> None:
    event = said(partition=5)
    await room.pool.execute(
        "INSERT INTO stopped VALUES ($1, $2, $3, 100, 'Newer', 'rule set 9')",
        room.group,
        STATE.name,
        partition_of(event["subject"].encode()),
    )

    before, at, behind = [await asked.about(event, NAV, n) for n in (99, 100, 101)]
    elsewhere = await asked.about(said(partition=6), NAV, 101)

    told = [each.json()["delayed_since"] for each in (before, at, behind, elsewhere)]
    assert [each is not None for each in told] == [False, True, True, False]
    assert await asked.delays.of_speaker(NAV, event["subject"]) is not None


async def test_what_was_set_aside_waits_no_more(asked: Asked) -> None:
    bad = said(partition=2)
    asked.reader.then = fails_on(bad["id"])
    log = Log()
    await asked.reader.inbox.handle(log.all(records(bad)))
    await asked.reader.inbox.handle(log.all([set_aside(bad)]))

    assert (await asked.about(bad, NAV)).json()["delayed_since"] is None
