"""Redrive: parked facts are applied in their order, in one transaction.

The checkpoint of their partition is locked, so that no batch of it runs meanwhile; it
may be asked for while the service runs, in another process, and by several at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import asyncpg

from . import metrics, parked
from .batch import Arrived
from .db import Connection, Pool, transaction
from .parked import Cause, Key
from .search import Search, Take

LOCK_PLACES = """
SELECT FROM checkpoint AS c
 WHERE c.group_id = $1
   AND (c.topic, c.partition) IN (
       SELECT topic, partition FROM parked
        WHERE (group_id, speaker, subject) = ($1, $2, $3))
 ORDER BY c.topic, c.topic_id, c.partition
   FOR UPDATE
"""
# what has failed and is set aside is left where it is
LOCK_FACTS = """
SELECT p.*
  FROM parked AS p
 WHERE (group_id, speaker, subject) = ($1, $2, $3)
   AND (error_class IS NULL OR NOT EXISTS (
       SELECT FROM set_aside AS s
        WHERE (s.group_id, s.mark, s.type) = (p.group_id, p.mark, p.type) AND s.aside))
 ORDER BY n
   FOR UPDATE
"""
APPLIED = "DELETE FROM parked WHERE group_id = $1 AND mark = ANY($2::bytea[])"
FAILED = """
UPDATE parked SET error_class = $3, place = $4 WHERE group_id = $1 AND mark = $2
"""
NOTE = """
INSERT INTO redriven (group_id, speaker, subject, reason, applied, waiting)
VALUES ($1, $2, $3, $4, $5, $6)
"""
KEYS = """
SELECT speaker, subject
  FROM standing
 WHERE group_id = $1 AND NOT aside
 GROUP BY speaker, subject
 ORDER BY min(n)
"""
# nothing holds them back any more, and nobody has gone on
FREE = """
SELECT speaker, subject
  FROM standing
 WHERE group_id = $1 AND NOT aside
 GROUP BY speaker, subject
HAVING NOT bool_or(error_class IS NOT NULL AND NOT released)
 ORDER BY min(n)
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How many facts were applied, how many still wait, and what stopped the rest."""

    applied: int
    waiting: int
    cause: Cause | None = None


async def keys(pool: Pool, group: str) -> list[Key]:
    """Whose facts, and on what, are parked and not set aside; the oldest first."""
    return [(row[0], row[1]) for row in await pool.fetch(KEYS, group)]


async def free(pool: Pool, group: str) -> list[Key]:
    """Those of which nothing is held back any more: what did so was set aside."""
    return [(row[0], row[1]) for row in await pool.fetch(FREE, group)]


async def redrive(pool: Pool, group: str, take: Take, key: Key, reason: str) -> Outcome:
    """Apply a speaker's parked facts on an initiative, up to the first that fails.

    Raises `Inadmissible`, and what passes by itself.
    """
    async with transaction(pool) as conn:
        await conn.execute(LOCK_PLACES, group, *key)
        rows = await conn.fetch(LOCK_FACTS, group, *key)
        if not rows:
            return Outcome(0, 0)
        outcome = await apply(conn, group, take, rows)
        await conn.execute(NOTE, group, *key, reason, outcome.applied, outcome.waiting)
    metrics.FACTS_REDRIVEN.labels(group).inc(outcome.applied)
    return outcome


async def apply(
    conn: Connection, group: str, take: Take, rows: Sequence[asyncpg.Record]
) -> Outcome:
    facts = [parked.arrived_again(row) for row in rows]
    search = Search(conn, group, take, most=len(facts))
    await search.through(facts)
    marks = [each.fact.mark for each in search.applied]
    await conn.execute(APPLIED, group, marks)
    failed = [each for each in search.parked if each.cause is not None]
    await note_failed(conn, group, [(e.arrived, e.cause) for e in failed if e.cause])
    cause = failed[0].cause if failed else None
    return Outcome(len(marks), len(rows) - len(marks), cause)


async def note_failed(
    conn: Connection, group: str, failed: Sequence[tuple[Arrived, Cause]]
) -> None:
    await conn.executemany(
        FAILED,
        [
            (group, each.fact.mark, cause.error_class, cause.place)
            for each, cause in failed
        ],
    )
