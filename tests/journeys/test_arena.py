"""What the joint arena keeps to itself is had nowhere else: canaries on all paths."""

from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition
from pydantic import SecretStr

from schemas import topics
from services.consultation import app as consultation
from services.consultation.rules.commitments import commitment
from services.consultation.settings import Settings as ConsultationSettings
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.intake import app as intake
from services.intake.settings import Settings as IntakeSettings
from services.registry import app as registry
from services.registry.settings import Settings as RegistrySettings
from tests.consultation.conftest import Desk
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN
from tests.stack import Stack, ends_of, running, until

from .conftest import KEY, Json, Tidlig
from .said import registered, shared

# the nonce that opens a sealed scorecard; words of a draft that nobody has issued
SEALED, UNISSUED = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e", "kanarifugl-i-utkastet"
OUTSIDE: tuple[str | None, ...] = (DIGDIR, NARVIK, RIKSREVISJONEN, None)
CRITERIA = "criteria-1"


@dataclass
class Floor:
    """All services; `desk` is the arena's."""

    tidlig: Tidlig
    desk: Desk

    @property
    def services(self) -> list[httpx.AsyncClient]:
        found = self.tidlig
        return [found.intake, found.registry, found.delivery, self.desk.client]


@pytest.fixture(scope="module")
async def floor(stack: Stack) -> AsyncIterator[Floor]:
    around = await stack.prepare("intake", "registry", "delivery", "consultation")
    now = [datetime.now(UTC)]
    key = SecretStr(urlsafe_b64encode(b"k" * 32).decode())
    arena = consultation.build(
        ConsultationSettings(
            surroundings=around, sealing_key=key, look_every=timedelta(days=1)
        ),
        lambda: now[0],
    )
    async with AsyncExitStack() as together:

        async def start(app: Any) -> httpx.AsyncClient:
            client: httpx.AsyncClient = await together.enter_async_context(running(app))
            return client

        tidlig = Tidlig(
            stack,
            await start(intake.build(IntakeSettings(surroundings=around))),
            await start(registry.build(RegistrySettings(surroundings=around))),
            await start(
                delivery.build(DeliverySettings(surroundings=around, sealing_key=KEY))
            ),
        )
        client = await start(arena)
        desk = Desk(client, stack.issuer, arena.state.consultation, now)
        yield Floor(tidlig, desk)


async def sealed_and_drafted(floor: Floor, initiative: str) -> str:
    """An item with one line's scorecard sealed, and a draft that is not issued."""
    desk, body = floor.desk, {"arena": "nav", "initiatives": [initiative]}

    async def proposed() -> Json | None:
        asked = {**body, "question": "Bør den prioriteres?", "synthetic": True}
        answer = await desk.send("/items", asked, AID)
        return answer.json()["state"] if answer.status_code == 201 else None

    name: str = (await until(proposed, what="the arena to hear of it"))["id"]
    place = f"/items/{name}"
    await desk.taken(f"{place}/admit", {}, AID)
    await desk.by_both(place, {"kind": "scoring", "criteria": CRITERIA})
    weights = desk.consultation.office.ground.criteria(CRITERIA).weights
    card = dict.fromkeys(weights, 3)
    for orgnr, line, nonce in ((AID, "state", SEALED), (KS, "municipal", "f" * 32)):
        bound = commitment(nonce, line, name, CRITERIA, 1, card)  # type: ignore[arg-type]
        await desk.taken(f"{place}/commit", {"round": 1, "hash": bound}, orgnr)
    reveal = {"round": 1, "nonce": SEALED, "scorecard": card}
    assert (await desk.send(f"{place}/reveal", reveal, AID)).status_code == 200
    affected = {"municipalities": ["1806"], "state_bodies": [NAV]}
    await desk.by_both(place, {"kind": "paper", "summary": "s", "affected": affected})
    day = desk.now[0].date().isoformat()
    meeting = await desk.by_both(
        "/meetings", {"kind": "schedule", "arena": "nav", "day": day}
    )
    at = f"/meetings/{meeting['id']}"
    await desk.by_both(at, {"kind": "agenda", "entries": [{"item": name}]})
    there = {"state": 2, "municipal": 3}
    await desk.by_both(at, {"kind": "held", "heard": [name], "attendance": there})
    desk.seen[name] += 1
    advice = {"band": "next", "text": f"Arenaen råder til {UNISSUED}."}
    await desk.by_both(place, {"kind": "draft", "advice": advice})
    return name


def on_topics(bootstrap: str) -> Iterator[tuple[str, bytes]]:
    """Every byte that lies on any topic: keys, headers and values."""
    ends = ends_of(bootstrap, [topic.name for topic in topics.ALL])
    reader = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "canaries", "log_level": 0}
    )
    try:
        for (topic, partition), end in ends.items():
            reader.assign([TopicPartition(topic, partition, 0)])
            last = -1
            while last < end - 1:
                found = reader.poll(20)
                assert found is not None, f"{topic}/{partition} ends before {end}"
                assert found.error() is None
                last = found.offset() or 0
                headers = repr(found.headers()).encode()
                yield topic, (found.key() or b"") + headers + (found.value() or b"")
    finally:
        reader.close()


async def told_outside(floor: Floor, initiative: str, item: str) -> str:
    """All that who takes no part is told by any service, with headers."""
    tidlig, texts = floor.tidlig, []
    one = f"/initiatives/{initiative}"
    of_registry = (one, f"{one}/history", f"{one}/arena", "/initiatives", "/earliness")
    for reader in OUTSIDE:
        texts.append(str(await tidlig.feed(reader)))
        for client, paths in (
            (tidlig.registry, of_registry),
            (tidlig.delivery, ("/feed?limit=1000",)),
            (floor.desk.client, (f"/items/{item}", "/items", "/agenda", "/ranking")),
        ):
            for path in paths:
                answer = await tidlig.ask(client, path, reader)
                texts.append(answer.text + str(answer.headers))
    for client in floor.services:
        of_operations = ("/metrics", "/ready", "/live")
        texts += [(await client.get(path)).text for path in of_operations]
    return "\n".join(texts)


async def test_a_sealed_score_and_a_draft_are_had_nowhere_that_they_should_not(
    floor: Floor, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the topics, in feeds, answers, metrics and logs; the members' feed has it."""
    tidlig, initiative = floor.tidlig, f"{NAV}:kanarisak"
    await tidlig.emit(
        registered(NAV, initiative, "Kanarisak"),
        shared(NAV, initiative, f"municipal org:{AID}"),
    )
    item = await sealed_and_drafted(floor, initiative)

    async def of_members() -> bool:
        feeds = [str(await tidlig.feed(each)) for each in (AID, KS, NAV)]
        return all(UNISSUED in feed for feed in feeds)

    await until(of_members, seconds=60, what="the members' feeds")
    outside = await told_outside(floor, initiative, item)
    lying = dict.fromkeys(topics.BY_NAME, b"")
    for name, record in on_topics(tidlig.stack.bootstrap):
        lying[name] += record
    logged = capsys.readouterr()
    members = [str(await tidlig.feed(each)) for each in (AID, KS, NAV)]

    assert [n for n, found in lying.items() if SEALED.encode() in found] == []
    assert [n for n, found in lying.items() if UNISSUED.encode() in found] == [
        topics.ARENA.name
    ]
    # nobody but the tracker's own services reads that topic
    assert set(topics.ARENA.consumers) == {"registry", "delivery"}
    assert not any(SEALED in feed for feed in members)
    for secret in (SEALED, UNISSUED):
        assert secret not in outside
        assert secret not in logged.out + logged.err
    assert item not in outside
