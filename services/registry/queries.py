"""Questions to the registry: each answered from one moment of the database."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.admission import admit
from schemas.fact import Fact
from schemas.policy import Reader, may_read
from schemas.rulesets import NEWEST, ruleset
from services.kit.db import Pool, snapshot

from . import store
from .earliness import Earliness, earliness
from .policies import EarlinessPolicy, PhasePolicy
from .rules import Projection, project
from .state import State
from .store import Archived, Stands
from .view import phase

# rows that a page looks through at once, most of which the reader may not see
STRETCH = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which initiatives are asked for; None where it does not matter."""

    owner: str | None = None
    line: Literal["state", "municipal"] | None = None
    phase: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of initiatives, and the place of the last one if there may be more."""

    seen: list[Projection]
    last: bytes | None


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
    after: bytes | None,
    limit: int,
) -> Listed:
    """Initiatives of which the reader sees anything, in the fixed order of lists."""
    seen: list[Projection] = []
    channels = sorted(reader.channels)
    async with snapshot(pool) as conn:
        while True:
            rows = await store.page(conn, channels, after, wanted.owner, STRETCH)
            for place, state in rows:
                after = place
                found = visible(state, reader)
                if found is not None and is_wanted(found, wanted, phases):
                    seen.append(found)
                if len(seen) == limit:
                    return Listed(seen, place)
            if len(rows) < STRETCH:
                return Listed(seen, None)


def visible(state: State, reader: Reader) -> Projection | None:
    seen = project(state, reader)
    return None if seen.empty else seen


def is_wanted(seen: Projection, wanted: Wanted, phases: PhasePolicy) -> bool:
    """A phase is asked of those alone who see the whole: others are told none."""
    if wanted.line is not None and ruleset(NEWEST).line_of(seen.owner) != wanted.line:
        return False
    if wanted.phase is None:
        return True
    return not seen.partial and phase(seen, phases) == wanted.phase


async def all_earliness(
    pool: Pool, reader: Reader, policy: EarlinessPolicy, at: datetime
) -> list[Earliness]:
    """The figures of every initiative that the reader gets figures for."""
    found: list[Earliness] = []
    after: bytes | None = None
    channels = sorted(reader.channels)
    async with snapshot(pool) as conn:
        while True:
            rows = await store.page(conn, channels, after, None, STRETCH)
            for place, state in rows:
                after = place
                figures = earliness(project(state, reader), policy, at)
                if figures is not None:
                    found.append(figures)
            if len(rows) < STRETCH:
                return found


async def history(
    pool: Pool, subject: str, reader: Reader, after: Stands | None, limit: int
) -> tuple[list[tuple[Fact, Archived]], Stands | None] | None:
    """Facts about an initiative that the reader may read, in the order they came.

    None as if there were no such initiative; else with the place to go on from.
    """
    kept: list[tuple[Fact, Archived]] = []
    async with snapshot(pool) as conn:
        state = (await store.states(conn, [subject])).get(subject)
        if state is None or visible(state, reader) is None:
            return None
        while True:
            rows = await store.history(conn, subject, after, STRETCH)
            for row in rows:
                after = row.stands
                fact = fact_of(row, subject)
                if may_read(fact, reader, state.grants):
                    kept.append((fact, row))
                if len(kept) == limit:
                    return kept, after
            if len(rows) < STRETCH:
                return kept, None


def fact_of(row: Archived, subject: str) -> Fact:
    """What was admitted once is admitted for ever: by the number that it carries."""
    verdict = admit(row.value, (), row.stands.topic, subject.encode())
    if not isinstance(verdict, Fact):
        raise TypeError(f"the archive holds a {type(verdict).__name__}")
    return verdict
