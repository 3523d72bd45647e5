"""Kafka killed, paused, away: rows and records wait, and arrive when it is back."""

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from signal import SIGKILL
from time import monotonic

import pytest

from deploy.local import ports
from deploy.local.folder import make
from deploy.local.kafka import Broker
from deploy.local.processes import finish
from schemas.topics import STATE
from services.kit import lease
from services.kit.outbox import Outgoing
from services.kit.producer import Sender
from services.kit.relay import LeaseLost, Relay
from services.kit.work import in_background
from tests.schemas.said import NAV, stamped
from tests.stack import create_topics, until

from .conftest import Room
from .facts import facts, said
from .kafka import Reader, Writer
from .member import Member
from .relays import put, rows, sent


@dataclass
class Frail:
    """A broker of one's own, to be killed."""

    broker: Broker
    child: subprocess.Popen[bytes]

    def kill(self) -> None:
        os.killpg(self.child.pid, SIGKILL)
        self.child.wait()

    async def start(self) -> None:
        if self.child.poll() is not None:
            self.child = self.broker.start()

        async def ready() -> bool:
            return await asyncio.to_thread(self.broker.ready)

        await until(ready, seconds=60, what="the broker")


@pytest.fixture(scope="module")
async def frail(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Frail]:
    broker = Broker(make(tmp_path_factory.mktemp("frail")), *ports.any_free(2))
    broker.prepare()
    frail = Frail(broker, broker.start())
    try:
        await frail.start()
        create_topics(broker.address)
        yield frail
    finally:
        finish(frail.child)


@pytest.fixture
async def away(room: Room, frail: Frail) -> AsyncIterator[Room]:
    """The room on a broker that can be taken away."""
    await frail.start()
    writer = Writer(frail.broker.address)
    async with Reader.of(frail.broker.address) as reader:
        yield replace(
            room, bootstrap=frail.broker.address, writer=writer, reader=reader
        )
    await writer.close()


async def test_what_is_said_while_kafka_is_away_arrives_in_order_when_it_is_back(
    away: Room, frail: Frail
) -> None:
    reader = Member(away)
    subject = f"{NAV}:borte"
    events = [said(subject=subject) for _ in range(30)]
    rows = [Outgoing(STATE, e["subject"].encode(), stamped(e)) for e in events]

    async with in_background(relay=away.relay().run), reader.consuming():
        await put(away, rows[:10])
        await reader.has(10)
        frail.kill()
        for row in rows[10:]:
            await put(away, [row])
        waiting = await away.count("outbox")
        await frail.start()
        back = monotonic()
        await sent(away, seconds=30)
        await reader.has(30)
        healed = monotonic() - back

    assert waiting == 20
    assert await reader.ids() == [event["id"] for event in events]
    assert healed < 12


async def test_who_loses_the_lease_or_is_stopped_while_kafka_is_away_sends_nothing_on(
    away: Room, frail: Frail, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "RENEW", timedelta(seconds=0.2))
    kept: list[Sender] = []

    class Kept(Sender):
        """It must not send on though somebody still holds it, as error frames do."""

        def __init__(self, *arguments: str) -> None:
            super().__init__(*arguments)
            kept.append(self)

    monkeypatch.setattr("services.kit.relay.Sender", Kept)
    loser, winner, reader = away.relay(), away.relay(), Member(away)
    await away.writer.write(*facts(1))
    begin = await away.reader.ends()

    async with reader.consuming():
        await reader.has(1)
        frail.kill()
        losing = asyncio.create_task(loser.run())
        await put(away, rows(10))
        await until(lambda: is_flying(loser), what="rows in flight")
        await away.pool.execute("UPDATE lease SET holder = $1", winner.lease.holder)
        loser.lease.until = 0.0
        with pytest.raises(LeaseLost):
            await losing
        async with in_background(relay=winner.run):
            await until(lambda: is_flying(winner), what="the same rows in flight")
            began = monotonic()
    took = monotonic() - began
    await frail.start()
    async with in_background(relay=away.relay().run):
        await sent(away, seconds=30)

    assert took < 10
    assert len(kept) == 3
    assert len(await away.reader.since(begin)) == 10


async def is_flying(relay: Relay) -> bool:
    return bool(relay.flying)
