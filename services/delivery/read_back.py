"""Delivery's own word, read back: compared with the log, or kept where that lost it.

It makes nothing available. A word of a step that the log does not have was said by one
that was lost, or lost its end: what it names is not said to be readable once more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
import structlog

from schemas.fact import Fact
from schemas.identity import mark
from schemas.tracker import InitiativeReadable, InitiativeReceived, ShareOpened
from services.kit.batch import Arrived
from services.kit.db import TRANSIENT, Connection, Pool
from services.kit.health import Check

from . import handlers
from .rules import Row
from .sealing import NotOurs, Seal

log = structlog.get_logger()

RECEIVED = """
INSERT INTO received SELECT * FROM unnest($1::text[], $2::text[])
    ON CONFLICT DO NOTHING
"""
OPENED = """
INSERT INTO opening_said SELECT * FROM unnest($1::text[], $2::text[], $3::text[])
    ON CONFLICT DO NOTHING
"""
STEPS = "SELECT tag, step FROM step WHERE tag = ANY($1::uuid[])"
# the lines of a step that words of it name, as the log has them
LINES = """
SELECT w.word, w.n, a.position, a.at
  FROM unnest($1::int[], $2::int[], $3::bytea[], $4::text[], $5::bigint[])
       AS w (word, n, mark, channel, step)
  JOIN available AS a USING (mark, channel, step)
 ORDER BY w.word, w.n
"""
DIFFERS = """
INSERT INTO difference (position, channel)
SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING
"""
KEEP = """
INSERT INTO said_before (mark, channel, at)
SELECT mark, channel, max(at)
  FROM unnest($1::bytea[], $2::text[], $3::timestamptz[]) AS w (mark, channel, at)
 GROUP BY mark, channel
    ON CONFLICT (mark, channel) DO UPDATE
   SET at = greatest(said_before.at, excluded.at)
"""
# a question of its own: under the lock on the log's end it sees what came meanwhile
ANY = "SELECT EXISTS (SELECT FROM said_before)"
SAID_BEFORE = """
SELECT w.n, s.at
  FROM unnest($1::int[], $2::bytea[], $3::text[]) AS w (n, mark, channel)
  JOIN said_before AS s USING (mark, channel)
