"""Compares the views made anew with the live ones, row by row. SQL; changes nothing.

For one moment of the database: the caller holds a snapshot, or all locks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kit.db import Connection

from .beside import Beside

EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Compared:
    """How a live table is compared: its key, and what else must be the same.

    `live` and `anew` say which rows count.
    """

    table: str
    key: tuple[str, ...]
    values: tuple[str, ...]
    live: str = "true"
    anew: str = "true"

    @property
    def rows(self) -> str:
        """SQL of rows that differ: `l` is live, `b` is made anew; one may be null."""
        same_key = " AND ".join(f"l.{each} = b.{each}" for each in self.key)
        differs = "l.subject IS NULL OR b.subject IS NULL"
        if self.values:
            mine = ", ".join(f"l.{each}" for each in self.values)
            anew = ", ".join(f"b.{each}" for each in self.values)
            differs += f" OR ({mine}) IS DISTINCT FROM ({anew})"
        return (
            f" FROM (SELECT l.* FROM {self.table} AS l WHERE {self.live}) AS l"
            f" FULL JOIN (SELECT b.* FROM {{{self.table}}} AS b WHERE {self.anew}) AS b"
            f" ON {same_key} WHERE {differs}"
        )


# what has changed since it was indexed is not expected to be findable as it is
INDEXED = """NOT EXISTS (SELECT FROM unfindable AS u WHERE u.subject = {0}.subject)
    AND NOT EXISTS (SELECT FROM {{late}} AS c WHERE c.subject = {0}.subject)"""
# where facts name others a live milestone may be missing: none is kept of a batch in
# which one does, and how batches were cut is nobody's to say
BOTH_KEPT = """({0}.subject, {0}.turn) IN (
    SELECT subject, turn FROM {1})
    OR NOT EXISTS (SELECT FROM {{initiative}} AS i
                    WHERE i.subject = {0}.subject AND i.named)"""
ALL = (
    Compared("initiative", ("subject",), ("place", "turn", "reached", "body")),
    Compared("listed", ("subject", "channel"), ("place",)),
    Compared(
        "milestone",
        ("subject", "turn"),
        ("reached", "body"),
        BOTH_KEPT.format("l", "{milestone}"),
        BOTH_KEPT.format("b", "milestone"),
    ),
    Compared(
        "findable",
        ("subject",),
        ("place", "owner", "line", "phase", "short", "words"),
        INDEXED.format("l"),
        INDEXED.format("b"),
    ),
    Compared("dated", ("subject", "day"), (), INDEXED.format("l"), INDEXED.format("b")),
    Compared("concerns", ("initiative", "subject"), ()),
)
COUNT = """
SELECT count(*) FILTER (WHERE l.subject IS NULL) AS missing,
       count(*) FILTER (WHERE b.subject IS NULL) AS surplus,
       count(*) FILTER (WHERE l.subject = b.subject) AS wrong,
       (array_agg(DISTINCT coalesce(l.subject, b.subject)))[:{examples}] AS subjects
{rows}
"""
# facts whose turn in the archive is not the one in which they come
TURNS = """
SELECT 0 AS missing, 0 AS surplus, count(*) AS wrong,
       (array_agg(DISTINCT subject))[:{examples}] AS subjects
  FROM {{turned}}
"""
# what is parked has not been applied, or it would have an effect twice
PARKED_TOO = """
SELECT 0 AS missing, count(*) AS surplus, 0 AS wrong,
       (array_agg(DISTINCT a.subject))[:{examples}] AS subjects
  FROM (SELECT mark, subject FROM archive
         UNION ALL SELECT mark, subject FROM arena_fact) AS a
  JOIN parked AS p ON p.mark = a.mark WHERE p.group_id = $1
"""


@dataclass(frozen=True, slots=True)
class Difference:
    """What is amiss in a live table, beside what the archive makes of it.

    `subjects` are some of the initiatives.
    """

    table: str
    missing: int
    surplus: int
    wrong: int
    subjects: Sequence[str]

    @property
    def rows(self) -> int:
        return self.missing + self.surplus + self.wrong


async def differences(conn: Connection, beside: Beside, group: str) -> list[Difference]:
    """All that differs, table by table; nothing where the live views are right."""
    found = [await differing(conn, beside, each) for each in ALL]
    (turns,) = await conn.fetch(beside.sql(TURNS.format(examples=EXAMPLES)))
    (parked,) = await conn.fetch(PARKED_TOO.format(examples=EXAMPLES), group)
    found += [Difference("archive.turn", *turns), Difference("parked", *parked)]
    return [each for each in found if each.rows]


async def differing(conn: Connection, beside: Beside, each: Compared) -> Difference:
    query = COUNT.format(rows=each.rows, examples=EXAMPLES)
    (row,) = await conn.fetch(beside.sql(query))
    return Difference(each.table, *row)
