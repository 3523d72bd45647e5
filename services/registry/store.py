"""SQL of the registry: the archive, the states, and where lists look first."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b

import asyncpg
import msgspec

from services.kit.batch import Arrived
from services.kit.checkpoint import EPOCH
from services.kit.db import Connection

from .state import State, from_bytes, to_bytes

KNOWN = """
SELECT mark, value FROM archive WHERE mark = ANY($1::bytea[])
 UNION ALL
SELECT mark, value FROM arena_fact WHERE mark = ANY($1::bytea[])
"""
ARCHIVE_COLUMNS = (
    "mark",
    "subject",
    "topic",
    "topic_id",
    "partition",
    "position",
    "appended",
    "turn",
    "value",
)
BEGIN = """
INSERT INTO initiative (subject, place, body)
SELECT subject, place, '' FROM unnest($1::text[], $2::bytea[]) AS p (subject, place)
    ON CONFLICT DO NOTHING
"""
STATES = """
SELECT place, subject, turn, reached, body
  FROM initiative WHERE subject = ANY($1::text[])
"""
STORED = STATES + " ORDER BY place"
LOCK_STATES = STATES + " ORDER BY subject FOR UPDATE"
# found by the key, whatever a plan that was made for an empty table would do
SAVE = """
INSERT INTO initiative (subject, place, turn, reached, body)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::integer[], $4::timestamptz[],
                     $5::bytea[])
    ON CONFLICT (subject) DO UPDATE
       SET turn = excluded.turn, reached = excluded.reached, body = excluded.body
"""
LIST_UNDER = """
INSERT INTO listed (channel, place, subject)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[])
    ON CONFLICT DO NOTHING
"""
ONE_ARCHIVED = """
SELECT mark, topic, partition, position, appended, value
  FROM archive WHERE mark = $1 AND subject = $2
"""
HISTORY = """
SELECT mark, topic, partition, position, appended, value
  FROM archive
 WHERE subject = $1
   AND ($2::timestamptz IS NULL
        OR (appended, array_position($7::text[], topic), partition, position)
           > ($2, array_position($7::text[], $3::text), $4::integer, $5::bigint))
   AND ($8::timestamptz IS NULL OR appended <= $8)
 ORDER BY appended, array_position($7::text[], topic), partition, position
 LIMIT $6
"""


# two hashes, of the local id and of the whole
PLACE_BYTES = 16


@dataclass(frozen=True, slots=True)
class Stands:
    """Where a record of the archive stands on Kafka, and since when."""

    appended: datetime
    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class Archived:
    """A record of the archive."""

    mark: bytes
    stands: Stands
    value: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """An initiative as it is stored, and its place in lists."""

    place: bytes
    subject: str
    turn: int
    reached: datetime
    body: bytes

    @property
    def kept(self) -> "Kept":
        state = from_bytes(self.subject, self.body)
        return Kept(state, self.turn, self.reached)


class Kept(msgspec.Struct, frozen=True):
    """A state, on how many facts it rests, and when the last of them was appended."""

    state: State
    turn: int = 0
    reached: datetime = EPOCH

    @property
    def subject(self) -> str:
        return self.state.subject


def place_in_lists(subject: str) -> bytes:
    """A fixed place that favours no owner and no line, and tells nothing of when.

    It rests on the local id; where two owners have the same, on a hash of the whole.
    """
    _, _, local = subject.partition(":")
    return hashed(local) + hashed(subject)


def hashed(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=8, person=b"tidlig list").digest()


async def known(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    """Earlier records, by mark."""
    return {row["mark"]: row["value"] for row in await conn.fetch(KNOWN, marks)}


async def archive(
    conn: Connection, facts: Iterable[Arrived], turns: Iterable[int]
) -> None:
    """Keep the exact bytes with coordinates and times, and each one's turn."""
    await conn.copy_records_to_table(
        "archive",
        records=map(archived_columns, facts, turns),
        columns=ARCHIVE_COLUMNS,
    )


def archived_columns(each: Arrived, turn: int) -> tuple[object, ...]:
    return (
        each.fact.mark,
        each.fact.subject,
        each.place.topic,
        each.place.topic_id,
        each.place.partition,
        each.offset,
        each.appended,
        turn,
        each.value,
    )


async def kept(conn: Connection, subjects: Sequence[str]) -> dict[str, Kept]:
    """The states of those initiatives that have one."""
    return by_subject(await conn.fetch(STATES, subjects))


async def stored(conn: Connection, subjects: Sequence[str]) -> list[Stored]:
    """The same as they are stored, in the order of lists."""
    return [Stored(*row) for row in await conn.fetch(STORED, subjects)]


async def lock_kept(conn: Connection, subjects: Iterable[str]) -> dict[str, Kept]:
    """The states of those that have one; nobody else folds any until we are done.

    Facts of the two lines lie in different partitions: while a group is rebalanced
    two members may hold one initiative, and neither may undo what the other has done.
    """
    wanted = sorted(subjects)
    places = [place_in_lists(subject) for subject in wanted]
    await conn.execute(BEGIN, wanted, places)
    return by_subject(await conn.fetch(LOCK_STATES, wanted))


async def save(conn: Connection, found: Iterable[Kept]) -> None:
    """Keep the states, which have been locked."""
    ordered = sorted(found, key=lambda each: each.subject)
    await conn.execute(
        SAVE,
        [each.subject for each in ordered],
        [place_in_lists(each.subject) for each in ordered],
        [each.turn for each in ordered],
        [each.reached for each in ordered],
        [to_bytes(each.state) for each in ordered],
    )


def by_subject(rows: Iterable[asyncpg.Record]) -> dict[str, Kept]:
    """The states by initiative; one that was only begun has none."""
    return {row["subject"]: Stored(*row).kept for row in rows if row["body"]}


async def list_under(conn: Connection, found: Mapping[str, set[str]]) -> None:
    """Let lists find each initiative under these channels too."""
    rows = sorted((channel, s) for s, channels in found.items() for channel in channels)
    if not rows:
        return
    await conn.execute(
        LIST_UNDER,
        [channel for channel, _ in rows],
        [place_in_lists(subject) for _, subject in rows],
        [subject for _, subject in rows],
    )


async def history(
    conn: Connection,
    subject: str,
    after: Stands | None,
    limit: int,
    topics: Sequence[str],
    until: datetime | None = None,
) -> list[Archived]:
    """Records about an initiative, in the order in which they came to Kafka.

    Of those that came in the same millisecond, first what lies on the first topic.
    """
    begun = (None, None, None, None) if after is None else columns_of(after)
    rows = await conn.fetch(HISTORY, subject, *begun, limit, topics, until)
    return [archived(row) for row in rows]


async def one_archived(conn: Connection, mark: bytes, subject: str) -> Archived | None:
    rows = await conn.fetch(ONE_ARCHIVED, mark, subject)
    return archived(rows[0]) if rows else None


def archived(row: asyncpg.Record) -> Archived:
    return Archived(row["mark"], stands_of(row), row["value"])


def columns_of(stands: Stands) -> tuple[object, ...]:
    return (stands.appended, stands.topic, stands.partition, stands.offset)


def stands_of(row: asyncpg.Record) -> Stands:
    return Stands(row["appended"], row["topic"], row["partition"], row["position"])
