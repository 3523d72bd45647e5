"""What a reader is given from the availability log, and what it acknowledges."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import structlog

from schemas import tracker
from schemas.identity import Ref, owner_of
from schemas.policy import Grant, Reader, may_read
from schemas.topics import TRACKER
from services.kit import outbox
from services.kit.db import Connection, Pool, snapshot, transaction
from services.kit.outbox import Outgoing

from . import closing, store
from .rules import named_by
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
        shut = await closing.now_closed(conn, {row["subject"] for row in rows})
        if shut:
            rows, upto = up_to_closed(rows, upto, shut, reader)
        readable = await checked_again(conn, reader, rows)
    given = Cursor(reader.orgnr or "", tag, after, upto, step)
    return Page([row["value"] for row in readable], given)


def up_to_closed(
    rows: list[asyncpg.Record], upto: int, shut: Collection[str], reader: Reader
) -> tuple[list[asyncpg.Record], int]:
    """The page ends before what is closed and not void yet: the cursor passes nothing.

    To its own speaker a fact stays open.
    """
    for n, row in enumerate(rows):
        if row["subject"] in shut and row["speaker"] != reader.orgnr:
            return rows[:n], row["line"] - 1
    return rows, upto


async def end_of_log(conn: Connection, cursor: Cursor | None) -> tuple[UUID, int, int]:
    """The last step's tag, the last position, the step. Raises `LogMadeAgain`."""
    made = (None, None) if cursor is None else (cursor.tag, cursor.step)
    (row,) = await conn.fetch(END, *made)
    tag, position, step, known = row
    if not known:
        raise LogMadeAgain
    return tag, position, step


async def checked_again(
    conn: Connection, reader: Reader, rows: Sequence[asyncpg.Record]
) -> list[asyncpg.Record]:
    """The rows that the policy itself lets the reader read, asked anew."""
    subjects = list({row["subject"] for row in rows})
    shares = await store.shares(conn, subjects)
    grants: Mapping[str, dict[Ref, Grant]] = {
        subject: {ref: share.grant for ref, share in found.items()}
        for subject, found in shares.items()
    }
    given = [store.said_of(row) for row in rows]
    named = await store.named(conn, given)
    kept = [
        row
        for row, said in zip(rows, given, strict=True)
        if may_read(said, reader, grants.get(said.subject, {}), named_by(said, named))
    ]
    if len(kept) < len(rows):
        log.error("log_and_policy_differ", rows=len(rows) - len(kept))
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
