"""Closing: while a word of the owner is parked, nothing of its initiative goes out.

It may be the end of a grant. To the speakers themselves their own words stay open. The
sequencer voids the lines; until it has, a page of the feed ends before them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg

from schemas.identity import owner_of
from services.kit.db import Connection

NOW_CLOSES = "SELECT subject FROM closes WHERE subject = ANY($1::text[])"
# one look: what is parked, what was parked and is still to be taken, what is closed
LOOK = """
SELECT 'parked' AS why, subject, NULL AS speaker FROM closes
 UNION ALL
SELECT 'late', f.subject, f.speaker
  FROM late AS l JOIN fact AS f USING (mark)
 WHERE NOT l.taken
 UNION ALL
SELECT 'closed', subject, NULL FROM closed
"""
CLOSE = "INSERT INTO closed SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"
OPEN = "DELETE FROM closed WHERE subject = ANY($1::text[])"
ADD_LATE = """
INSERT INTO late (mark) SELECT unnest($1::bytea[])
    ON CONFLICT (mark) DO UPDATE SET taken = false
"""
LATE = """
SELECT f.*
  FROM late AS l JOIN fact AS f USING (mark)
 WHERE NOT l.taken
 ORDER BY f.appended, f.topic, f.partition, f.position
 LIMIT $1
"""
TAKEN = "UPDATE late SET taken = true WHERE mark = ANY($1::bytea[])"
# those that the sequencer has gone past cannot come again
FORGET = """
DELETE FROM late AS l
 USING fact AS f JOIN sequenced AS s USING (topic, topic_id, partition)
 WHERE l.taken AND l.mark = f.mark AND f.position < s.next
"""
REMOVE = "DELETE FROM late WHERE mark = ANY($1::bytea[])"


@dataclass(frozen=True, slots=True)
class Closing:
    """Which initiatives are to be closed in a step, and which were before it."""

    shut: frozenset[str] = frozenset()
    before: frozenset[str] = frozenset()

    @property
    def turned(self) -> frozenset[str]:
        """Those that are closed or opened again now."""
        return self.shut ^ self.before


async def look(conn: Connection) -> Closing:
    """To be asked before a step takes facts: what is parked later closes the next one.

    An initiative opens again only when all that its owner had parked has been taken.
    """
    rows = await conn.fetch(LOOK)
    parked = {row["subject"] for row in rows if row["why"] == "parked"}
    closed = {row["subject"] for row in rows if row["why"] == "closed"}
    late = {
        row["subject"]
        for row in rows
        if row["why"] == "late" and row["speaker"] == owner_of(row["subject"])
    }
    return Closing(frozenset(parked | (late & closed)), frozenset(closed))


async def save(conn: Connection, closing: Closing) -> None:
    if closing.turned:
        await conn.execute(CLOSE, list(closing.shut - closing.before))
        await conn.execute(OPEN, list(closing.before - closing.shut))


async def now_closed(conn: Connection, subjects: Iterable[str]) -> frozenset[str]:
    """Those of which a word of the owner is parked at this moment."""
    rows = await conn.fetch(NOW_CLOSES, list(subjects))
    return frozenset(row["subject"] for row in rows)


async def add_late(conn: Connection, marks: list[bytes]) -> None:
    """Facts that the sequencer is to take though it may have gone past them."""
    await conn.execute(ADD_LATE, marks)


async def late_facts(conn: Connection, most: int) -> list[asyncpg.Record]:
    """Facts that were parked, and are to be taken now."""
    return await conn.fetch(LATE, most)


async def taken(conn: Connection, marks: list[bytes]) -> None:
    """They have been taken."""
    await conn.execute(TAKEN, marks)
    await conn.execute(FORGET)


async def remove(conn: Connection, marks: list[bytes]) -> None:
    """They are parked again."""
    await conn.execute(REMOVE, marks)
