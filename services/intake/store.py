"""SQL of intake: receipts, refused attempts, who can read what was said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from services.kit.batch import Arrived
from services.kit.db import Connection, Pool
from services.kit.outbox import Outgoing
from services.kit.producer import Published

KEPT_PER_CALLER = 1_000


@dataclass(frozen=True, slots=True)
class Receipt:
    """That a fact was accepted, when, and where it now stands."""

    id: UUID
    mark: bytes
    emitter: str
    supplier: str | None
    subject: str
    source: str
    event_id: str
    type: str
    accepted: datetime
    record: bytes
    topic: str | None = None
    partition: int | None = None
    position: int | None = None
    appended: datetime | None = None

    @property
    def status(self) -> str:
        return "accepted" if self.appended is None else "published"


@dataclass(frozen=True, slots=True)
class RefusedAttempt:
    """That something was refused, and why; what it said is not kept."""

    id: UUID
    at: datetime
    status: int
    code: str
    detail: str
    faults: str
    subject: str | None = None
    source: str | None = None
    event_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Which of one's receipts: from a period, older than one that was shown."""

    since: datetime | None
    until: datetime | None
    before: UUID | None
    limit: int


COLUMNS = """id, mark, emitter, supplier, subject, source, event_id, type, accepted,
       record, topic, partition, position, appended"""
RECEIPTS = "receipt LEFT JOIN published USING (outbox_seq)"
BY_MARK = f"SELECT {COLUMNS} FROM {RECEIPTS} WHERE mark = ANY($1::bytea[])"
ADD = """
INSERT INTO receipt (id, mark, emitter, supplier, subject, source, event_id, type,
                     accepted, record, outbox_seq)
SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::text[],
                     $6::text[], $7::text[], $8::text[], $9::timestamptz[],
                     $10::bytea[], $11::bigint[])
"""
# one statement, so one journey to Postgres: all of it, unless any was said before; it
# notifies nobody, for whoever waits is woken afterwards (`Relay.ring`)
ADD_NEW = """
WITH given AS (
    SELECT * FROM unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[], $5::text[],
                         $6::text[], $7::text[], $8::text[], $9::timestamptz[],
                         $10::bytea[], $11::text[], $12::bytea[])
             WITH ORDINALITY
               AS g (id, mark, emitter, supplier, subject, source, event_id, type,
                     accepted, record, topic, key, n)),
known AS (
    SELECT FROM given CROSS JOIN LATERAL (
           SELECT FROM receipt WHERE receipt.mark = given.mark LIMIT 1) AS first),
placed AS (
    INSERT INTO outbox (topic, key, value)
    SELECT topic, key, record FROM given WHERE NOT EXISTS (SELECT FROM known)
     ORDER BY n
    RETURNING seq),
numbered AS (
    SELECT seq, row_number() OVER (ORDER BY seq) AS n FROM placed)
INSERT INTO receipt (id, mark, emitter, supplier, subject, source, event_id, type,
                     accepted, record, outbox_seq)
SELECT id, mark, emitter, supplier, subject, source, event_id, type, accepted, record,
       seq
  FROM given JOIN numbered USING (n)
RETURNING id
"""
# the first publication counts
PUBLISHED = """
INSERT INTO published (outbox_seq, topic, partition, position, appended)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::integer[], $4::bigint[],
                     $5::timestamptz[])
    ON CONFLICT DO NOTHING
"""
ONE = f"SELECT {COLUMNS} FROM {RECEIPTS} WHERE id = $1 AND emitter = $2"
LIST = f"""
SELECT {COLUMNS}
  FROM {RECEIPTS}
 WHERE emitter = $1
   AND ($2::text IS NULL OR (appended IS NULL) = ($2 = 'accepted'))
   AND ($3::timestamptz IS NULL OR accepted >= $3)
   AND ($4::timestamptz IS NULL OR accepted < $4)
   AND ($5::uuid IS NULL OR id < $5)
 ORDER BY id DESC
 LIMIT $6
"""
REFUSE = """
WITH counted AS (
    INSERT INTO refused_count AS c (caller, n) VALUES ($1, 1)
        ON CONFLICT (caller) DO UPDATE SET n = c.n + 1
    RETURNING n)
INSERT INTO refused (caller, slot, id, at, status, code, detail, faults,
                     subject, source, event_id, type)
SELECT $1, n % $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM counted
    ON CONFLICT (caller, slot) DO UPDATE
   SET id = excluded.id, at = excluded.at, status = excluded.status,
       code = excluded.code, detail = excluded.detail, faults = excluded.faults,
       subject = excluded.subject, source = excluded.source,
       event_id = excluded.event_id, type = excluded.type
"""
REFUSED_COLUMNS = (
    "id, at, status, code, detail, faults, subject, source, event_id, type"
)
REFUSED_ONE = f"SELECT {REFUSED_COLUMNS} FROM refused WHERE id = $1 AND caller = $2"
REFUSED_LIST = f"""
SELECT {REFUSED_COLUMNS}
  FROM refused
 WHERE caller = $1
   AND ($2::timestamptz IS NULL OR at >= $2)
   AND ($3::timestamptz IS NULL OR at < $3)
   AND ($4::uuid IS NULL OR id < $4)
 ORDER BY id DESC
 LIMIT $5
"""
SEEN = "SELECT mark FROM seen WHERE mark = ANY($1::bytea[])"
SEE = "INSERT INTO seen (mark) SELECT * FROM unnest($1::bytea[])"
READABLE = """
INSERT INTO readable (mark, channel, since)
SELECT mark, channel, min(since)
  FROM unnest($1::bytea[], $2::text[], $3::timestamptz[]) AS r (mark, channel, since)
 GROUP BY mark, channel
    ON CONFLICT (mark, channel) DO UPDATE
   SET since = least(readable.since, excluded.since)
"""
READERS = "SELECT mark, channel, since FROM readable WHERE mark = ANY($1::bytea[])"


