"""SQL of the registry: the archive, the states, and where lists look first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import asyncpg

from services.kit.batch import Arrived
from services.kit.db import Connection

from .state import State, from_bytes, to_bytes

KNOWN = "SELECT mark, value FROM archive WHERE mark = ANY($1::bytea[])"
ARCHIVE_COLUMNS = (
    "mark",
    "subject",
    "topic",
    "topic_id",
    "partition",
    "position",
    "appended",
    "value",
)
STATES = "SELECT subject, body FROM initiative WHERE subject = ANY($1::text[])"
SAVE = """
INSERT INTO initiative (subject, place, body)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::bytea[])
    ON CONFLICT (subject) DO UPDATE SET body = excluded.body
"""
LIST_UNDER = """
INSERT INTO listed (channel, place, subject)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[])
    ON CONFLICT DO NOTHING
"""
PAGE = """
SELECT DISTINCT l.place, i.subject, i.body
  FROM unnest($1::text[]) AS c (channel)
 CROSS JOIN LATERAL (
       SELECT place, subject FROM listed AS l
        WHERE l.channel = c.channel
          AND ($2::bytea IS NULL OR l.place > $2)
          AND ($3::text IS NULL OR l.subject LIKE $3 || ':%')
        ORDER BY l.place LIMIT $4) AS l
  JOIN initiative AS i USING (subject)
 ORDER BY l.place
 LIMIT $4
"""
HISTORY = """
SELECT topic, partition, position, appended, value
  FROM archive
 WHERE subject = $1
   AND ($2::timestamptz IS NULL OR (appended, topic, partition, position)
                                   > ($2, $3::text, $4::integer, $5::bigint))
 ORDER BY appended, topic, partition, position
 LIMIT $6
"""


@dataclass(frozen=True, slots=True, order=True)
class Stands:
    """Where a record of the archive stands on Kafka, and since when."""

    appended: datetime
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Archived:
    """A record of the archive."""

    stands: Stands
    value: bytes


def place_in_lists(subject: str) -> bytes:
    """A fixed place that no owner and no line can choose."""
    return blake2b(subject.encode(), digest_size=8, person=b"tidlig list").digest()


async def known(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Earlier records, by mark."""
    return {row["mark"]: row["value"] for row in await conn.fetch(KNOWN, marks)}


async def archive(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Keep the exact bytes with coordinates and times."""
    await conn.copy_records_to_table(
        "archive", records=map(archived_columns, facts), columns=ARCHIVE_COLUMNS
    )


def archived_columns(each: Arrived) -> tuple[object, ...]:
    return (
        each.fact.mark,
        each.fact.subject,
        each.place.topic,
        each.place.topic_id,
        each.place.partition,
        each.offset,
        each.appended,
        each.value,
    )


async def states(conn: Connection, subjects: Sequence[str]) -> dict[str, State]:
    """The states of those initiatives that have one."""
    return {
        row["subject"]: from_bytes(row["subject"], row["body"])
        for row in await conn.fetch(STATES, subjects)
    }


async def save(conn: Connection, found: Iterable[State]) -> None:
    """Keep the states, each in its fixed place."""
    ordered = sorted(found, key=lambda state: state.subject)
    await conn.execute(
        SAVE,
        [state.subject for state in ordered],
        [place_in_lists(state.subject) for state in ordered],
        [to_bytes(state) for state in ordered],
    )


async def list_under(conn: Connection, found: Mapping[str, set[str]]) -> None:
    """Let lists find each initiative under these channels too."""
    rows = sorted((channel, s) for s, channels in found.items() for channel in channels)
    await conn.execute(
        LIST_UNDER,
        [channel for channel, _ in rows],
        [place_in_lists(subject) for _, subject in rows],
        [subject for _, subject in rows],
    )


async def page(
    conn: Connection,
    channels: Sequence[str],
    after: bytes | None,
    owner: str | None,
    limit: int,
) -> list[tuple[bytes, State]]:
    """Initiatives that may have something for these channels, in their fixed order."""
    rows = await conn.fetch(PAGE, channels, after, owner, limit)
    return [(row["place"], from_bytes(row["subject"], row["body"])) for row in rows]


async def history(
    conn: Connection, subject: str, after: Stands | None, limit: int
) -> list[Archived]:
    """Records about an initiative, in the order in which they came to Kafka."""
    begun = (None, None, None, None) if after is None else columns_of(after)
    rows = await conn.fetch(HISTORY, subject, *begun, limit)
    return [Archived(stands_of(row), row["value"]) for row in rows]


def columns_of(stands: Stands) -> tuple[object, ...]:
    return (stands.appended, stands.topic, stands.partition, stands.offset)


def stands_of(row: asyncpg.Record) -> Stands:
    return Stands(row["appended"], row["topic"], row["partition"], row["position"])