"""
DIFFERENCES = "SELECT count(*), min(since) FROM difference"


@dataclass(frozen=True, slots=True)
class Word:
    """That facts were readable to a channel, as it was said; `first` is where."""

    channel: str
    marks: tuple[bytes, ...]
    sealed: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OfStep:
    """A word about a step that the log has: its lines begin at `first`."""

    word: Word
    step: int
    first: int


class ReadBack:
    """How delivery takes facts in: all are stored, its own are looked at as well."""

    def __init__(self, seal: Seal) -> None:
        self.seal = seal

    async def on_facts(self, conn: Connection, facts: Sequence[Arrived]) -> None:
        await handlers.on_facts(conn, facts)
        said = [each.fact for each in facts if each.fact.type.group == "tracker"]
        if not said:
            return
        await note_received(conn, said)
        await note_opened(conn, said)
        words = words_in(said)
        if words:
            ours = await self.of_our_steps(conn, words)
            await compare(conn, ours)
            known = {each.word for each in ours}
            await keep(conn, [word for word in words if word not in known])

    async def of_our_steps(
        self, conn: Connection, words: Sequence[Word]
    ) -> list[OfStep]:
        """Those words that are about steps which the log has."""
        places = {}
        for word in words:
            try:
                places[word] = self.seal.opened_position(word.sealed)
            except NotOurs:
                # sealed with a key that is no more
                continue
        rows = await conn.fetch(STEPS, list({tag for tag, _ in places.values()}))
        steps = {row["tag"]: row["step"] for row in rows}
        return [
            OfStep(word, steps[tag], first)
            for word, (tag, first) in places.items()
            if tag in steps
        ]


def words_in(facts: Sequence[Fact]) -> list[Word]:
    """Every *readable* among them."""
    return [
        Word(
            fact.data.channel,
            tuple(mark(fact.subject, ref.source, ref.id) for ref in fact.data.facts),
            fact.data.position,
            fact.time,
        )
        for fact in facts
        if isinstance(fact.data, InitiativeReadable)
    ]


async def note_received(conn: Connection, facts: Sequence[Fact]) -> None:
    """What was said is not said again, also where the database has lost that it was."""
    bodies = [
        (fact.subject, fact.data.body.removeprefix("org:"))
        for fact in facts
        if isinstance(fact.data, InitiativeReceived)
    ]
    if bodies:
        await conn.execute(RECEIVED, *map(list, zip(*bodies, strict=True)))


async def note_opened(conn: Connection, facts: Sequence[Fact]) -> None:
    """The same of embargoes that were opened."""
    grants = [
        (fact.subject, fact.data.grant.source, fact.data.grant.id)
        for fact in facts
        if isinstance(fact.data, ShareOpened)
    ]
    if grants:
        await conn.execute(OPENED, *map(list, zip(*grants, strict=True)))


async def compare(conn: Connection, words: Sequence[OfStep]) -> None:
    """Note each word that the log does not bear out."""
    if not words:
        return
    asked = [
        (n, m, named, each.word.channel, each.step)
        for n, each in enumerate(words)
        for m, named in enumerate(each.word.marks)
    ]
    found: list[list[asyncpg.Record]] = [[] for _ in words]
    for row in await conn.fetch(LINES, *map(list, zip(*asked, strict=True))):
        found[row["word"]].append(row)
    wrong = [
        each
        for each, lines in zip(words, found, strict=True)
        if not bears_out(lines, each)
    ]
    if wrong:
        log.error("log_and_word_differ", words=len(wrong))
        places = [(each.first, each.word.channel) for each in wrong]
        await conn.execute(DIFFERS, *map(list, zip(*places, strict=True)))


def bears_out(lines: Sequence[asyncpg.Record], said: OfStep) -> bool:
    """Whether the log has a line for each fact, in this order, written at that time."""
    positions = [line["position"] for line in lines]
    return (
        [line["n"] for line in lines] == list(range(len(said.word.marks)))
        and positions[0] == said.first
        and positions == sorted(positions)
        and all(line["at"] == said.word.at for line in lines)
    )


async def keep(conn: Connection, words: Sequence[Word]) -> None:
    """Remember what was said at steps that the log has no more."""
    said = [(named, word.channel, word.at) for word in words for named in word.marks]
    if said:
        await conn.execute(KEEP, *map(list, zip(*said, strict=True)))


async def not_said_before(
    conn: Connection, placed: Sequence[tuple[int, Row]]
) -> list[tuple[int, Row]]:
    """New lines without those of a cover that was told of at a step that is no more.

    A word from before the cover began was about an earlier one. Where clocks differ it
    may be said twice; then the first stands.
    """
    if not placed or not await conn.fetchval(ANY):
        return list(placed)
    asked = [(n, row.said.mark, row.channel) for n, (_, row) in enumerate(placed)]
    rows = await conn.fetch(SAID_BEFORE, *map(list, zip(*asked, strict=True)))
    said = {row["n"]: row["at"] for row in rows}
    return [
        (position, row)
        for n, (position, row) in enumerate(placed)
        if n not in said or row.since is None or said[n] < row.since
    ]


def difference(pool: Pool) -> Check:
    """The log has every line that was said to be readable."""

    async def check() -> str | None:
        try:
            (row,) = await pool.fetch(DIFFERENCES)
        except (*TRANSIENT, asyncpg.PostgresError):
            # the database's own check says so
            return None
        n, since = row
        if not n:
            return None
        return (
            f"since {since:%Y-%m-%d %H:%M:%S %Z} the log lacks what {n} of its words "
            "say is readable; find out why, then `make-again`"
        )

    return check
