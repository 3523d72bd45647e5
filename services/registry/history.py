"""Facts of the archive, for whoever may read them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from schemas.fact import Fact
from schemas.identity import owner_of
from schemas.policy import Reader, may_read
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS
from services.kit.db import Connection, Pool, snapshot

from . import as_seen, finding, store
from .archive import admitted
from .as_seen import Placed
from .asked import Asked
from .handlers import TOPICS
from .rules import project
from .state import State
from .store import Archived, Kept, Stands, Stored

STRETCH = 500


class NoSuchFact(Exception):
    """A page shall follow a fact that the reader was never given."""


@dataclass(frozen=True, slots=True)
class Told:
    """A page of an initiative's history, and its last fact if there may be more."""

    facts: list[Archived]
    last: Archived | None


async def history(
    pool: Pool, subject: str, asked: Asked, after: bytes | None, limit: int
) -> Told | None:
    """Facts about an initiative that were asked for, in the order they came.

    None as if there were no such initiative. `after` is the mark of the fact before.
    Raises `NoSuchFact`.
    """
    async with snapshot(pool) as conn:
        kept = (await store.kept(conn, [subject])).get(subject)
        if kept is None or project(kept.state, asked.reader).empty:
            return None
        if asked.seen_by is not None:
            return page_of(await as_asked(conn, subject, asked), after, limit)
        begun = None if after is None else await given(conn, kept.state, asked, after)
        return await page_from(conn, kept, asked, begun, limit)


async def page_from(
    conn: Connection, kept: Kept, asked: Asked, begun: Stands | None, limit: int
) -> Told | None:
    """A page of what the one who asks may read; None where there is nothing at all."""
    found: list[Archived] = []
    async for row in all_archived(conn, kept.subject, begun, asked.as_of):
        if may_read_in(kept.state, fact_of(row, kept.subject), asked.reader):
            found.append(row)
        if len(found) == limit:
            return Told(found, row)
    nothing = not found and begun is None
    return None if nothing else Told(found, None)


def page_of(found: Sequence[Archived], after: bytes | None, limit: int) -> Told | None:
    """A page of facts that are all at hand."""
    if not found:
        return None
    marks = [each.mark for each in found]
    if after is not None and after not in marks:
        raise NoSuchFact
    begun = 0 if after is None else marks.index(after) + 1
    page = list(found[begun : begun + limit])
    return Told(page, page[-1] if len(page) == limit else None)


async def as_asked(conn: Connection, subject: str, asked: Asked) -> list[Archived]:
    """Facts that another reader saw, as far as the one who asks may read them."""
    rows = {row.mark: row async for row in all_archived(conn, subject)}
    said = [placed_in(each, subject) for each in rows.values()]
    mine = as_seen.readable_by(subject, said, asked.reader)
    found = as_seen.as_asked(subject, mine, asked)
    marks = {each.fact.mark for each in found}
    return [row for mark, row in rows.items() if mark in marks]


async def placed(conn: Connection, subject: str) -> list[Placed]:
    """Every fact about an initiative, each partition in its order."""
    found: list[Placed] = []
    async for row in all_archived(conn, subject):
        found.append(placed_in(row, subject))
        if len(found) % STRETCH == 0:
            # a long history does not keep others waiting
            await asyncio.sleep(0)
    return found


def placed_in(row: Archived, subject: str) -> Placed:
    return Placed(fact_of(row, subject), row.stands.offset, row.stands.appended)


async def given(conn: Connection, state: State, asked: Asked, mark: bytes) -> Stands:
    """Where a fact stands; one that may not be read is as unknown as any other."""
    row = await store.one_archived(conn, mark, state.subject)
    if (
        row is None
        or not may_read_in(state, fact_of(row, state.subject), asked.reader)
        or (asked.as_of is not None and row.stands.appended > asked.as_of)
    ):
        raise NoSuchFact
    return row.stands


def may_read_in(state: State, fact: Fact, reader: Reader) -> bool:
    """Whether the reader may read a fact, by all that the state knows."""
    said = state.corrections.get(fact.ref)
    named = None if said is None else said.known
    return may_read(fact, reader, state.grants, named)


async def changed_since(
    conn: Connection, found: Sequence[Stored], asked: Asked, since: datetime
) -> set[str]:
    """Those of which anything that was asked for was appended later."""
    if asked.seen_by is not None:
        return {
            each.subject
            for each in found
            if any(
                fact.stands.appended > since
                for fact in await as_asked(conn, each.subject, asked)
            )
        }
    states = {each.subject: each.kept.state for each in found}
    # mostly the last one tells; of a long history all are read only if it does not
    last = await finding.said_after(conn, states, since, asked.as_of, 1)
    changed = {row["subject"] for row in last if is_readable(states, row, asked)}
    left = {row["subject"] for row in last} - changed
    rows = await finding.said_after(conn, left, since, asked.as_of) if left else []
    return changed | {r["subject"] for r in rows if is_readable(states, r, asked)}


def is_readable(states: Mapping[str, State], row: asyncpg.Record, asked: Asked) -> bool:
    fact = admitted(row["value"], row["topic"], row["subject"])
    return may_read_in(states[row["subject"]], fact, asked.reader)


async def all_archived(
    conn: Connection,
    subject: str,
    after: Stands | None = None,
    until: datetime | None = None,
) -> AsyncIterator[Archived]:
    """What was said of it, in order of time."""
    topics = in_turn(owner_of(subject))
    while True:
        rows = await store.history(conn, subject, after, STRETCH, topics, until)
        for row in rows:
            yield row
        if len(rows) < STRETCH:
            return
        after = rows[-1].stands


def in_turn(owner: str) -> list[str]:
    """The topics as they are read where several were written at once.

    The owner's comes first: an order by name would favour a line.
    """
    line = ruleset(NEWEST).line_of(owner)
    own = [PARTY_TOPICS[line]] if line else []
    return [topic.name for topic in (*own, *(t for t in TOPICS if t not in own))]


def fact_of(row: Archived, subject: str) -> Fact:
    return admitted(row.value, row.stands.topic, subject)
