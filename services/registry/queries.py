"""Questions to the registry: each answered from one moment of the database."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.admission import admit
from schemas.fact import Fact
from schemas.identity import owner_of
from schemas.policy import Reader, may_read
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS
from services.kit.db import Connection, Pool, snapshot

from . import store
from .earliness import Earliness, earliness
from .handlers import TOPICS
from .policies import EarlinessPolicy, PhasePolicy
from .rules import Projection, project
from .state import State, from_bytes
from .store import Archived, Stands
from .view import phase

# rows that are looked through at once, many of which the reader may not see
STRETCH = 500
BEFORE_ALL = b""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which initiatives are asked for; None where it does not matter."""

    owner: str | None = None
    line: Literal["state", "municipal"] | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of initiatives, and the place of its last one; None at the end.

    Whether there is more is not told: it might be something that is not to be read.
    """

    seen: list[Projection]
    last: bytes | None


@dataclass(frozen=True, slots=True)
class Told:
    """A page of an initiative's history, and its last fact if there may be more."""

    facts: list[Archived]
    last: Archived | None


class NoSuchFact(Exception):
    """A page shall follow a fact that the reader was never given."""


async def initiative(pool: Pool, subject: str, reader: Reader) -> Projection | None:
    """What the reader sees of one initiative; None as if there were none."""
    async with snapshot(pool) as conn:
        found = (await store.states(conn, [subject])).get(subject)
    return None if found is None else visible(found, reader)


async def initiatives(
    pool: Pool,
    reader: Reader,
    wanted: Wanted,
    phases: PhasePolicy,
    after: bytes,
    limit: int,
) -> Listed:
    """Initiatives of which the reader sees anything, in the fixed order of lists."""
    found: list[Projection] = []
    async with snapshot(pool) as conn:
        async for place, seen in all_visible(conn, reader, wanted.owner, after):
            if is_wanted(seen, wanted, phases):
                found.append(seen)
            if len(found) == limit:
                return Listed(found, place)
    return Listed(found, None)


async def all_earliness(
    pool: Pool, reader: Reader, policy: EarlinessPolicy, at: datetime
) -> list[Earliness]:
    """The figures of every initiative that the reader gets figures for."""
    async with snapshot(pool) as conn:
        return [
            found
            async for _, seen in all_visible(conn, reader)
            if (found := earliness(seen, policy, at)) is not None
        ]


async def all_visible(
    conn: Connection,
    reader: Reader,
    owner: str | None = None,
    after: bytes = BEFORE_ALL,
) -> AsyncIterator[tuple[bytes, Projection]]:
    """Each initiative of which the reader sees anything, with its place in lists."""
    channels = sorted(reader.channels)
    while True:
        rows = await store.page(conn, channels, after, owner, STRETCH)
        for row in rows:
            seen = visible(from_bytes(row.subject, row.body), reader)
            if seen is not None:
                yield row.place, seen
        if len(rows) < STRETCH:
            return
        after = rows[-1].place


def visible(state: State, reader: Reader) -> Projection | None:
    seen = project(state, reader)
    return None if seen.empty else seen


def is_wanted(seen: Projection, wanted: Wanted, phases: PhasePolicy) -> bool:
    """A phase is asked of those alone that have one for the reader."""
    if wanted.line is not None and ruleset(NEWEST).line_of(seen.owner) != wanted.line:
        return False
    return wanted.phase is None or phase(seen, phases) == wanted.phase


async def history(
    pool: Pool, subject: str, reader: Reader, after: bytes | None, limit: int
) -> Told | None:
    """Facts about an initiative that the reader may read, in the order they came.

    None as if there were no such initiative. `after` is the mark of the fact before.
    Raises `NoSuchFact`.
    """
    found: list[Archived] = []
    async with snapshot(pool) as conn:
        state = (await store.states(conn, [subject])).get(subject)
        if state is None or visible(state, reader) is None:
            return None
        begun = None if after is None else await given(conn, state, reader, after)
        async for row in all_archived(conn, subject, begun):
            if may_read(fact_of(row, subject), reader, state.grants):
                found.append(row)
            if len(found) == limit:
                return Told(found, row)
    return Told(found, None)


async def given(conn: Connection, state: State, reader: Reader, mark: bytes) -> Stands:
    """Where a fact stands; one that may not be read is as unknown as any other."""
    row = await store.one_archived(conn, mark, state.subject)
    if row is None or not may_read(fact_of(row, state.subject), reader, state.grants):
        raise NoSuchFact
    return row.stands


async def all_archived(
    conn: Connection, subject: str, after: Stands | None
) -> AsyncIterator[Archived]:
    """What was said of it, in order of time."""
    topics = in_turn(owner_of(subject))
    while True:
        rows = await store.history(conn, subject, after, STRETCH, topics)
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
    """What was admitted once is admitted for ever: by the number that it carries."""
    verdict = admit(row.value, (), row.stands.topic, subject.encode())
    if not isinstance(verdict, Fact):
        raise TypeError(f"the archive holds a {type(verdict).__name__}")
    return verdict
