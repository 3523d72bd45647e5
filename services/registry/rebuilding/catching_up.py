"""What came while the archive was folded is folded too, from where the run stands.

It is not made findable here: the service does that whenever more is said, and until
then lists look at it anyway. So the last facts are quickly folded.
"""

from collections.abc import Sequence

import asyncpg

from services.kit.db import Connection
from services.registry.state import State
from services.registry.store import Kept, Stored

from . import folding, of_arena
from .beside import Beside
from .folding import Made
from .writing import Rows, forget, write

AT_ONCE = 200
# all that the archive has is counted: a fact that was parked came with an old offset
BEHIND = """
SELECT a.subject, a.facts
  FROM (SELECT subject, count(*) AS facts FROM archive GROUP BY subject) AS a
  LEFT JOIN {initiative} AS b USING (subject)
 WHERE b.turn IS DISTINCT FROM a.facts
 ORDER BY a.subject
"""
STANDING = """
SELECT place, subject, turn, reached, body
  FROM {initiative} WHERE subject = ANY($1::text[])
"""
NOTE_LATE = """
INSERT INTO {late} SELECT * FROM unnest($1::text[]) ON CONFLICT DO NOTHING
"""


async def catch_up(conn: Connection, beside: Beside) -> int:
    """Fold what is in the archive and not beside; how many facts that were.

    In one transaction, which may be the caller's. Raises `Unfoldable`.
    """
    facts = 0
    async with conn.transaction():
        behind = await conn.fetch(beside.sql(BEHIND))
        for n in range(0, len(behind), AT_ONCE):
            facts += await fold_on(conn, beside, behind[n : n + AT_ONCE])
        facts += await of_arena.catch_up(conn, beside)
    return facts


async def fold_on(
    conn: Connection, beside: Beside, behind: Sequence[asyncpg.Record]
) -> int:
    subjects = [row["subject"] for row in behind]
    found = await conn.fetch(beside.sql(STANDING), subjects)
    standing = {row["subject"]: Stored(**dict(row)).kept for row in found}
    begun = [standing.get(subject, Kept(State(subject))) for subject in subjects]
    later = {e.kept.subject: e async for e in folding.since(conn, begun)}
    rows, facts, anew = Rows(), 0, []
    for was, (subject, due) in zip(begun, behind, strict=True):
        made = later.get(subject)
        if made is None or not is_whole(made, due):
            made = await from_the_first(conn, subject)
            anew.append(subject)
        facts += made.kept.turn - was.turn
        rows.add(made)
    await forget(conn, beside, subjects, wholly=False)
    await forget(conn, beside, anew, wholly=True)
    await write(conn, beside, rows)
    await conn.execute(beside.sql(NOTE_LATE), subjects)
    return facts


def is_whole(made: Made, due: int) -> bool:
    """Whether turns in the archive told of all that was new, and of nothing else."""
    return made.kept.turn >= due and not made.turned


async def from_the_first(conn: Connection, subject: str) -> Made:
    found = [made async for made in folding.between(conn, subject, subject)]
    return found[0]
