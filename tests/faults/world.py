"""What is there after a run: topics, tables, feeds and the ledger, side by side."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import asyncpg
from confluent_kafka import (
    ConsumerGroupTopicPartitions,
)
from confluent_kafka.admin import AdminClient

from . import healing, ledger
from .followers import Follower
from .house import House
from .ledger import Emitted, Identity
from .records import Coordinates, Record, read_topics


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact that a service has stored, and where it lay."""

    mark: bytes
    subject: str
    at: Coordinates
    value: bytes
    turn: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A row that was put into an outbox, as the witness saw it."""

    service: str
    seq: int
    topic: str
    key: bytes
    value: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """A group's checkpoint, the partition's end, and what Kafka has noted of it."""

    checkpoint: int
    end: int
    noted: int | None


@dataclass
class World:
    """All that the invariants are asked of; nothing in it is asked again."""

    emitted: dict[Identity, Emitted] = field(default_factory=dict)
    records: list[Record] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    receipts: dict[bytes, str] = field(default_factory=dict)
    archive: list[Kept] = field(default_factory=list)
    # subject: how many facts its state rests on, and the state
    states: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    delivered: list[Kept] = field(default_factory=list)
    # positions of the availability log, in order, and where it says it ends
    log: list[int] = field(default_factory=list)
    log_end: int = 0
    parked: list[str] = field(default_factory=list)
    followed: list[Follower] = field(default_factory=list)
    feeds: list[Follower] = field(default_factory=list)
    # by group, topic and partition
    places: dict[tuple[str, str, int], Place] = field(default_factory=dict)
    said_in_logs: list[str] = field(default_factory=list)


RECEIPTS = "SELECT mark, id::text FROM intake.receipt"
ARCHIVE = """
SELECT mark, subject, topic, partition, position, value, turn FROM registry.archive
"""
STATES = "SELECT subject, turn, body FROM registry.initiative"
DELIVERED = """
SELECT mark, subject, topic, partition, position, value FROM delivery.fact
"""
LOG = "SELECT position FROM delivery.available ORDER BY position"
WRITTEN = "SELECT * FROM witness.outbox ORDER BY service, seq"
PARKED = """
SELECT 'registry ' || subject || ' ' || coalesce(place, 'waits')
  FROM registry.parked
UNION ALL
SELECT 'delivery ' || subject || ' ' || coalesce(place, 'waits') FROM delivery.parked
UNION ALL
SELECT service || ' ' || reason FROM (
    SELECT 'intake' AS service, reason FROM intake.outbox_parked
    UNION ALL SELECT 'registry', reason FROM registry.outbox_parked
    UNION ALL SELECT 'delivery', reason FROM delivery.outbox_parked) AS p
"""


async def collect(
    house: House, followed: Sequence[Follower], feeds: Sequence[Follower]
) -> World:
    """Look at everything once."""
    world = World(followed=list(followed), feeds=list(feeds))
    world.emitted = ledger.read(house.ledger)
    world.records = read_topics(house.bootstrap)
    conn = await asyncpg.connect(house.database)
    try:
        await from_tables(conn, world)
    finally:
        await conn.close()
    world.places = await places(house)
    world.said_in_logs = canaries_in(house.folder / "log")
    return world


async def from_tables(conn: "asyncpg.Connection[asyncpg.Record]", world: World) -> None:
    world.receipts = dict([tuple(row) for row in await conn.fetch(RECEIPTS)])
    world.archive = [
        Kept(mark, subject, (topic, n, offset), value, turn)
        for mark, subject, topic, n, offset, value, turn in await conn.fetch(ARCHIVE)
    ]
    world.states = {s: (turn, body) for s, turn, body in await conn.fetch(STATES)}
    world.delivered = [
        Kept(mark, subject, (topic, n, offset), value)
        for mark, subject, topic, n, offset, value in await conn.fetch(DELIVERED)
    ]
    world.log = [position for (position,) in await conn.fetch(LOG)]
    world.log_end = await conn.fetchval("SELECT position FROM delivery.sequence")
    world.written = [Written(*row) for row in await conn.fetch(WRITTEN)]
    world.parked = [text for (text,) in await conn.fetch(PARKED)]


async def places(house: House) -> dict[tuple[str, str, int], Place]:
    """How far each group is, by Postgres and by Kafka. Raises `TimeoutError`."""
    standing = await healing.look(house)
    if standing is None:
        raise TimeoutError("Kafka or Postgres does not answer")
    noted = await asyncio.to_thread(noted_in_kafka, house.bootstrap)
    return {
        (group, topic, n): Place(
            standing.checkpoints.get((group, topic, n), 0),
            end,
            noted.get((group, topic, n)),
        )
        for group, names in healing.GROUPS.items()
        for (topic, n), end in standing.ends.items()
        if topic in names
    }


def noted_in_kafka(bootstrap: str) -> dict[tuple[str, str, int], int]:
    """The offsets that groups have committed to Kafka."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    found = {}
    for group in healing.GROUPS:
        asked = admin.list_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group)], request_timeout=20
        )
        for tp in asked[group].result().topic_partitions:
            if tp.offset >= 0:
                found[group, tp.topic, tp.partition] = tp.offset
    return found


def canaries_in(folder: Path) -> list[str]:
    """Lines of any log that hold a text which somebody said."""
    return [
        f"{path.name}: {line.decode(errors='replace')[:300]}"
        for path in sorted(folder.glob("*.log"))
        if path.name != "emitter.log"
        for line in path.read_bytes().splitlines()
        if b"kanari" in line
    ]
