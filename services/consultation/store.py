"""SQL of consultation: facts, states, commands, attempts, what is sealed and heard."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import asyncpg
import orjson

from schemas.fact import Fact
from schemas.topics import Line
from services.kit.batch import Arrived
from services.kit.db import Connection, Pool

from .initiatives import Heard
from .rules import Board, Item, Meeting
from .rules.agenda import may_stand_out
from .rules.standing import Word

ADD_FACT = """
INSERT INTO fact (mark, subject, turn, name, accepted, value)
VALUES ($1, $2, $3, $4, $5, $6)
"""
FACTS = "SELECT name, turn, accepted, value FROM fact WHERE subject = $1 ORDER BY turn"
ALL_FACTS = "SELECT subject, name, turn, accepted, value FROM fact ORDER BY seq"
BOARDS = """
SELECT subject, state FROM board WHERE subject = ANY($1::text[]) ORDER BY subject
"""
LOCK_BOARDS = BOARDS + " FOR UPDATE"
OF_ARENA = """
SELECT subject, state FROM board
 WHERE arena = $1 AND kind = $2
 ORDER BY year, running
"""
OPEN_ITEMS = """
SELECT subject, state FROM board
 WHERE arena = $1 AND kind = 'item' AND NOT is_over
 ORDER BY year, running
"""
FOR_AGENDA = """
SELECT subject, state FROM board
 WHERE arena = $1 AND kind = 'item' AND NOT is_over
   AND (stands_out OR initiatives && $2::text[])
 ORDER BY year, running
"""
SAVE = """
INSERT INTO board (subject, arena, kind, year, running, version, initiatives, is_over,
                   stands_out, next_due, state)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
    ON CONFLICT (subject) DO UPDATE
       SET version = excluded.version, is_over = excluded.is_over,
           stands_out = excluded.stands_out, next_due = excluded.next_due,
           state = excluded.state
"""
NUMBER = """
INSERT INTO counter (arena, kind, year, last) VALUES ($1, $2, $3, 1)
    ON CONFLICT (arena, kind, year) DO UPDATE SET last = counter.last + 1
RETURNING last
"""
COMMAND = "SELECT content, subject, turns FROM command WHERE (orgnr, id) = ($1, $2)"
# one after another, so that the chair is never taken twice in a row
IN_TURN = "SELECT pg_advisory_xact_lock(hashtext('chair of ' || $1))"
SCHEDULED = """
SELECT count(*)
  FROM fact
 WHERE name = 'arena.meeting.scheduled' AND split_part(subject, ':', 2) = $1
"""
ADD_COMMAND = """
INSERT INTO command (orgnr, id, content, subject, turns, at)
VALUES ($1, $2, $3, $4, $5, $6)
"""
ADD_ATTEMPT = """
INSERT INTO attempt (at, orgnr, actor, subject, command, status, rule)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
SEAL = """
INSERT INTO sealed (subject, round, line, card) VALUES ($1, $2, $3, $4)
    ON CONFLICT DO NOTHING
"""
SEALED = "SELECT line, card FROM sealed WHERE (subject, round) = ($1, $2)"
DUE = """
SELECT subject, next_due FROM board WHERE next_due <= $1 ORDER BY next_due, subject
"""
HEARD = "SELECT subject, heard FROM initiative WHERE subject = ANY($1::text[])"
LOCKING = "SELECT subject, heard FROM initiative WHERE last_lock >= $1 ORDER BY subject"
LOCK_HEARD = HEARD + " ORDER BY subject FOR UPDATE"
SAVE_HEARD = """
INSERT INTO initiative (subject, last_lock, heard)
SELECT * FROM unnest($1::text[], $2::date[], $3::bytea[])
    ON CONFLICT (subject) DO UPDATE
       SET last_lock = excluded.last_lock, heard = excluded.heard
"""
ADD_WORDS = """
INSERT INTO word (subject, mark, position, word)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bytea[])
    ON CONFLICT DO NOTHING
"""
WORDS = "SELECT word FROM word WHERE subject = $1 ORDER BY position"
KNOWN = "SELECT mark, value FROM known WHERE mark = ANY($1::bytea[])"
REMEMBER = """
INSERT INTO known (mark, value) SELECT * FROM unnest($1::bytea[], $2::bytea[])
    ON CONFLICT DO NOTHING
"""
PARKED = """
SELECT EXISTS (
    SELECT FROM standing
     WHERE group_id = $1 AND NOT aside AND subject = ANY($2::text[]))
"""


