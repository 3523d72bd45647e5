"""Parked facts: what the code cannot apply, and what waits behind it.

A speaker's later facts on the same initiative wait; all else goes on. The error's text
is never kept, for it may hold what a fact says: only its class and where it came from.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from schemas.admission import admit
from schemas.fact import Fact

from .batch import Arrived
from .checkpoint import Place
from .db import Connection

# (speaker, initiative): whose facts wait, and on what
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a fact is parked: the error's class, and the place in our code."""

    error_class: str
    place: str


@dataclass(frozen=True, slots=True)
class Parked:
    """A fact to park; without a cause it waits behind another of its speaker."""

    arrived: Arrived
    cause: Cause | None = None


class Inadmissible(Exception):
    """What was parked is no fact to this code: newer code has parked it."""


KNOWN = "SELECT mark, value FROM parked WHERE group_id = $1 AND mark = ANY($2::bytea[])"
HOLDING = """
SELECT DISTINCT speaker, subject
  FROM standing
 WHERE group_id = $1 AND NOT released AND subject = ANY($2::text[])
"""
ADD = """
INSERT INTO parked (group_id, mark, topic, topic_id, partition, position, appended,
                    speaker, subject, source, fact_id, type, value, error_class, place)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
"""
SAY_PARKS = """
UPDATE checkpoint SET parks = true
 WHERE group_id = $1 AND NOT parks
   AND (topic, topic_id, partition) IN (
       SELECT * FROM unnest($2::text[], $3::text[], $4::integer[]))
"""
# only for partitions whose checkpoints are locked
SAY_PARKS_NO_MORE = """
UPDATE checkpoint AS c SET parks = false
 WHERE group_id = $1 AND parks
   AND (topic, topic_id, partition) IN (
       SELECT * FROM unnest($2::text[], $3::text[], $4::integer[]))
   AND NOT EXISTS (
       SELECT FROM parked AS p WHERE (p.group_id, p.topic) = (c.group_id, c.topic))
"""
RELEASED = """
SELECT true FROM set_aside WHERE (group_id, mark, type) = ($1, $2, $3)
"""
# by identity, never by topic or arrival: part of the hash of a service's state
IDENTITIES = """
SELECT subject, source, fact_id, error_class IS NULL, aside
  FROM standing
 WHERE group_id = $1
 ORDER BY subject COLLATE "C", source COLLATE "C", fact_id COLLATE "C"
"""


def key_of(each: Arrived) -> Key:
    return each.fact.speaker, each.fact.subject


async def known(
    conn: Connection, group: str, marks: Sequence[bytes]
) -> dict[bytes, bytes]:
    """Records that are parked, by mark: parking sets the mark."""
    return {row["mark"]: row["value"] for row in await conn.fetch(KNOWN, group, marks)}


async def holding(
    conn: Connection, group: str, facts: Iterable[Arrived]
) -> frozenset[Key]:
    """Whose facts, and on what, wait behind one that is parked."""
    subjects = list({each.fact.subject for each in facts})
    rows = await conn.fetch(HOLDING, group, subjects)
    return frozenset((row["speaker"], row["subject"]) for row in rows)


async def was_released(conn: Connection, group: str, fact: Fact) -> bool:
    """Whether it was ever set aside: then nothing waits behind it, in any order."""
    found = await conn.fetchval(RELEASED, group, fact.mark, fact.type.name)
    return found is not None


async def add(conn: Connection, group: str, parked: Sequence[Parked]) -> None:
    """Park them, in this order. Their partitions' checkpoints must be locked."""
    await conn.executemany(ADD, [(group, *columns_of(each)) for each in parked])
    await say_parks(conn, group, {each.arrived.place for each in parked})


def columns_of(each: Parked) -> tuple[object, ...]:
    arrived, fact = each.arrived, each.arrived.fact
    place = arrived.place
    cause = each.cause
    return (
        fact.mark,
        place.topic,
        place.topic_id,
        place.partition,
        arrived.offset,
        arrived.appended,
        fact.speaker,
        fact.subject,
        fact.source,
        fact.id,
        fact.type.name,
        arrived.value,
        None if cause is None else cause.error_class,
        None if cause is None else cause.place,
    )


async def say_parks(conn: Connection, group: str, places: Collection[Place]) -> None:
    """Let who locks these checkpoints know that something is parked."""
    await conn.execute(SAY_PARKS, group, *unzipped(places))


async def say_parks_no_more(
    conn: Connection, group: str, places: Collection[Place]
) -> None:
    """The same taken back, where nothing of the topic is parked any more."""
    await conn.execute(SAY_PARKS_NO_MORE, group, *unzipped(places))


def unzipped(places: Collection[Place]) -> tuple[list[str], list[str], list[int]]:
    return (
        [place.topic for place in places],
        [place.topic_id for place in places],
        [place.partition for place in places],
    )


def arrived_again(row: asyncpg.Record) -> Arrived:
    """A parked fact as it came. Raises `Inadmissible`."""
    verdict = admit(row["value"], (), row["topic"], row["subject"].encode())
    if not isinstance(verdict, Fact):
        raise Inadmissible(
            f"a parked fact is to this code a {type(verdict).__name__}; "
            "run the newest code that has run here"
        )
    place = Place(row["topic"], row["topic_id"], row["partition"])
    appended, offset = row["appended"], row["position"]
    return Arrived(verdict, place, offset, appended, row["value"], late=True)


async def identities(conn: Connection, group: str) -> list[tuple[object, ...]]:
    """The parked set, sorted by identity: part of the state at equal checkpoints."""
    return [tuple(row) for row in await conn.fetch(IDENTITIES, group)]
