"""A rebuild beside a registry that runs, on a real Kafka, while facts keep coming."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Producer

from deploy.local.folder import CHECKOUT
from schemas.fact import Fact
from services.registry import handlers, indexing, rules
from services.registry.app import build
from services.registry.rules import fold
from services.registry.settings import Settings
from services.registry.state import State, to_bytes
from tests.histories import Told
from tests.registry.hand import Hand
from tests.schemas.said import KS, NAV
from tests.stack import Stack, running, until

# the third is so long that there is a state on the way
STORIES, PER_STORY, LONGEST = 150, 14, 260
# facts that are told beside the rebuild, so many a second
TOLD_LATE, PACE = 800, 200
LISTED_FOR_ANOTHER = """
INSERT INTO listed SELECT 'org:974761076', place, subject
  FROM initiative WHERE subject = $1
"""


class Broken(Exception):
    """What the code makes of one fact."""


@dataclass
class Office:
    """A registry that runs, and what is told on its topics."""

    stack: Stack
    producer: Producer
    told: list[Told]
    # marks of facts that the code cannot apply
    bad: set[bytes]

    async def rows(self, query: str, *arguments: object) -> list[Any]:
        async with self.stack.connection("registry") as conn:
            return await conn.fetch(query, *arguments)

    def put(self, told: Iterable[Told]) -> None:
        for each in told:
            self.producer.produce(each.topic, each.value, each.fact.subject.encode())
            self.told.append(each)
        self.producer.poll(0)

    async def until_taken(self) -> None:
        self.producer.flush(20)

        async def taken() -> bool:
            (found,) = await self.rows(
                "SELECT (SELECT count(*) FROM archive)"
                " + (SELECT count(*) FROM parked) AS count"
            )
            return bool(found["count"] == len(self.told))

        await until(taken, seconds=60, what="all facts")

    async def command(self, *words: str) -> bytes:
        """What the command tells, in a process of its own."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.registry", *words),
            stdout=asyncio.subprocess.PIPE,
            cwd=CHECKOUT,
            env={
                **os.environ,
                "DATABASE_URL": self.stack.database,
                "TIDLIG_TOKEN_ISSUER": "https://issuer.invalid/",
                "TIDLIG_TOKEN_JWKS": "file:///nowhere",
            },
        )
        out, _ = await process.communicate()
        assert process.returncode == 0
        return out

    async def expected_hash(self) -> str:
        """By another way: all that was told, folded here, and the parked set."""
        parked = {row["mark"]: row for row in await self.rows("SELECT * FROM parked")}
        subjects = sorted({each.fact.subject for each in self.told})
        offsets = {
            row["mark"]: row["position"]
            for row in await self.rows("SELECT mark, position FROM archive")
        }
        states = b""
        for subject in subjects:
            facts = [
                (each.fact, offsets[each.fact.mark])
                for each in self.told
                if each.fact.subject == subject and each.fact.mark not in parked
            ]
            body = to_bytes(fold(subject, facts))
            states += sha256(subject.encode() + b"\0" + body).digest()
        waiting = sorted(
            [r["subject"], r["source"], r["fact_id"], r["error_class"] is None, False]
            for r in parked.values()
        )
        # nothing was said in the arena, and no item of it is about anything
        of_arena = 2 * sha256().digest()
        stands = sha256(states).digest() + of_arena
        return sha256(stands + orjson.dumps(waiting)).hexdigest()


@pytest.fixture(autouse=True)
def short_ways() -> None:
    """None: the command in its own process has the usual ones."""


def stories(number: int) -> list[Hand]:
    """Told by both lines, shared, answered, put right."""
    found = []
    for n in range(number):
        owner, other = (NAV, KS) if n % 2 else (KS, NAV)
        story = Hand(f"{owner}:{uuid4().hex[:12]}", [])
        story.registered("2026-01-05T09:00:00")
        story.shared("2026-01-05T09:00:00", "municipal state")
        story.readable("2026-01-05T09:00:01")
        answer = {"key": "k", "position": "neutral", "text": "svar"}
        story.another_says(other, "2026-01-06T09:00:00", "response.submitted", answer)
        for k in range(4, LONGEST if n == 2 else PER_STORY):
            amended = story.amended("2026-02-01T09:00:00", f"tittel {k}")
        if n % 5 == 0:
            named = {"source": amended.source, "id": amended.id}
            withdrawn = {"fact": named, "type": "initiative.amended", "reason": "r"}
            story.owner_says("2026-03-01T09:00:00", "fact.withdrawn", withdrawn)
        found.append(story)
    return found


def shuffled(told: Iterable[Hand]) -> list[Told]:
    """Of all initiatives in turns, each in its own order."""
    drawn = random.Random(20_261_231)  # noqa: S311  # no secret is made of it
    left = [list(reversed(story.told)) for story in told]
    found = []
    while left:
        story = drawn.choice(left)
        found.append(story.pop())
        left = [each for each in left if each]
    return found


@pytest.fixture
async def office(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    bad: set[bytes] = set()
    evolve = rules.evolve

    def evolve_what_is_good(state: State, fact: Fact, order: int) -> State:
        if fact.mark in bad:
            raise Broken
        return evolve(state, fact, order)

    monkeypatch.setattr(handlers, "evolve", evolve_what_is_good)
    monkeypatch.setattr(indexing, "AT_REST", timedelta(seconds=0.1))
    around = await stack.prepare("registry")
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    async with running(build(Settings(surroundings=around))):
        yield Office(stack, producer, [], bad)


async def test_beside_200_facts_a_second_it_comes_to_the_same_hash(
    office: Office,
) -> None:
    """One fact that is parked stays so, another is redriven in the midst of it."""
    told = stories(STORIES)
    stays, redriven = (story.told[5].fact for story in told[:2])
    office.bad.update({stays.mark, redriven.mark})
    in_turns = shuffled(told)
    early, late = in_turns[:-TOLD_LATE], in_turns[-TOLD_LATE:]
    # both are there when it begins, with something that waits behind them
    office.put([*told[0].told, *told[1].told])
    apart = {stays.subject, redriven.subject}
    office.put(each for each in early if each.fact.subject not in apart)
    await office.until_taken()
    assert len(await office.rows("SELECT FROM parked WHERE error_class <> ''")) == 2
    await office.rows(LISTED_FOR_ANOTHER, redriven.subject)

    rebuilding = asyncio.create_task(office.command("rebuild", "--json"))
    driving = asyncio.create_task(
        office.command("redrive", redriven.subject, "--reason", "mended")
    )
    for n, each in enumerate(late):
        if each.fact.subject not in apart:
            office.put([each])
        if n % 20 == 0:
            await asyncio.sleep(20 / PACE)
    found = orjson.loads(await rebuilding)
    await driving
    await office.until_taken()

    assert found["anew"] == found["live"]
    assert found["swapped"]
    assert [each["table"] for each in found["differences"]] == ["listed"]
    again = orjson.loads(await office.command("rebuild", "--check", "--json"))
    assert again["differences"] == []
    assert again["live"]["parked"] == len(await office.rows("TABLE parked")) > 1
    assert again["live"]["facts"] == len(office.told) - again["live"]["parked"]
    assert again["live"]["hash"] == again["anew"]["hash"]
    assert again["live"]["hash"] == await office.expected_hash()
    assert await office.rows("SELECT FROM outbox") == []