async def by_mark(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, Receipt]:
    """Receipts of identities that were accepted before."""
    rows = await conn.fetch(BY_MARK, marks)
    return {row["mark"]: Receipt(*row) for row in rows}


def columns_of(receipts: Sequence[Receipt]) -> tuple[list[Any], ...]:
    return (
        [r.id for r in receipts],
        [r.mark for r in receipts],
        [r.emitter for r in receipts],
        [r.supplier for r in receipts],
        [r.subject for r in receipts],
        [r.source for r in receipts],
        [r.event_id for r in receipts],
        [r.type for r in receipts],
        [r.accepted for r in receipts],
        [r.record for r in receipts],
    )


async def add_new(
    pool: Pool, receipts: Sequence[Receipt], outgoing: Sequence[Outgoing]
) -> bool:
    """Keep receipts with their rows in the outbox; False if any was known, and none is.

    Raises UniqueViolationError where another request accepts one at the same time.
    """
    rows = await pool.fetch(
        ADD_NEW,
        *columns_of(receipts),
        [each.topic.name for each in outgoing],
        [each.key for each in outgoing],
    )
    return len(rows) == len(receipts)


async def add(
    conn: Connection, receipts: Sequence[Receipt], places: Sequence[int]
) -> None:
    """Keep receipts with their places in the outbox.

    Raises UniqueViolationError where another request accepted one meanwhile.
    """
    await conn.execute(ADD, *columns_of(receipts), places)


async def note_published(conn: Connection, rows: Sequence[Published]) -> None:
    """Where accepted facts now stand; the first publication counts."""
    await conn.execute(
        PUBLISHED,
        [row.seq for row in rows],
        [row.topic for row in rows],
        [row.partition for row in rows],
        [row.offset for row in rows],
        [row.appended for row in rows],
    )


async def receipt(pool: Pool, id: UUID, emitter: str) -> Receipt | None:
    row = await pool.fetchrow(ONE, id, emitter)
    return None if row is None else Receipt(*row)


async def receipts(
    pool: Pool, emitter: str, status: str | None, page: Page
) -> list[Receipt]:
    """One's own receipts, the newest first."""
    rows = await pool.fetch(
        LIST, emitter, status, page.since, page.until, page.before, page.limit
    )
    return [Receipt(*row) for row in rows]


async def refuse(pool: Pool, caller: str, attempt: RefusedAttempt) -> None:
    """Keep a refused attempt in place of the caller's thousandth last one."""
    await pool.execute(
        REFUSE,
        caller,
        KEPT_PER_CALLER,
        attempt.id,
        attempt.at,
        attempt.status,
        attempt.code,
        attempt.detail,
        attempt.faults,
        attempt.subject,
        attempt.source,
        attempt.event_id,
        attempt.type,
    )


async def refused(pool: Pool, id: UUID, caller: str) -> RefusedAttempt | None:
    row = await pool.fetchrow(REFUSED_ONE, id, caller)
    return None if row is None else RefusedAttempt(*row)


async def refused_attempts(pool: Pool, caller: str, page: Page) -> list[RefusedAttempt]:
    """One's own refused attempts, the newest first."""
    rows = await pool.fetch(
        REFUSED_LIST, caller, page.since, page.until, page.before, page.limit
    )
    return [RefusedAttempt(*row) for row in rows]


async def known(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """The tracker's facts that were taken in; of them the identity alone counts."""
    return {row["mark"]: b"" for row in await conn.fetch(SEEN, marks)}


async def remember(conn: Connection, facts: Sequence[Arrived]) -> None:
    await conn.execute(SEE, [each.fact.mark for each in facts])


async def note_readable(
    conn: Connection, said: Sequence[tuple[bytes, str, datetime]]
) -> None:
    """Keep who can read which fact; the earliest time stands."""
    await conn.execute(
        READABLE,
        [found for found, _, _ in said],
        [channel for _, channel, _ in said],
        [since for _, _, since in said],
    )


async def readers(
    pool: Pool, marks: Sequence[bytes]
) -> Mapping[bytes, list[tuple[str, datetime]]]:
    """Channels that can read each fact, and since when."""
    found: dict[bytes, list[tuple[str, datetime]]] = {}
    for row in await pool.fetch(READERS, marks):
        found.setdefault(row["mark"], []).append((row["channel"], row["since"]))
    return found
