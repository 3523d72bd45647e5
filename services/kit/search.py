"""The search for facts that make the code fail: halving, with a savepoint for a try.

The facts that can be applied are applied on the way, in their order. Work is bounded:
about log2(n) tries for each culprit among n facts, and an end where too many follow
each other.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence

import asyncpg

from . import parked
from .batch import Arrived
from .checkpoint import Fenced
from .db import TRANSIENT, Connection, is_lost
from .log import place_of
from .parked import Cause, Key, Parked, key_of

# more culprits than this, and nothing applied between them: it is not the facts. Where
# every second fact fails, so many in a row come once among a million
MOST_IN_A_ROW = 20
ROLLBACK_TRIES = 20
DONE = "SET CONSTRAINTS ALL IMMEDIATE; RELEASE SAVEPOINT attempt"
UNDO = "ROLLBACK TO SAVEPOINT attempt; RELEASE SAVEPOINT attempt"

Take = Callable[[Connection, Sequence[Arrived]], Awaitable[None]]


class TooMany(Exception):
    """So many facts in a row fail that the code must be wrong, or its surroundings.

    Nothing of the batch is parked: it waits until that is mended. `first` is the first
    of the row.
    """

    def __init__(self, first: Arrived, cause: Cause) -> None:
        super().__init__()
        self.first = first
        self.cause = cause


class Search:
    """One search, within the caller's transaction.

    `holding` are speakers and initiatives of which everything waits. `in_a_row` counts
    the culprits since anything was applied, over all searches of a process.
    """

    def __init__(
        self,
        conn: Connection,
        group: str,
        take: Take,
        *,
        holding: Collection[Key] = (),
        in_a_row: int = 0,
        most: int = MOST_IN_A_ROW,
    ) -> None:
        self.conn = conn
        self.group = group
        self.take = take
        self.holding = set(holding)
        self.in_a_row = in_a_row
        self.most = most
        self.applied: list[Arrived] = []
        self.parked: list[Parked] = []
        self.row: list[Parked] = []

    async def through(self, facts: Sequence[Arrived]) -> None:
        """Apply what can be applied. Raises `TooMany`, and what passes by itself."""
        await self.halve(facts)
        self.end_if_too_many(self.in_a_row)

    async def halve(self, facts: Sequence[Arrived]) -> None:
        due = self.not_held_back(facts)
        if not due:
            return
        cause = await self.attempt(due)
        if cause is None:
            self.applied += due
            self.in_a_row = 0
            self.row.clear()
        elif len(due) == 1:
            await self.park(due[0], cause)
        else:
            middle = len(due) // 2
            await self.halve(due[:middle])
            await self.halve(due[middle:])

    def not_held_back(self, facts: Sequence[Arrived]) -> list[Arrived]:
        """Those behind which no fact of their speaker waits; the others are parked."""
        due = [each for each in facts if key_of(each) not in self.holding]
        if len(due) < len(facts):
            held = (each for each in facts if key_of(each) in self.holding)
            self.parked += map(Parked, held)
        return due

    async def park(self, culprit: Arrived, cause: Cause) -> None:
        found = Parked(culprit, cause)
        self.parked.append(found)
        self.row.append(found)
        self.in_a_row += 1
        if not await parked.was_released(self.conn, self.group, culprit.fact):
            self.holding.add(key_of(culprit))
        self.end_if_too_many(len(self.row))

    def end_if_too_many(self, in_a_row: int) -> None:
        if self.row and in_a_row > self.most:
            cause = self.row[-1].cause
            if cause is not None:
                raise TooMany(self.row[0].arrived, cause)

    async def attempt(self, facts: Sequence[Arrived]) -> Cause | None:
        """Apply them all, or nothing of them; then why."""
        await self.conn.execute("SAVEPOINT attempt")
        try:
            await self.take(self.conn, facts)
            # what Postgres would check at the end is checked here
            await self.conn.execute(DONE)
        except (*TRANSIENT, Fenced):
            raise
        except Exception as error:  # whatever it is, the fact waits
            if is_lost(self.conn):
                raise
            await roll_back(self.conn)
            return Cause(type(error).__name__, place_of(error))
        return None


async def roll_back(conn: Connection) -> None:
    """Undo an attempt, also where a query of it still runs on the connection.

    Raises InterfaceError where it goes on: then the whole transaction must go.
    """
    for _ in range(ROLLBACK_TRIES):
        try:
            await conn.execute(UNDO)
        except asyncpg.InterfaceError:
            if is_lost(conn):
                raise
            await asyncio.sleep(0.05)
        else:
            return
    await conn.execute(UNDO)
