"""SQL of facts, grants and the availability log."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from schemas.identity import Ref, mark
from services.kit.batch import Arrived
from services.kit.checkpoint import Place, columns_of
from services.kit.db import Connection

from .rules import Row, Said, Share

KNOWN = "SELECT mark, value FROM fact WHERE mark = ANY($1::bytea[])"
FACT_COLUMNS = (
    "mark",
    "subject",
    "source",
    "fact_id",
    "topic",
    "topic_id",
    "partition",
    "position",
    "appended",
    "type",
    "said_by",
    "speaker",
    "readers",
    "visibility",
    "recipients",
    "grant_source",
    "grant_id",
    "audience",
    "not_before",
    "counterpart",
    "names",
    "names_type",
    "value",
    "initiatives",
    "hash",
)
# within a partition facts are committed in order, for its checkpoint is locked: what
# lies between the sequencer and the checkpoint is all there, and nothing else is
NEW = """
SELECT f.*
  FROM checkpoint AS k
  LEFT JOIN sequenced AS s USING (topic, topic_id, partition)
 CROSS JOIN LATERAL (
       SELECT * FROM fact AS f
        WHERE (f.topic, f.topic_id, f.partition) = (k.topic, k.topic_id, k.partition)
          AND f.position >= coalesce(s.next, 0) AND f.position < k.next
          AND NOT EXISTS (SELECT FROM late WHERE late.mark = f.mark)
        ORDER BY f.position LIMIT $2) AS f
 WHERE k.group_id = $1 AND k.next > coalesce(s.next, 0)
 ORDER BY f.appended, f.topic, f.partition, f.position
 LIMIT $2
"""
# whether there are facts to take; whether anything is parked, or was until lately
ANYTHING_NEW = """
SELECT EXISTS (
       SELECT FROM checkpoint AS k
         LEFT JOIN sequenced AS s USING (topic, topic_id, partition)
        WHERE k.group_id = $1 AND k.next > coalesce(s.next, 0)
          AND EXISTS (
              SELECT FROM fact AS f
               WHERE (f.topic, f.topic_id, f.partition)
                     = (k.topic, k.topic_id, k.partition)
                 AND f.position >= coalesce(s.next, 0) AND f.position < k.next
                 AND NOT EXISTS (SELECT FROM late WHERE late.mark = f.mark)))
       AS facts,
       EXISTS (SELECT FROM late WHERE NOT taken) OR EXISTS (SELECT FROM closed)
       OR EXISTS (SELECT FROM closes) AS parking
"""
ADVANCE = """
INSERT INTO sequenced (topic, topic_id, partition, next)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[])
    ON CONFLICT (topic, topic_id, partition) DO UPDATE SET next = excluded.next
"""
SHARES = """
SELECT subject, source, fact_id, audience, not_before, known, opened, ended
  FROM share WHERE subject = ANY($1::text[])
"""
# facts that an earlier step has taken
HISTORY = """
SELECT * FROM taken_fact WHERE subject = ANY($1::text[])
"""
# the same of items: those that are asked for, and those about these initiatives
OF_ITEMS = """
SELECT * FROM taken_fact
 WHERE readers = 'arena' AND subject IN (
       SELECT unnest($1::text[])
        UNION SELECT subject FROM fact
               WHERE initiatives <> '{}' AND initiatives && $2::text[])
"""
ISSUED = """
SELECT * FROM fact WHERE type = 'advice.issued' AND subject = ANY($1::text[])
"""
# what these facts name, and what names them, if a step has taken it
TIED = """
SELECT * FROM taken_fact WHERE mark = ANY($1::bytea[])
 UNION
SELECT * FROM taken_fact WHERE names = ANY($2::bytea[])
"""
NAMED = "SELECT * FROM fact WHERE mark = ANY($1::bytea[])"
ROWS = """
SELECT mark, channel, position FROM available
 WHERE mark = ANY($1::bytea[]) AND void_step IS NULL
