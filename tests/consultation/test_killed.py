"""SIGKILL of the real service between each two steps of a command and of a deadline.

One command, sent again until it is answered, and a deadline that passes while nobody
is there. After each death facts, states and commands are whole; in the end what lies
on Kafka is what happened, and all of it.
"""

import asyncio
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from signal import SIGKILL
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from confluent_kafka import Consumer, TopicPartition

from deploy.local.ports import any_free
from schemas.topics import ARENA, TRACKER
from services.consultation import store
from services.consultation.initiatives import Heard, Share
from services.consultation.minutes import folded
from services.consultation.recording import topic_of
from services.consultation.rules import Item
from tests.stack import Stack, ends_of, until

from .conftest import AID, INITIATIVE, KS, SECRET, Desk
from .test_service import CANARY, CARD, committed, drafted

Place = tuple[str, int]
# of a command; the last has had its effect, and was not answered
OF_COMMAND = (
    ("fact", 1),
    ("fact", 2),
    ("state", 1),
    ("outbox", 1),
    ("sealed", 1),
    ("command", 1),
    ("committed", 1),
)
OF_RELAY = (("sent", 1), ("answered", 1))
OF_DEADLINE = (("fact", 1), ("fact", 2), ("state", 1), ("outbox", 1), ("fired", 1))
LONG_AFTER = 40
DIED = (httpx.RemoteProtocolError, httpx.ReadError)


@dataclass
class House:
    """Processes one after another at one address, and a look into their tables."""

    nursery: "subprocess.Popen[str]"
    conn: "asyncpg.Connection[asyncpg.Record]"
    desk: Desk

    async def begin(self, step: str = "", times: int = 1, days: int = 0) -> int:
        """The next process, perhaps one that dies at a step; its id."""
        wanted = {"step": step, "times": times, "days": days}
        assert self.nursery.stdin is not None
        self.nursery.stdin.write(json.dumps(wanted) + "\n")
        self.nursery.stdin.flush()
        return (await self.told())["pid"]

    async def told(self) -> dict[str, int]:
        assert self.nursery.stdout is not None
        async with asyncio.timeout(60):
            line = await asyncio.to_thread(self.nursery.stdout.readline)
        found: dict[str, int] = json.loads(line)
        return found

    async def died(self) -> None:
        """It has killed itself, and its lease has run out as it would in time."""
        assert await self.told() == {"ended": -SIGKILL}
        await self.conn.execute("UPDATE lease SET until = 'epoch'")

    async def ready(self) -> None:
        async def is_ready() -> bool:
            try:
                return (await self.desk.client.get("/ready")).status_code == 200
            except httpx.TransportError:
                return False

        await until(is_ready, seconds=60, what="consultation")

    async def whole(self) -> int:
        """Facts, states, commands and seals agree. Returns how many facts there are."""
        by_subject: dict[str, list[store.Kept]] = defaultdict(list)
        for each in await store.all_facts(self.conn):
            by_subject[each.subject].append(each)
        found = await store.boards(self.conn, list(by_subject))
        for subject, kept in by_subject.items():
            assert folded(kept) == found[subject]
        count = await self.conn.fetchval("SELECT count(*) FROM board")
        assert count == len(by_subject)
        for subject, turns in await self.conn.fetch(
            "SELECT subject, turns FROM command"
        ):
            assert set(turns) <= {each.turn for each in by_subject[subject]}
        for subject, number, line in await self.conn.fetch(
            "SELECT subject, round, line FROM sealed"
        ):
            board = found[subject]
            assert isinstance(board, Item)
            assert line in board.rounds[number - 1].sealed
        return sum(map(len, by_subject.values()))


