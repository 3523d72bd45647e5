"""What a reader is given from the availability log, and what it acknowledges."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from schemas import tracker
from schemas.identity import owner_of
from schemas.policy import Reader
from schemas.topics import TRACKER
from services.kit import outbox
from services.kit.db import Connection, Pool, snapshot, transaction
from services.kit.outbox import Outgoing

from . import store
from .judging import Judge
from .rules import Said
from .sealing import Cursor

log = structlog.get_logger()

# where the log ends, and whether it has the step that a cursor was made at
END = """
SELECT s.tag, q.position, q.step,
       $1::uuid IS NULL
       OR EXISTS (SELECT FROM step AS c WHERE (c.tag, c.step) = ($1, $2)) AS known
  FROM sequence AS q JOIN step AS s USING (step)
"""
# of several lines that open a fact to the reader, the lowest that is not void counts
PAGE = """
SELECT a.position AS line, f.*
  FROM unnest($1::text[]) AS c (channel)
 CROSS JOIN LATERAL (
       SELECT position, mark FROM available AS a
        WHERE a.channel = c.channel AND a.position > $2 AND a.position <= $3
          AND a.void_step IS NULL
          AND NOT EXISTS (
              SELECT FROM available AS b
               WHERE b.mark = a.mark AND b.channel = ANY($1::text[])
                 AND b.void_step IS NULL AND b.position < a.position)
        ORDER BY a.position LIMIT $4) AS a
  JOIN fact AS f USING (mark)
 ORDER BY a.position
 LIMIT $4
"""
# what stood at the step in which the page was made, and was not the reader's own word
ACKNOWLEDGE = """
INSERT INTO received (subject, orgnr)
SELECT DISTINCT a.subject, $1
  FROM available AS a JOIN fact AS f USING (mark)
 WHERE a.channel = ANY($2::text[]) AND a.position > $3 AND a.position <= $4
   AND a.step <= $5 AND (a.void_step IS NULL OR a.void_step > $5)
   AND f.said_by <> 'tracker' AND f.speaker <> $1
   AND split_part(a.subject, ':', 1) <> $1
    ON CONFLICT DO NOTHING
RETURNING subject, clock_timestamp() AS now
"""


class LogMadeAgain(Exception):
    """The cursor was made at a step that the log does not have, or has no more."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the log, with the record and the fact that it opens."""

    position: int
    value: bytes
    said: Said


@dataclass(frozen=True, slots=True)
class Page:
    """Facts for a reader, as they were accepted, and the cursor after them."""

    records: list[bytes]
    cursor: Cursor


async def page(pool: Pool, reader: Reader, cursor: Cursor | None, limit: int) -> Page:
    """What follows the cursor. Raises `LogMadeAgain`."""
    # the lines, and the grants they are checked against once more
    async with snapshot(pool) as conn:
        tag, end, step = await end_of_log(conn, cursor)
        after = 0 if cursor is None else cursor.upto
        channels = sorted(reader.channels)
        rows = await conn.fetch(PAGE, channels, after, end, limit)
        upto = rows[-1]["line"] if len(rows) == limit else end
        found = [Line(row["line"], row["value"], store.said_of(row)) for row in rows]
        judge = await Judge.of(conn, [line.said for line in found], reader)
    found, upto = up_to_shut(found, upto, judge)
    readable = checked_again(found, judge)
    given = Cursor(reader.orgnr or "", tag, after, upto, step)
    return Page([line.value for line in readable], given)


def up_to_shut(found: list[Line], upto: int, judge: Judge) -> tuple[list[Line], int]:
    """The page ends before what is closed and not void yet: the cursor passes nothing.

    To its own speaker a fact stays open.
    """
    for n, line in enumerate(found):
        if judge.is_shut(line.said):
            return found[:n], line.position - 1
    return found, upto


async def end_of_log(conn: Connection, cursor: Cursor | None) -> tuple[UUID, int, int]:
    """The last step's tag, the last position, the step. Raises `LogMadeAgain`."""
    made = (None, None) if cursor is None else (cursor.tag, cursor.step)
    (row,) = await conn.fetch(END, *made)
    tag, position, step, known = row
    if not known:
        raise LogMadeAgain
    return tag, position, step


def checked_again(found: Sequence[Line], judge: Judge) -> list[Line]:
    """The lines that the policy itself lets the reader read, asked anew."""
    kept = [line for line in found if judge.may_read(line.said)]
    if len(kept) < len(found):
        log.error("log_and_policy_differ", rows=len(found) - len(kept))
    return kept


async def acknowledge(pool: Pool, reader: Reader, cursor: Cursor) -> None:
    """Say, once for each initiative, that the reader's organisation has received it.

    A reader without a token acknowledges nothing, nor does an empty page.
    """
    if reader.orgnr is None or cursor.after >= cursor.upto:
        return
    async with transaction(pool) as conn:
        rows = await conn.fetch(
            ACKNOWLEDGE,
            reader.orgnr,
            sorted(reader.channels),
            cursor.after,
            cursor.upto,
            cursor.step,
        )
        said = [
            Outgoing(
                TRACKER, *tracker.received(row["subject"], reader.orgnr, row["now"])
            )
            for row in rows
            if owner_of(row["subject"]) != reader.orgnr
        ]
        await outbox.append(conn, said)