"""
SAVE_SHARES = """
INSERT INTO share (subject, source, fact_id, audience, not_before, known, opened, ended)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (subject, source, fact_id) DO UPDATE
   SET audience = excluded.audience, not_before = excluded.not_before,
       known = excluded.known, opened = excluded.opened, ended = excluded.ended
"""
LOCK_SEQUENCE = """
SELECT position, step, greatest(at, clock_timestamp()) AS now
  FROM sequence FOR UPDATE
"""
# and wakes who waits for the feed
MOVE_SEQUENCE = """
WITH noted AS (
    INSERT INTO step (step, tag) VALUES ($2, $4)),
moved AS (
    UPDATE sequence SET position = $1, step = $2, at = $3 RETURNING true)
SELECT pg_notify('delivery_step', '') FROM moved
"""
VOID = "UPDATE available SET void_step = $2 WHERE position = ANY($1::bigint[])"


@dataclass(frozen=True, slots=True)
class LogEnd:
    """Where the availability log ends; `now` is the database's clock, never back."""

    position: int
    step: int
    now: datetime


async def known(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Earlier records, by mark."""
    return {row["mark"]: row["value"] for row in await conn.fetch(KNOWN, marks)}


async def add_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    await conn.copy_records_to_table(
        "fact", records=map(record_of, facts), columns=FACT_COLUMNS
    )


def record_of(each: Arrived) -> tuple[object, ...]:
    fact = each.fact
    return (
        fact.mark,
        fact.subject,
        fact.source,
        fact.id,
        each.place.topic,
        each.place.topic_id,
        each.place.partition,
        each.offset,
        each.appended,
        fact.type.name,
        fact.type.group,
        fact.speaker,
        fact.readers,
        fact.visibility,
        fact.recipients,
        None if fact.grant is None else fact.grant.source,
        None if fact.grant is None else fact.grant.id,
        fact.audience,
        getattr(fact.data, "not_before", None),
        fact.counterpart,
        None
        if fact.named is None
        else mark(fact.subject, fact.named.source, fact.named.id),
        fact.named_type,
        each.value,
        fact.initiatives,
        fact.hash if fact.in_arena else None,
    )


async def anything_new(conn: Connection, group: str) -> tuple[bool, bool]:
    """Whether a step would find facts, and whether anything is or was parked.

    A look that writes nothing.
    """
    (row,) = await conn.fetch(ANYTHING_NEW, group)
    return row["facts"], row["parking"]


async def new_facts(conn: Connection, group: str, most: int) -> list[asyncpg.Record]:
    """What no step has taken yet, each partition in its order."""
    return await conn.fetch(NEW, group, most)


async def advance(conn: Connection, taken: Mapping[Place, int]) -> None:
    places = sorted(taken)
    await conn.execute(
        ADVANCE,
        *columns_of(places),
        [taken[place] for place in places],
    )


async def shares(
    conn: Connection, subjects: Sequence[str]
) -> dict[str, dict[Ref, Share]]:
    """Grants of each initiative, as earlier steps have left them."""
    found: dict[str, dict[Ref, Share]] = {}
    for row in await conn.fetch(SHARES, subjects):
        share = share_of(row)
        found.setdefault(row["subject"], {})[share.ref] = share
    return found


def share_of(row: asyncpg.Record) -> Share:
    return Share(
        Ref(row["source"], row["fact_id"]),
        frozenset(row["audience"]),
        row["not_before"],
        row["known"],
        row["opened"],
        row["ended"],
    )


async def save_shares(conn: Connection, changed: Iterable[tuple[str, Share]]) -> None:
    await conn.executemany(
        SAVE_SHARES,
        [
            (
                subject,
                share.ref.source,
                share.ref.id,
                sorted(share.audience),
                share.not_before,
                share.known,
                share.opened,
                share.ended,
            )
            for subject, share in changed
        ],
    )


async def history(conn: Connection, subjects: Sequence[str]) -> list[Said]:
    """What earlier steps have taken of these initiatives."""
    return [said_of(row) for row in await conn.fetch(HISTORY, subjects)]


async def of_items(
    conn: Connection, items: Sequence[str], initiatives: Sequence[str]
) -> list[Said]:
    """What earlier steps have taken of these items, and of those about initiatives."""
    if not (items or initiatives):
        return []
    return [said_of(row) for row in await conn.fetch(OF_ITEMS, items, initiatives)]


async def issued(conn: Connection, items: Sequence[str]) -> list[Said]:
    """Advice that was given on these items."""
    rows = await conn.fetch(ISSUED, items) if items else []
    return [said_of(row) for row in rows]


async def tied(conn: Connection, arrivals: Sequence[Said]) -> list[Said]:
    """What earlier steps have taken that these facts name, or that names them."""
    names = [said.names for said in arrivals if said.names is not None]
    rows = await conn.fetch(TIED, names, [said.mark for said in arrivals])
    return [said_of(row) for row in rows]


async def named(conn: Connection, facts: Iterable[Said]) -> dict[bytes, Said]:
    """The facts that these are about, by mark."""
    marks = [said.names for said in facts if said.names is not None]
    rows = await conn.fetch(NAMED, marks) if marks else []
    return {row["mark"]: said_of(row) for row in rows}


async def rows_of(conn: Connection, facts: Mapping[bytes, Said]) -> list[Row]:
    """Lines of the log that still stand, for these facts."""
    return [
        Row(facts[row["mark"]], row["channel"], row["position"])
        for row in await conn.fetch(ROWS, list(facts))
    ]


def said_of(row: asyncpg.Record) -> Said:
    grant = row["grant_source"]
    return Said(
        mark=row["mark"],
        subject=row["subject"],
        ref=Ref(row["source"], row["fact_id"]),
        said_by=row["said_by"],
        speaker=row["speaker"],
        readers=row["readers"],
        visibility=row["visibility"],
        recipients=tuple(row["recipients"]),
        grant=None if grant is None else Ref(grant, row["grant_id"]),
        audience=frozenset(row["audience"]),
        not_before=row["not_before"],
        type=row["type"],
        order=(row["appended"], row["topic"], row["partition"], row["position"]),
        counterpart=row["counterpart"],
        names=row["names"],
        names_type=row["names_type"],
        initiatives=tuple(row["initiatives"]),
        hash=row["hash"],
    )


def place_of(row: asyncpg.Record) -> Place:
    return Place(row["topic"], row["topic_id"], row["partition"])


async def lock_sequence(conn: Connection) -> LogEnd:
    """The end of the log, locked: one step at a time, whatever the leases say."""
    (row,) = await conn.fetch(LOCK_SEQUENCE)
    return LogEnd(*row)


async def append_rows(
    conn: Connection, rows: Sequence[Row], end: LogEnd
) -> list[tuple[int, Row]]:
    """Write lines to the log after `end`; their positions, without a gap."""
    if not rows:
        return []
    placed = list(enumerate(rows, end.position + 1))
    await conn.copy_records_to_table(
        "available",
        records=[
            (n, row.channel, row.said.subject, row.said.mark, end.step + 1, end.now)
            for n, row in placed
        ],
        columns=("position", "channel", "subject", "mark", "step", "at"),
    )
    return placed


async def void(conn: Connection, rows: Sequence[Row], step: int) -> None:
    """The covers of these lines have ended."""
    await conn.execute(VOID, [row.position for row in rows], step)


async def move_sequence(conn: Connection, end: LogEnd, added: int, tag: UUID) -> None:
    """The step is taken; `tag` tells it from one that a lost database has taken."""
    await conn.execute(MOVE_SEQUENCE, end.position + added, end.step + 1, end.now, tag)
