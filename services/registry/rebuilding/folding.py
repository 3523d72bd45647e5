"""The fold over the archive: each initiative anew, in the turns in which facts came.

A state rests on all facts alike, whatever their order; a milestone rests on those of
the first turns, so facts are taken by turn. Of no initiative are all facts in memory.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

import asyncpg

from schemas.fact import Fact
from services.kit.db import Connection
from services.registry import milestones
from services.registry.archive import admitted
from services.registry.rules import evolve
from services.registry.state import State
from services.registry.store import Kept

Rows = list[asyncpg.Record]
AT_ONCE = 500
COLUMNS = "SELECT mark, subject, topic, partition, position, appended, turn, value"
BY_TURN = "turn, appended, topic, partition, position"
BETWEEN = f"""
{COLUMNS} FROM archive
 WHERE subject >= $1 AND subject <= $2 ORDER BY subject, {BY_TURN}
"""
# each by the index, whatever Postgres believes of how many there are
SINCE = f"""
SELECT later.*
  FROM unnest($1::text[], $2::integer[]) AS begun (subject, reached)
 CROSS JOIN LATERAL (
       {COLUMNS} FROM archive
        WHERE subject = begun.subject AND turn > begun.reached OFFSET 0) AS later
 ORDER BY subject, {BY_TURN}
"""
FIRST = f"""
{COLUMNS} FROM archive
 WHERE subject = $1 ORDER BY {BY_TURN} LIMIT $2
"""


class Unfoldable(Exception):
    """The archive holds what this code cannot fold; the views stay as they are."""

    def __init__(self, row: asyncpg.Record, error: Exception) -> None:
        super().__init__(
            f"{row['topic']}/{row['partition']}@{row['position']} about "
            f"{row['subject']} cannot be folded ({type(error).__name__}): run the "
            "newest code that has run here, or look at the archive with `check-archive`"
        )


@dataclass
class Made:
    """An initiative as it is folded anew, and what was found on the way.

    `turned` are facts that were folded in another turn than the archive says, by mark.
    `stale` while something that names another fact has come since all was folded with
    the naming first, as it must be (`rules.fold`).
    """

    kept: Kept
    milestones: list[Kept] = field(default_factory=list)
    turned: list[tuple[bytes, int]] = field(default_factory=list)
    stale: bool = False
    named_lately: bool = False

    @property
    def named(self) -> bool:
        """Whether anything names another fact."""
        return bool(self.kept.state.corrections)

    def take(self, row: asyncpg.Record) -> bool:
        """Fold one more; whether a milestone is reached. Raises `Unfoldable`."""
        fact, kept = fact_in(row), self.kept
        turn, reached = kept.turn + 1, max(kept.reached, row["appended"])
        self.kept = Kept(evolve_by(kept.state, fact, row), turn, reached)
        if row["turn"] != turn:
            self.turned.append((row["mark"], turn))
        if fact.named is not None:
            self.stale = self.named_lately = True
        return turn % milestones.EVERY == 0

    async def pass_milestone(self, conn: Connection) -> None:
        """Keep the state on the way; as when facts come, not while facts are named."""
        if not self.named_lately:
            await self.settle(conn)
            self.milestones.append(self.kept)
        self.named_lately = False

    async def settle(self, conn: Connection) -> None:
        """Where what stood before must be looked at again, fold all of it again."""
        if self.stale:
            kept = self.kept
            state = await folded(conn, kept.subject, kept.turn)
            self.kept = Kept(state, kept.turn, kept.reached)
            self.stale = False


def between(conn: Connection, first: str, last: str) -> AsyncIterator[Made]:
    """Each initiative of a stretch, one after another. Raises `Unfoldable`."""
    return made_of(conn, rows(conn, BETWEEN, first, last), {})


def since(conn: Connection, begun: Sequence[Kept]) -> AsyncIterator[Made]:
    """Initiatives with all that came later than they had begun. Raises `Unfoldable`."""
    subjects = [each.subject for each in begun]
    turns = [each.turn for each in begun]
    later = rows(conn, SINCE, subjects, turns)
    return made_of(conn, later, dict(zip(subjects, begun, strict=True)))


async def made_of(
    conn: Connection, found: AsyncIterator[Rows], begun: Mapping[str, Kept]
) -> AsyncIterator[Made]:
    made: Made | None = None
    async for some in found:
        for row in some:
            if made is None or made.kept.subject != row["subject"]:
                if made is not None:
                    await made.settle(conn)
                    yield made
                subject = row["subject"]
                made = Made(begun.get(subject, Kept(State(subject))))
            if made.take(row):
                await made.pass_milestone(conn)
    if made is not None:
        await made.settle(conn)
        yield made


async def folded(conn: Connection, subject: str, count: int) -> State:
    """What the first so many facts leave; what names another is taken before the rest.

    They are read twice, so that they need not be kept.
    """
    state = State(subject)
    for naming in (True, False):
        async for some in rows(conn, FIRST, subject, count):
            facts = [(fact_in(row), row) for row in some]
            for fact, row in facts:
                if (fact.named is not None) == naming:
                    state = evolve_by(state, fact, row)
    return state


async def rows(conn: Connection, query: str, *arguments: object) -> AsyncIterator[Rows]:
    """Records of the archive, some at a time."""
    cursor = await conn.cursor(query, *arguments)
    while found := await cursor.fetch(AT_ONCE):
        yield found


def fact_in(row: asyncpg.Record) -> Fact:
    """What was admitted once is a fact for ever. Raises `Unfoldable`."""
    try:
        return admitted(row["value"], row["topic"], row["subject"])
    except TypeError as error:
        raise Unfoldable(row, error) from error


def evolve_by(state: State, fact: Fact, row: asyncpg.Record) -> State:
    try:
        return evolve(state, fact, row["position"])
    except Exception as error:
        raise Unfoldable(row, error) from error
