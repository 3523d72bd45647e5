"""What the routes ask, each answered from one moment of the database."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.kit.db import Connection, Pool, snapshot

from . import as_seen, finding, store
from .asked import Asked
from .cases import Joint, joint_with, once_per_case
from .finding import Hints
from .history import changed_since, placed
from .milestones import state_at
from .policies import PhasePolicy, phase_policy
from .rules import Projection, project
from .store import Kept, Stored, place_in_lists
from .wanted import Sign, Wanted, is_wanted, text_of
from .words import day_of, query_of, words_in

# rows that are looked through at once, many of which the reader may not see
STRETCH = 500
FEWEST = 50
LONG = 200
BEFORE_ALL = b""
Row = tuple[Stored, Projection]


@dataclass(frozen=True, slots=True)
class Listed:
    """A page of initiatives, and the place of its last one; None at the end.

    Whether there is more is not told: it might be something that is not to be read.
    `joint` is what each is joined with. `lines` are those under which a case stands
    once, each with its other sides.
    """

    seen: list[Projection]
    last: bytes | None
    joint: Mapping[str, list[Joint]]
    lines: Mapping[str, list[str]]


async def initiative(pool: Pool, subject: str, asked: Asked) -> Projection | None:
    """What is seen of one initiative; None as if there were none."""
    async with snapshot(pool) as conn:
        found = (await store.kept(conn, [subject])).get(subject)
        return None if found is None else await seen(conn, found, asked)


async def with_joined(
    pool: Pool, subject: str, asked: Asked
) -> tuple[Projection, list[Joint]] | None:
    """The same, with what it is joined with, at one moment of the database."""
    async with snapshot(pool) as conn:
        kept = (await store.kept(conn, [subject])).get(subject)
        found = None if kept is None else await seen(conn, kept, asked)
        if found is None:
            return None
        rows = await rows_joined_with(conn, [found])
        others = await all_seen(conn, rows, asked)
        return found, joint_with(found, by_subject(others))


async def both(
    pool: Pool, subject: str, *asked: Asked
) -> tuple[Projection | None, ...]:
    """The same initiative, asked for in several ways at one moment of the database."""
    async with snapshot(pool) as conn:
        found = (await store.kept(conn, [subject])).get(subject)
        if found is None:
            return tuple(None for _ in asked)
        return tuple([await seen(conn, found, each) for each in asked])


async def seen(conn: Connection, kept: Kept, asked: Asked) -> Projection | None:
    """What is seen of an initiative, as it was asked; None for nothing."""
    if asked.plainly:
        return unless_empty(project(kept.state, asked.reader))
    # who may read none of it now does not learn what it was
    if project(kept.state, asked.reader).empty:
        return None
    if asked.seen_by is not None:
        said = await placed(conn, kept.subject)
        found = as_seen.projection
        if len(said) <= LONG:
            return unless_empty(found(kept.subject, said, asked))
        # others are not kept waiting while a long history is folded
        return unless_empty(await asyncio.to_thread(found, kept.subject, said, asked))
    if asked.as_of is None:
        raise ValueError("asked in no way")
    then = await state_at(conn, kept, asked.as_of)
    return unless_empty(project(then, asked.reader, kept.state))


def unless_empty(found: Projection) -> Projection | None:
    return None if found.empty else found


async def initiatives(
    pool: Pool,
    asked: Asked,
    wanted: Wanted,
    phases: PhasePolicy,
    after: bytes,
    limit: int,
) -> Listed:
    """Initiatives that are asked for, in the fixed order of lists."""
    found: list[Projection] = []
    last = None
    async with snapshot(pool) as conn:
        async for place, each in all_wanted(conn, asked, wanted, phases, after, limit):
            found.append(each)
            if len(found) == limit:
                last = place
                break
        rows = await rows_joined_with(conn, found)
        others = await all_seen(conn, rows, asked)
        asked_for = await only_wanted(conn, others, asked, wanted, phases)
    joint = {each.subject: joint_with(each, by_subject(others)) for each in found}
    lines = once_per_case(found, by_subject(asked_for), place_in_lists)
    return Listed(found, last, joint, lines)


async def rows_joined_with(
    conn: Connection, found: Sequence[Projection]
) -> list[Stored]:
    """What these are said to be joined with; whether it is read is not asked yet."""
    subjects = sorted({subject for each in found for subject in each.owners("joined")})
    return await store.stored(conn, subjects) if subjects else []


def by_subject(found: Sequence[Row]) -> dict[str, Projection]:
    return {each.subject: each for _, each in found}


async def all_wanted(
    conn: Connection,
    asked: Asked,
    wanted: Wanted,
    phases: PhasePolicy,
    after: bytes = BEFORE_ALL,
    limit: int = STRETCH,
) -> AsyncIterator[tuple[bytes, Projection]]:
    """Each initiative that is asked for, with its place in lists."""
    hints = await hints_of(conn, wanted, asked)
    stretch = min(max(limit, FEWEST), STRETCH)
    await finding.plan_each(conn)
    while True:
        rows = await finding.found(conn, asked.reader.channels, hints, after, stretch)
        shown = await all_seen(conn, rows, asked)
        for row, each in await only_wanted(conn, shown, asked, wanted, phases):
            yield row.place, each
        if len(rows) < stretch:
            return
        after = rows[-1].place


async def all_of(
    conn: Connection, asked: Asked
) -> AsyncIterator[tuple[bytes, Projection]]:
    """Each initiative of which anything is seen."""
    async for found in all_wanted(conn, asked, Wanted(), phase_policy()):
        yield found


async def all_seen(conn: Connection, rows: Sequence[Stored], asked: Asked) -> list[Row]:
    """Of what was found that of which anything is seen."""
    found: list[Row] = []
    for row in rows:
        each = await seen(conn, row.kept, asked) if row.body else None
        if each is not None:
            found.append((row, each))
    return found


async def only_wanted(
    conn: Connection,
    shown: Sequence[Row],
    asked: Asked,
    wanted: Wanted,
    phases: PhasePolicy,
) -> list[Row]:
    """Of what is seen that which is asked for."""
    found = [(row, each) for row, each in shown if is_wanted(each, wanted, phases)]
    if wanted.words is not None and found:
        texts = [text_of(each) for _, each in found]
        matching = await finding.matching(conn, texts, wanted.words)
        found = [each for n, each in enumerate(found) if n in matching]
    if wanted.changed_since is not None and found:
        stored = [row for row, _ in found]
        changed = await changed_since(conn, stored, asked, wanted.changed_since)
        found = [each for each in found if each[0].subject in changed]
    return found


async def hints_of(conn: Connection, wanted: Wanted, asked: Asked) -> Hints:
    """What an index can tell; of what was said before it knows the owner alone."""
    now = asked.as_of is None
    words = words_hint(wanted) if now else None
    if words is not None and not await finding.has_words(conn, words):
        # of "og" and "i" alone nothing is indexed
        words = None
    return Hints(
        wanted.owner,
        wanted.line,
        wanted.phase if now else None,
        wanted.short,
        words,
        wanted.changed_since,
        day_hint(wanted, ">=") if now else None,
        day_hint(wanted, "<=") if now else None,
    )


def day_hint(wanted: Wanted, sign: Sign) -> date | None:
    """The day from which, or up to which, a field is asked for; None without one."""
    days = (day_of(each.value) for each in wanted.where if each.sign == sign)
    return next((day for day in days if day is not None), None)


def words_hint(wanted: Wanted) -> str | None:
    """Words that the text has if it is asked for: those of the conditions too."""
    same = [each.value for each in wanted.where if each.sign == ":"]
    found = [query_of(word) for word in words_in(same)]
    if wanted.words is not None:
        found.append(wanted.words)
    return " & ".join(found) or None
