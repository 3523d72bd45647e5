"""The sequencer: it alone decides what each fact makes available to which channel.

It takes committed facts one after another. One transaction a step: lines of the log,
covers that ended, *readable*, how far it has come.
"""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import timedelta
from time import monotonic
from uuid import UUID, uuid4

from schemas import tracker
from schemas.topics import TRACKER
from services.kit import outbox, wake
from services.kit.db import TRANSIENT, Connection, Pool, transaction
from services.kit.lease import Lease
from services.kit.outbox import Outgoing

from . import closing, openings, read_back, store
from .closing import Closing
from .handlers import GROUP
from .hearing import Hearing
from .items import Table
from .loading import load
from .parking import Parking
from .rules import Row, announced
from .sealing import Seal
from .store import LogEnd

STEP_FACTS = 500
LEASE = timedelta(seconds=5)
SAFETY_LOOK = timedelta(seconds=1)
# after a step it rests as long as that took, no longer: fewer and larger ones
LONGEST_REST = 0.05
# a clock that wakes us may be early by less than that
A_MOMENT = 0.001

Placed = tuple[int, Row]


class Sequencer:
    """Of several replicas one leads; the lock on the log's end makes sure of it."""

    def __init__(
        self, pool: Pool, *, url: str, seal: Seal, hearing: Hearing | None = None
    ) -> None:
        self.pool = pool
        self.url = url
        self.seal = seal
        # without one it leads at once
        self.hearing = hearing
        self.lease = Lease(pool, "sequencer", LEASE)
        self.parking = Parking(pool)
        # whether the last step took facts, or tried to
        self.took = False
        # when to look for embargoes that have passed: by the clock, or grants changed
        self.openings_due = 0.0

    async def run(self) -> None:
        """Until cancelled, or until Postgres fails; call it again then."""
        try:
            async with wake.listening(self.url, "delivery", "delivery_fact") as woken:
                while True:
                    due = SAFETY_LOOK
                    if await self.leads():
                        began = monotonic()
                        await self.take_all()
                        due = await self.look_for_openings()
                        await asyncio.sleep(min(LONGEST_REST, monotonic() - began))
                    await woken.wait(due)
        finally:
            await self.lease.give_up()

    async def leads(self) -> bool:
        """Whether it may speak: nobody else does, and it knows all that was said."""
        leads = await self.lease.keep()
        if self.hearing is None:
            return leads
        if not leads:
            self.hearing.rest()
            return False
        return await self.hearing.has_heard_all(self.lease.term)

    async def take_all(self) -> None:
        while await self.step_or_park() and await self.leads():
            pass

    async def step_or_park(self) -> bool:
        """A step; where the code fails, smaller ones up to the fact that makes it fail.

        That one is parked. Raises what passes by itself, and `TooMany`.
        """
        most = STEP_FACTS
        while True:
            try:
                found = await self.step(most)
            except TRANSIENT:
                raise
            except Exception as error:  # whatever it is, the fact waits
                if not self.took:
                    raise
                if most == 1:
                    await self.parking.park_first(error)
                most = max(1, most // 2)
            else:
                if found and self.took:
                    self.parking.went_well()
                return found

    async def look_for_openings(self) -> timedelta:
        """Say which embargoes have passed, if one may have; the time to the next look.

        At once where a grant has changed, or what waited of its owner is gone.
        """
        left = self.openings_due - monotonic()
        if left > A_MOMENT:
            return timedelta(seconds=left)
        due = min(SAFETY_LOOK, await self.say_due())
        self.openings_due = monotonic() + due.total_seconds()
        return due

    async def say_due(self) -> timedelta:
        """Say which embargoes have passed; the time to the next."""
        return await openings.say_due(self.pool)

    async def step(self, most: int = STEP_FACTS) -> bool:
        """Take what is new, at most so many facts. False where nothing is."""
        async with transaction(self.pool) as conn:
            facts, parking = await store.anything_new(conn, GROUP)
            if not (facts or parking):
                return False
            end = await store.lock_sequence(conn)
            # asked before the facts: what is applied later opens nothing in this step
            closes = await closing.look(conn) if parking else Closing()
            late = await closing.late_facts(conn, most) if parking else []
            rows = late or await store.new_facts(conn, GROUP, most)
            if closes.turned:
                # by itself: what fails then is no fact that could be parked
                late, rows = [], []
            self.took = bool(rows)
            if not (rows or closes.turned):
                return False
            arrivals = [store.said_of(row) for row in rows]
            table = await load(conn, arrivals, closes)
            for said in arrivals:
                table.take(said)
            for subject in sorted(closes.turned):
                table.turn(subject)
            await self.save(conn, end, table)
            await closing.save(conn, closes)
            if table.changed or closes.turned:
                self.openings_due = 0.0
            if late:
                await closing.taken(conn, [row["mark"] for row in late])
            else:
                taken = {store.place_of(row): row["position"] + 1 for row in rows}
                await store.advance(conn, taken)
            return True

    async def save(self, conn: Connection, end: LogEnd, table: Table) -> None:
        """Write what the step has decided, and say what has become readable."""
        if changed := table.changed:
            await store.save_shares(conn, changed)
        if voided := table.voided:
            await store.void(conn, voided, end.step + 1)
        added = table.added
        placed = await store.append_rows(conn, added, end)
        new = await read_back.not_said_before(conn, placed)
        tag = uuid4()
        await outbox.append(conn, list(self.readable(new, end, tag)))
        await store.move_sequence(conn, end, len(added), tag)

    def readable(
        self, placed: Sequence[Placed], end: LogEnd, tag: UUID
    ) -> Iterator[Outgoing]:
        """*Readable*, said for each initiative and channel; its id is derived."""
        for (subject, channel), found in announced(placed).items():
            for n in range(0, len(found), tracker.MAX_FACTS_NAMED):
                part = found[n : n + tracker.MAX_FACTS_NAMED]
                position = self.seal.position(tag, part[0][0])
                facts = [(row.said.ref, row.said.type) for _, row in part]
                record = tracker.readable(subject, channel, facts, position, end.now)
                yield Outgoing(TRACKER, *record)
