"""Waiting until the system has caught up: with what lay there, or with everything."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

import asyncpg
from confluent_kafka import KafkaException

from schemas import topics
from services.monitor import groups
from tests.stack import ends_of

from .house import LINKED, House

GROUPS = {name: groups.read_by(name) for name in LINKED if groups.read_by(name)}
LOOK_EVERY = 0.25
ASK_LIMIT = 10.0
# rows that a relay had before it when we began to wait
OUTBOX = " UNION ALL ".join(
    f"SELECT '{service}', min(seq), max(seq) FROM {service}.outbox"
    for service in LINKED
)
# of a topic made anew the newest counts
CHECKPOINTS = " UNION ALL ".join(
    f"SELECT group_id, topic, partition, max(next) FROM {service}.checkpoint "
    "GROUP BY group_id, topic, partition"
    for service in GROUPS
)
# of what delivery has stored the sequencer has taken everything below these offsets
UNTAKEN = """
SELECT f.topic, f.partition, min(f.position) AS first
  FROM delivery.fact AS f
  LEFT JOIN delivery.sequenced AS s USING (topic, topic_id, partition)
 WHERE f.position >= coalesce(s.next, 0)
 GROUP BY f.topic, f.partition
"""
# grants that the tracker will say have opened, once their time has come
EMBARGOES = """
SELECT count(*) FROM delivery.share
 WHERE known AND not_before IS NOT NULL AND NOT opened AND NOT ended
"""
Place = tuple[str, int]


@dataclass
class Standing:
    """How far everything has come at one look."""

    ends: Mapping[Place, int]
    checkpoints: Mapping[tuple[str, str, int], int]
    # service: the first and the last row of its outbox, None where it is empty
    outboxes: Mapping[str, tuple[int, int] | None]
    untaken: Mapping[Place, int]
    embargoes: int = 0

    def behind(self, then: "Standing") -> list[str]:
        """What has not come as far as things lay then."""
        return [
            *self.unsent(then),
            *self.unread(then.ends),
            *self.untaken_below(then.ends),
        ]

    def unsent(self, then: "Standing") -> list[str]:
        found = []
        for service, rows in then.outboxes.items():
            now = self.outboxes[service]
            if rows is not None and now is not None and now[0] <= rows[1]:
                found.append(f"the outbox of {service} has row {now[0]}")
        return found

    def unread(self, ends: Mapping[Place, int]) -> list[str]:
        return [
            f"{group} is at {self.checkpoints.get((group, topic, n), 0)} of {end} in "
            f"{topic}/{n}"
            for group, names in GROUPS.items()
            for (topic, n), end in sorted(ends.items())
            if topic in names and self.checkpoints.get((group, topic, n), 0) < end
        ]

    def untaken_below(self, ends: Mapping[Place, int]) -> list[str]:
        return [
            f"the sequencer is at {first} of {ends[place]} in {place[0]}/{place[1]}"
            for place, first in sorted(self.untaken.items())
            if first < ends[place]
        ]


async def look(house: House) -> Standing | None:
    """None where Kafka or Postgres do not answer."""
    try:
        async with asyncio.timeout(ASK_LIMIT):
            ends = await asyncio.to_thread(ends_of, house.bootstrap, topics.BY_NAME)
            conn = await asyncpg.connect(house.database, timeout=5)
            try:
                checkpoints = await conn.fetch(CHECKPOINTS)
                outboxes = await conn.fetch(OUTBOX)
                untaken = await conn.fetch(UNTAKEN)
                embargoes = await conn.fetchval(EMBARGOES)
            finally:
                conn.terminate()
    except (OSError, TimeoutError, KafkaException, asyncpg.PostgresError):
        return None
    return Standing(
        ends,
        {(group, topic, n): end for group, topic, n, end in checkpoints},
        {s: None if a is None else (a, b) for s, a, b in outboxes},
        {(topic, n): first for topic, n, first in untaken},
        embargoes,
    )


async def until(holds: Callable[[], bool], limit: float) -> bool:
    """Look again and again; False if it does not hold within so many seconds."""
    ends = monotonic() + limit
    while not holds():
        if monotonic() > ends:
            return False
        await asyncio.sleep(0.1)
    return True


@dataclass
class Healed:
    """How long it took; what was still missing when the time was up."""

    seconds: float
    missing: list[str] = field(default_factory=list)


async def unready(house: House) -> list[str]:
    """What each replica that is wanted still waits for."""
    wanted = [each for each in house.replicas if each.wanted]
    said = await asyncio.gather(*(each.ready(house.client) for each in wanted))
    return [each for each in said if each is not None]


async def catch_up(house: House, limit: float) -> Healed:
    """Until everyone is ready, and is past what lay there when this began."""
    began = monotonic()
    then: Standing | None = None
    while True:
        now = await look(house)
        then = then or now
        if now is None or then is None:
            missing = ["Kafka or Postgres does not answer"]
        else:
            missing = now.behind(then) or await unready(house)
        if not missing or monotonic() - began > limit:
            return Healed(monotonic() - began, missing)
        await asyncio.sleep(LOOK_EVERY)


async def drain(house: House, limit: float) -> Healed:
    """Until nothing is left to do for anyone; nobody emits any more."""
    began = monotonic()
    before: Standing | None = None
    while True:
        now = await look(house)
        missing = ["Kafka or Postgres does not answer"]
        if now is not None:
            missing = now.behind(now)
            missing += [f"{s} has an outbox" for s, o in now.outboxes.items() if o]
            if now.embargoes:
                missing.append(f"{now.embargoes} embargoes have not passed")
            if not missing and before != now:
                missing = ["something was still said"]
            missing = missing or await unready(house)
        before = now
        if not missing or monotonic() - began > limit:
            return Healed(monotonic() - began, missing)
        await asyncio.sleep(1.0)
