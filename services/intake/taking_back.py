"""SQL of catching up: receipts of facts that the database has forgotten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from schemas.fact import Fact
from services.kit.batch import Record, moment_of
from services.kit.checkpoint import Place, columns_of
from services.kit.db import Connection, Pool

# of the newest by id, for replicas' clocks differ; not of all, which are many
NEWEST = """
SELECT max(accepted)
  FROM (SELECT accepted FROM receipt ORDER BY id DESC LIMIT 1000) AS newest
"""
KNOWN_TO = "SELECT topic, topic_id, partition, next FROM known_to"
NOTE_KNOWN = """
INSERT INTO known_to AS k (topic, topic_id, partition, next)
SELECT * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[])
    ON CONFLICT (topic, topic_id, partition) DO UPDATE
   SET next = greatest(k.next, excluded.next)
"""
# of facts that are known it was not noted that they were published: now it is, and they
# are not sent once more, unless a relay has them in hand
TAKE_BACK = """
WITH given AS (
    SELECT DISTINCT ON (mark) *
      FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::text[],
                  $6::text[], $7::text[], $8::timestamptz[], $9::bytea[], $10::text[],
                  $11::integer[], $12::bigint[], $13::timestamptz[])
           AS g (id, mark, emitter, subject, source, event_id, type, accepted, record,
                 topic, partition, position, appended)
     ORDER BY mark, position),
known AS (
    SELECT mark, outbox_seq FROM receipt WHERE mark IN (SELECT mark FROM given)),
added AS (
    INSERT INTO receipt (id, mark, emitter, subject, source, event_id, type, accepted,
                         record, outbox_seq)
    SELECT id, mark, emitter, subject, source, event_id, type, accepted, record,
           nextval(pg_get_serial_sequence('outbox', 'seq'))
      FROM given
        ON CONFLICT (mark) DO NOTHING
    RETURNING mark, outbox_seq, accepted),
sent AS (
    DELETE FROM outbox WHERE seq IN (
        SELECT seq FROM outbox WHERE seq IN (SELECT outbox_seq FROM known)
           FOR UPDATE SKIP LOCKED)),
noted AS (
    INSERT INTO published (outbox_seq, topic, partition, position, appended)
    SELECT outbox_seq, topic, partition, position, appended
      FROM given
      JOIN (SELECT mark, outbox_seq FROM known
             UNION ALL SELECT mark, outbox_seq FROM added) AS places USING (mark)
        ON CONFLICT DO NOTHING)
SELECT accepted FROM added
"""
NAME_GAP = "INSERT INTO gap (since, taken_back) VALUES ($1, $2)"
GAPS = "SELECT since, until FROM gap ORDER BY n DESC"


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which facts that were answered 202 may be lost."""

    since: datetime
    until: datetime


async def newest(pool: Pool) -> datetime | None:
    """When the last fact was accepted that this database knows; None without any."""
    found: datetime | None = await pool.fetchval(NEWEST)
    return found


async def known_to(pool: Pool) -> dict[Place, int]:
    """How far each partition of the party topics is known."""
    return {Place(*row[:3]): row["next"] for row in await pool.fetch(KNOWN_TO)}


async def note_known(conn: Connection | Pool, known: Mapping[Place, int]) -> None:
    """What lies before these offsets has its receipt."""
    places = sorted(known)
    await conn.execute(
        NOTE_KNOWN,
        *columns_of(places),
        [known[place] for place in places],
    )


async def take_back(
    pool: Pool, published: Sequence[tuple[Fact, Record]]
) -> list[datetime]:
    """Give each its receipt, if it has none; when those were accepted."""
    rows = await pool.fetch(
        TAKE_BACK,
        [uuid7() for _ in published],
        [fact.mark for fact, _ in published],
        [fact.speaker for fact, _ in published],
        [fact.subject for fact, _ in published],
        [fact.source for fact, _ in published],
        [fact.id for fact, _ in published],
        [fact.attributes["type"] for fact, _ in published],
        [fact.accepted for fact, _ in published],
        [record.value for _, record in published],
        [record.topic for _, record in published],
        [record.partition for _, record in published],
        [record.offset for _, record in published],
        [moment_of(record) for _, record in published],
    )
    return [row["accepted"] for row in rows]


async def name_gap(pool: Pool, since: datetime, taken_back: int) -> None:
    """What was accepted since, and not published, is lost: from then until now."""
    await pool.execute(NAME_GAP, since, taken_back)


async def gaps(pool: Pool) -> list[Gap]:
    """All of them, the newest first."""
    return [Gap(*row) for row in await pool.fetch(GAPS)]
