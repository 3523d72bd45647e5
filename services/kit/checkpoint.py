"""Checkpoints: how far a group has applied a partition, kept with the effects."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import asyncpg

from .db import Connection, Pool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A partition of a topic; the topic's id tells it from one made anew."""

    topic: str
    topic_id: str
    partition: int


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The next offset to apply, and the append time of the last one applied.

    `parks` where facts of the partition may be parked: then it is to be asked which.
    `last` is what the last record was, as a hash; None where it is not known.
    """

    next: int
    appended: datetime
    parks: bool = False
    last: bytes | None = None


class Fenced(Exception):
    """Another member moved the checkpoint meanwhile; this one changes nothing."""


CREATE = """
INSERT INTO checkpoint (group_id, topic, topic_id, partition, next, appended, parks)
SELECT $1, topic, topic_id, partition, 0, $5,
       EXISTS (SELECT FROM parked WHERE (group_id, topic) = ($1, p.topic))
  FROM unnest($2::text[], $3::text[], $4::integer[]) AS p (topic, topic_id, partition)
    ON CONFLICT DO NOTHING
"""
READ = """
SELECT topic, topic_id, partition, next, appended, parks,
       CASE WHEN last_at = next - 1 THEN last END
  FROM checkpoint
 WHERE group_id = $1
   AND (topic, topic_id, partition) IN (
       SELECT * FROM unnest($2::text[], $3::text[], $4::integer[]))
 ORDER BY topic, topic_id, partition
"""
LOCK = READ + "FOR UPDATE"
MOVE = """
UPDATE checkpoint AS c
   SET next = p.next, appended = p.appended, last_at = p.next - 1, last = p.last,
       updated = now()
  FROM unnest($2::text[], $3::text[], $4::integer[], $5::bigint[], $6::bigint[],
              $7::timestamptz[], $8::bytea[])
       AS p (topic, topic_id, partition, was, next, appended, last)
 WHERE c.group_id = $1 AND c.next = p.was
   AND (c.topic, c.topic_id, c.partition) = (p.topic, p.topic_id, p.partition)
"""


async def find(
    pool: Pool, group: str, places: Collection[Place]
) -> dict[Place, Checkpoint]:
    """Where to begin in each place; at 0 where the group has never been."""
    async with pool.acquire() as conn:
        await create(conn, group, places)
        return by_place(await conn.fetch(READ, group, *columns_of(places)))


async def read(
    pool: Pool, group: str, places: Collection[Place]
) -> dict[Place, Checkpoint]:
    """Where the group stands in each place where it has been."""
    return by_place(await pool.fetch(READ, group, *columns_of(places)))


async def create(conn: Connection, group: str, places: Collection[Place]) -> None:
    """Begin at 0 where the group has never been."""
    await conn.execute(CREATE, group, *columns_of(places), EPOCH)


async def lock(
    conn: Connection, group: str, places: Collection[Place]
) -> dict[Place, Checkpoint]:
    """The same, locked in sorted order until the transaction ends."""
    return by_place(await conn.fetch(LOCK, group, *columns_of(places)))


async def move(
    conn: Connection,
    group: str,
    was: Mapping[Place, Checkpoint],
    now: Mapping[Place, Checkpoint],
) -> None:
    """Compare and set. Raises `Fenced` where a checkpoint is not what it was."""
    if not now:
        return
    places = sorted(now)
    done = await conn.execute(
        MOVE,
        group,
        *columns_of(places),
        [was[place].next for place in places],
        [now[place].next for place in places],
        [now[place].appended for place in places],
        [now[place].last for place in places],
    )
    if done != f"UPDATE {len(places)}":
        raise Fenced


def columns_of(places: Collection[Place]) -> tuple[list[str], list[str], list[int]]:
    found = sorted(places)
    return (
        [place.topic for place in found],
        [place.topic_id for place in found],
        [place.partition for place in found],
    )


def by_place(rows: Iterable[asyncpg.Record]) -> dict[Place, Checkpoint]:
    return {Place(*row[:3]): Checkpoint(*row[3:]) for row in rows}