@asynccontextmanager
async def nursery(environment: Mapping[str, str]) -> AsyncIterator[Any]:
    process = subprocess.Popen(  # noqa: ASYNC220  # our own module
        [sys.executable, "-m", "tests.consultation.mortal"],
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        # with the consultation that it has begun, if that lives
        os.killpg(process.pid, SIGKILL)
        # closes its ends too
        process.communicate()


@pytest.fixture
async def house(stack: Stack) -> AsyncIterator[House]:
    around = await stack.prepare("consultation")
    (port,) = any_free(1)
    environment = {
        "TIDLIG_KAFKA_BOOTSTRAP": around.kafka_bootstrap,
        "DATABASE_URL": around.postgres,
        "TIDLIG_TOKEN_ISSUER": around.token_issuer,
        "TIDLIG_TOKEN_JWKS": around.token_jwks,
        "TIDLIG_INSTANCE": "mortal",
        "TIDLIG_CONSULTATION_PORT": str(port),
        "TIDLIG_CONSULTATION_SEALING_KEY": SECRET,
        "TIDLIG_CONSULTATION_LOOK_EVERY": "PT0.2S",
    }
    base = f"http://127.0.0.1:{port}"
    async with (
        stack.connection("consultation") as conn,
        nursery(environment) as process,
        httpx.AsyncClient(base_url=base, timeout=30) as client,
    ):
        # no part of it is in this process: it is asked over HTTP alone
        office: Any = None
        desk = Desk(client, stack.issuer, office, [datetime.now(UTC)])
        yield House(process, conn, desk)


async def share(conn: "asyncpg.Connection[asyncpg.Record]") -> None:
    """As if the owner had shared the initiative with both lines."""
    shares = {
        "urn:orgnr:1:x 1": Share(audience=("municipal", "state"), embargoed=False)
    }
    await store.save_heard(conn, [Heard(subject=INITIATIVE, shares=shares)])


def on_topics(bootstrap: str, since: Mapping[Place, int]) -> dict[str, list[bytes]]:
    """What was put there since, by its key, in its order."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "look",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    ends = ends_of(bootstrap, [ARENA.name, TRACKER.name])
    left = {place: end - since[place] for place, end in ends.items()}
    left = {place: number for place, number in left.items() if number}
    consumer.assign([TopicPartition(*place, since[place]) for place in left])
    found: dict[str, list[bytes]] = defaultdict(list)
    while any(number > 0 for number in left.values()):
        for message in consumer.consume(500, timeout=1):
            assert message.error() is None
            topic, key = str(message.topic()), (message.key() or b"").decode()
            left[topic, int(message.partition() or 0)] -= 1
            found[f"{topic} {key}"].append(message.value() or b"")
    consumer.close()
    return found


def said_first(values: list[bytes]) -> list[bytes]:
    """Each once: what is sent again is the same record."""
    return list(dict.fromkeys(values))


async def test_killed_between_any_two_steps_nothing_is_half_done(
    house: House, stack: Stack
) -> None:
    since = ends_of(stack.bootstrap, [ARENA.name, TRACKER.name])
    desk = house.desk
    # in no zone it is tomorrow yet
    desk.now[0] -= timedelta(days=1)
    pid = await house.begin()
    await share(house.conn)
    await house.ready()
    silent, text = await drafted(desk)
    name = await committed(desk)
    first = {"round": 1, "nonce": CANARY, "scorecard": CARD}
    await desk.taken(f"/items/{name}/reveal", first, AID)
    os.kill(pid, SIGKILL)
    await house.died()
    before = await house.whole()

    await a_command(house, name, before)
    after_command = await house.whole()
    for step, times in OF_DEADLINE:
        assert await house.whole() == after_command
        await house.begin(step, times, LONG_AFTER)
        await house.died()
    assert await house.whole() == after_command + 2
    pid = await house.begin(days=LONG_AFTER)
    await house.ready()
    await until(lambda: is_empty(house.conn), seconds=60, what="the outbox")
    os.kill(pid, SIGKILL)
    await house.died()

    assert await house.whole() == after_command + 2
    silence = await house.conn.fetch(
        "SELECT subject FROM fact WHERE name = 'silence.noted'"
    )
    assert [row[0] for row in silence] == [silent, silent]
    assert text
    announced = await asyncio.to_thread(on_topics, stack.bootstrap, since)
    happened: dict[str, list[bytes]] = defaultdict(list)
    for each in await store.all_facts(house.conn):
        happened[f"{topic_of(each.name).name} {each.subject}"].append(each.value)
    assert {place: said_first(found) for place, found in announced.items()} == happened


async def a_command(house: House, name: str, before: int) -> None:
    """The last scorecard, handed in again and again: it has one effect."""
    key, seen = uuid4(), house.desk.seen[name]
    for step, times in OF_COMMAND:
        assert await house.whole() == before, (step, times)
        await house.begin(step, times)
        await house.ready()
        with pytest.raises(DIED):
            await hand_in(house.desk, name, key, seen)
        await house.died()
    for step, times in OF_RELAY:
        assert await house.whole() == before + 2
        await house.begin(step, times)
        await house.died()
    pid = await house.begin()
    await house.ready()
    again = await hand_in(house.desk, name, key, seen)
    os.kill(pid, SIGKILL)
    await house.died()
    assert (again.status_code, again.json()["known"]) == (200, True)
    assert CANARY in again.text
    assert await house.whole() == before + 2


async def hand_in(desk: Desk, name: str, key: UUID, seen: int) -> httpx.Response:
    reveal = {"round": 1, "nonce": "f" * 32, "scorecard": CARD}
    return await desk.send(f"/items/{name}/reveal", reveal, KS, key=key, seen=seen)


async def is_empty(conn: "asyncpg.Connection[asyncpg.Record]") -> bool:
    return not await conn.fetchval("SELECT count(*) FROM outbox")
