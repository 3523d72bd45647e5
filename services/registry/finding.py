"""SQL of lists: where they look first. It finds too much, never too little.

What is found is projected for the one who asks and judged again on that (`queries.py`).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import asyncpg

from services.kit.db import Connection

from .store import Kept, Stored, place_in_lists

HAS_CHANGED = """
INSERT INTO unfindable (subject, place, turn)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::integer[])
    ON CONFLICT (subject) DO UPDATE SET turn = excluded.turn
"""
TAKE_CHANGED = """
DELETE FROM unfindable
 WHERE subject IN (SELECT subject FROM unfindable
                    ORDER BY place LIMIT $1 FOR UPDATE SKIP LOCKED)
RETURNING subject
"""
MAKE_FINDABLE = """
INSERT INTO findable (subject, place, owner, line, phase, short, words)
SELECT subject, place, owner, line, phase, short, to_tsvector('norwegian', words)
  FROM unnest($1::text[], $2::bytea[], $3::text[], $4::text[], $5::text[], $6::text[],
              $7::text[])
       AS f (subject, place, owner, line, phase, short, words)
    ON CONFLICT (subject) DO UPDATE SET phase = excluded.phase, words = excluded.words
"""
FORGET_DAYS = "DELETE FROM dated WHERE subject = ANY($1::text[])"
KEEP_DAYS = """
INSERT INTO dated (subject, day) SELECT * FROM unnest($1::text[], $2::date[])
"""
HAS_WORDS = "SELECT numnode(to_tsquery('norwegian', $1)) > 0 AS has"
MATCHING = """
SELECT n - 1 AS n
  FROM unnest($1::text[]) WITH ORDINALITY AS t (words, n)
 WHERE to_tsvector('norwegian', words) @@ to_tsquery('norwegian', $2)
"""
# plans must know what is asked for: few of a phase, or most of all
PLAN_EACH = "SET LOCAL plan_cache_mode = force_custom_plan"
OPEN_TO = """EXISTS (
    SELECT FROM listed AS l
     WHERE l.channel = ANY($1::text[])
       AND l.place = {0}.place AND l.subject = {0}.subject)"""
STALE = f"""
(SELECT u.place, u.subject FROM unfindable AS u
  WHERE u.place > $2 AND {OPEN_TO.format("u")}
  ORDER BY u.place LIMIT $3)
"""
FOUND = f"""
SELECT i.place, i.subject, i.turn, i.reached, i.body
  FROM (SELECT place, subject
          FROM ((SELECT f.place, f.subject FROM findable AS f
                  WHERE f.place > $2 AND {OPEN_TO.format("f")}{{}}
                  ORDER BY f.place LIMIT $3)
                UNION {STALE}) AS each
         ORDER BY place LIMIT $3) AS found
  JOIN initiative AS i USING (subject)
 ORDER BY i.place
"""
# every initiative that is open to a channel, whatever it says
OF_CHANNELS = """
  FROM (SELECT DISTINCT l.place, l.subject
          FROM unnest($1::text[]) AS c (channel)
         CROSS JOIN LATERAL (
               SELECT place, subject FROM listed
                WHERE channel = c.channel AND place > $2
                ORDER BY place LIMIT $3) AS l
         ORDER BY l.place LIMIT $3) AS found
  JOIN initiative AS i USING (subject)
 ORDER BY i.place
"""
ALL = "SELECT i.place, i.subject, i.turn, i.reached, i.body" + OF_CHANNELS
# a row that was written anew has another transaction, also at the same turn
VERSIONS = "SELECT i.place, i.subject, i.turn, i.xmin" + OF_CHANNELS
SAID_AFTER = """
SELECT a.subject, a.topic, a.value
  FROM unnest($1::text[]) AS s (subject)
 CROSS JOIN LATERAL (
       SELECT subject, topic, value FROM archive
        WHERE subject = s.subject AND appended > $2
          AND ($3::timestamptz IS NULL OR appended <= $3)
        ORDER BY appended DESC, turn DESC LIMIT $4) AS a