@dataclass(frozen=True, slots=True)
class Kept:
    """A fact as it is kept, and which turn of its item or meeting it was."""

    subject: str
    name: str
    turn: int
    accepted: datetime
    value: bytes


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was taken before: what it was about, and which facts it gave."""

    content: bytes
    subject: str
    turns: list[int]


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody tried that a rule refuses."""

    at: datetime
    orgnr: str
    actor: str | None
    subject: str | None
    command: str
    status: int
    rule: str


async def boards(
    conn: Connection | Pool, subjects: Collection[str], *, lock: bool = False
) -> dict[str, Board]:
    """The states of items and meetings that exist, by their ids."""
    query = LOCK_BOARDS if lock else BOARDS
    return by_subject(await conn.fetch(query, sorted(subjects)))


async def of_arena(pool: Connection | Pool, arena: str, kind: str) -> list[Board]:
    """All items or meetings of an arena, by their numbers."""
    return list(by_subject(await pool.fetch(OF_ARENA, arena, kind)).values())


async def open_items(pool: Connection | Pool, arena: str) -> list[Board]:
    """Items that are neither closed nor withdrawn, by their numbers."""
    return list(by_subject(await pool.fetch(OPEN_ITEMS, arena)).values())


async def for_agenda(
    pool: Connection | Pool, arena: str, initiatives: Collection[str]
) -> list[Board]:
    """Open items that may stand out, or are about one of these initiatives."""
    rows = await pool.fetch(FOR_AGENDA, arena, list(initiatives))
    return list(by_subject(rows).values())


def by_subject(rows: Iterable[asyncpg.Record]) -> dict[str, Board]:
    return {row["subject"]: board_in(row["subject"], row["state"]) for row in rows}


def board_in(subject: str, state: bytes) -> Board:
    kind: type[Item | Meeting] = Item if subject.startswith("item:") else Meeting
    return kind.model_validate_json(state)


def bytes_of(board: Board) -> bytes:
    return orjson.dumps(board.model_dump(mode="json"))


async def save(conn: Connection, board: Board, next_due: datetime | None) -> None:
    kind, arena, running = board.id.split(":")
    number, year = map(int, running.split("-"))
    await conn.execute(
        SAVE,
        board.id,
        arena,
        kind,
        year,
        number,
        board.version,
        list(board.initiatives) if isinstance(board, Item) else [],
        isinstance(board, Item) and board.is_over,
        isinstance(board, Item) and may_stand_out(board),
        next_due,
        bytes_of(board),
    )


async def next_number(conn: Connection, arena: str, kind: str, year: int) -> int:
    """The next number; given back if the transaction is."""
    found: int = await conn.fetchval(NUMBER, arena, kind, year)
    return found


async def scheduled(conn: Connection, arena: str) -> int:
    """How many meetings have been scheduled; others wait until this one is."""
    await conn.execute(IN_TURN, arena)
    found: int = await conn.fetchval(SCHEDULED, arena)
    return found


async def add_fact(conn: Connection, mark: bytes, kept: Kept) -> None:
    """Raises UniqueViolationError where it was said before."""
    await conn.execute(
        ADD_FACT, mark, kept.subject, kept.turn, kept.name, kept.accepted, kept.value
    )