"""
LEARN_HOW_MUCH = "ANALYZE archive, initiative, listed, findable, dated"


# an initiative's turn, and the transaction that wrote its state
Version = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hints:
    """What an index knows of what is asked for; None where it does not help."""

    owner: str | None = None
    line: str | None = None
    phase: str | None = None
    short: str | None = None
    words: str | None = None
    changed_since: datetime | None = None
    from_day: date | None = None
    to_day: date | None = None

    @property
    def conditions(self) -> list[tuple[str, object]]:
        found = [
            (sql, value)
            for sql, value in (
                ("f.owner = ${}", self.owner),
                ("f.line = ${}", self.line),
                ("f.phase = ${}", self.phase),
                ("f.short = ${}", self.short),
                (WORDS, self.words),
                (CHANGED, self.changed_since),
                (FROM_DAY, self.from_day),
                (TO_DAY, self.to_day),
            )
            if value is not None
        ]
        return [(sql.format(n), value) for n, (sql, value) in enumerate(found, 4)]


WORDS = "(f.words IS NULL OR f.words @@ to_tsquery('norwegian', ${}))"
FROM_DAY = "f.subject IN (SELECT subject FROM dated WHERE day >= ${})"
TO_DAY = "f.subject IN (SELECT subject FROM dated WHERE day <= ${})"
CHANGED = "f.subject IN (SELECT subject FROM archive WHERE appended > ${})"


def statement(hints: Hints) -> str:
    """The statement that finds what the hints tell of; all where they tell nothing."""
    conditions = hints.conditions
    if not conditions:
        return ALL
    return FOUND.format("".join(f"\n AND {sql}" for sql, _ in conditions))


async def found(
    conn: Connection,
    channels: Collection[str],
    hints: Hints,
    after: bytes,
    limit: int,
) -> list[Stored]:
    """Initiatives that may be meant and may be read, in the fixed order of lists."""
    values = [value for _, value in hints.conditions]
    rows = await conn.fetch(statement(hints), sorted(channels), after, limit, *values)
    return [Stored(**dict(row)) for row in rows]


async def versions(
    conn: Connection, channels: Collection[str], after: bytes, limit: int
) -> list[tuple[bytes, str, Version]]:
    """Place, id and version of initiatives that may be read, in the order of lists."""
    rows = await conn.fetch(VERSIONS, sorted(channels), after, limit)
    return [(r["place"], r["subject"], (r["turn"], r["xmin"])) for r in rows]


async def said_after(
    conn: Connection,
    subjects: Collection[str],
    after: datetime,
    until: datetime | None,
    limit: int | None = None,
) -> list[asyncpg.Record]:
    """Records about these that were appended later; of each the last `limit`."""
    return await conn.fetch(SAID_AFTER, list(subjects), after, until, limit)


async def learn_how_much(conn: Connection) -> None:
    """Plans rest on what Postgres believes to be there: after much that is new, ask."""
    await conn.execute(LEARN_HOW_MUCH)


async def plan_each(conn: Connection) -> None:
    await conn.execute(PLAN_EACH)


async def matching(conn: Connection, texts: Sequence[str], words: str) -> set[int]:
    """Which of the texts hold all the words."""
    return {row["n"] for row in await conn.fetch(MATCHING, texts, words)}


async def has_words(conn: Connection, words: str) -> bool:
    """Whether anything is left to search for: not of "og" and "i" alone."""
    return bool(await conn.fetchval(HAS_WORDS, words))


async def has_changed(conn: Connection, found: Iterable[Kept]) -> None:
    """More was said of these: until they are made findable anew, lists look at all."""
    changed = list(found)
    if not changed:
        return
    await conn.execute(
        HAS_CHANGED,
        [each.subject for each in changed],
        [place_in_lists(each.subject) for each in changed],
        [each.turn for each in changed],
    )


async def take_changed(conn: Connection, limit: int) -> list[str]:
    """Some that have changed; nobody else takes them until we are done."""
    return [row["subject"] for row in await conn.fetch(TAKE_CHANGED, limit)]


async def make_findable(conn: Connection, rows: Sequence[Sequence[object]]) -> None:
    """Id, place, owner, line, phase, signs, words (None: too many) of each."""
    await conn.execute(MAKE_FINDABLE, *map(list, zip(*rows, strict=True)))


async def keep_days(conn: Connection, days: Mapping[str, Collection[date]]) -> None:
    """The days of each of these initiatives, in place of those it had."""
    rows = sorted((subject, day) for subject, of in days.items() for day in of)
    await conn.execute(FORGET_DAYS, list(days))
    await conn.execute(KEEP_DAYS, [row[0] for row in rows], [row[1] for row in rows])