async def facts(pool: Connection | Pool, subject: str) -> list[Kept]:
    """All that was said of an item or meeting, in its order."""
    return [Kept(subject, *row) for row in await pool.fetch(FACTS, subject)]


async def all_facts(pool: Connection | Pool) -> list[Kept]:
    return [Kept(*row) for row in await pool.fetch(ALL_FACTS)]


async def command(conn: Connection | Pool, orgnr: str, id: UUID) -> Done | None:
    row = await conn.fetchrow(COMMAND, orgnr, id)
    return None if row is None else Done(*row)


async def add_command(
    conn: Connection, orgnr: str, id: UUID, done: Done, at: datetime
) -> None:
    """Raises UniqueViolationError where it was taken meanwhile."""
    await conn.execute(
        ADD_COMMAND, orgnr, id, done.content, done.subject, done.turns, at
    )


async def add_attempt(pool: Connection | Pool, attempt: Attempt) -> None:
    await pool.execute(
        ADD_ATTEMPT,
        attempt.at,
        attempt.orgnr,
        attempt.actor,
        attempt.subject,
        attempt.command,
        attempt.status,
        attempt.rule,
    )


async def seal(
    conn: Connection, subject: str, number: int, line: Line, card: bytes
) -> None:
    await conn.execute(SEAL, subject, number, line, card)


async def sealed(conn: Connection, subject: str, number: int) -> dict[Line, bytes]:
    rows = await conn.fetch(SEALED, subject, number)
    return {row["line"]: row["card"] for row in rows}


async def due(pool: Pool, before: datetime) -> list[tuple[str, datetime]]:
    """Whose next deadline has passed, the earliest first."""
    return [(row[0], row[1]) for row in await pool.fetch(DUE, before)]


async def heard(
    conn: Connection | Pool, subjects: Collection[str], *, lock: bool = False
) -> dict[str, Heard]:
    """What was heard of initiatives; nothing of those nobody has spoken of."""
    rows = await conn.fetch(LOCK_HEARD if lock else HEARD, sorted(subjects))
    found = {row[0]: Heard.model_validate_json(row[1]) for row in rows}
    return {each: found.get(each, Heard(subject=each)) for each in subjects}


async def locking(pool: Pool, today: date) -> list[Heard]:
    """Initiatives that lock today or later."""
    rows = await pool.fetch(LOCKING, today)
    return [Heard.model_validate_json(row[1]) for row in rows]


async def save_heard(conn: Connection, found: Collection[Heard]) -> None:
    await conn.execute(
        SAVE_HEARD,
        [each.subject for each in found],
        [each.last_lock for each in found],
        [each.model_dump_json().encode() for each in found],
    )


async def add_words(conn: Connection, said: Sequence[tuple[Fact, Word]]) -> None:
    """Keep the owners' words that the agenda rests on, each with its fact."""
    if said:
        await conn.execute(
            ADD_WORDS,
            [fact.subject for fact, _ in said],
            [fact.mark for fact, _ in said],
            [word.order for _, word in said],
            [word.model_dump_json().encode() for _, word in said],
        )


async def words(conn: Connection | Pool, subject: str) -> list[Word]:
    """All that its owner said that the agenda rests on, in its order."""
    rows = await conn.fetch(WORDS, subject)
    return [Word.model_validate_json(row[0]) for row in rows]


async def known(conn: Connection, marks: Sequence[bytes]) -> Mapping[bytes, bytes]:
    """Earlier records, by their marks."""
    return {row[0]: row[1] for row in await conn.fetch(KNOWN, list(marks))}


async def remember(conn: Connection, arrivals: Sequence[Arrived]) -> None:
    await conn.execute(
        REMEMBER,
        [each.fact.mark for each in arrivals],
        [each.value for each in arrivals],
    )


async def has_parked(
    conn: Connection | Pool, group: str, subjects: Collection[str]
) -> bool:
    """Whether a fact of one of these initiatives waits here."""
    return bool(await conn.fetchval(PARKED, group, list(subjects)))
