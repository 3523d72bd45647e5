"""What is done with the facts of one batch, inside its transaction."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from . import parked, set_aside
from .batch import Arrived, Batch, Refused
from .checkpoint import Checkpoint, Place
from .db import Connection
from .parked import Parked, key_of
from .search import Search

Apply = Callable[[Connection, Sequence[Arrived]], Awaitable[None]]
OnRefused = Callable[[Connection, Sequence[Refused]], Awaitable[None]]
# earlier records, by the marks asked for
Known = Callable[[Connection, Sequence[bytes]], Awaitable[Mapping[bytes, bytes]]]


async def ignore(_: Connection, __: Sequence[Refused]) -> None:
    """Only the registry rejects; the others count."""


async def take(
    conn: Connection, group: str, apply: Apply, facts: Sequence[Arrived]
) -> None:
    """Let the service apply facts; what the tracker says in them of others is noted.

    Whatever it raises, nothing of it may stay.
    """
    await set_aside.note(conn, group, facts)
    await apply(conn, facts)


class Taking:
    """How a group takes facts: what was said before is dropped, what waits is parked.

    Where nothing is parked it asks Postgres for nothing more than the service does:
    the checkpoint, which is locked anyway, tells.
    """

    def __init__(self, group: str, apply: Apply, known: Known) -> None:
        self.group = group
        self.apply = apply
        self.known = known
        # culprits since anything was applied
        self.in_a_row = 0

    async def take(self, conn: Connection, facts: Sequence[Arrived]) -> None:
        await take(conn, self.group, self.apply, facts)

    async def keep_first_sayings(
        self, conn: Connection, batch: Batch, held: Mapping[Place, Checkpoint]
    ) -> None:
        """Drop what was said before, and park what waits behind what is parked."""
        marks = [each.fact.mark for each in batch.facts]
        before = await self.known(conn, marks)
        parks = {place for place, checkpoint in held.items() if checkpoint.parks}
        if not parks:
            batch.keep_first_sayings(before)
            return
        also = await parked.known(conn, self.group, marks)
        batch.keep_first_sayings({**before, **also})
        holding = await parked.holding(conn, self.group, batch.facts)
        if holding:
            waiting = [each for each in batch.facts if key_of(each) in holding]
            batch.facts = [each for each in batch.facts if key_of(each) not in holding]
            batch.parked += map(Parked, waiting)
        elif not also:
            await parked.say_parks_no_more(conn, self.group, parks)

    async def apply_all(self, conn: Connection, batch: Batch) -> None:
        """All facts of the batch, or none. Raises whatever the service does."""
        await self.take(conn, batch.facts)
        if batch.parked:
            await parked.add(conn, self.group, batch.parked)

    async def apply_some(self, conn: Connection, batch: Batch) -> int:
        """Apply what can be applied, and park the rest. Raises `TooMany`.

        Returns how many in a row have failed now.
        """
        search = Search(conn, self.group, self.take, in_a_row=self.in_a_row)
        await search.through(batch.facts)
        batch.facts = search.applied
        batch.parked += search.parked
        if batch.parked:
            await parked.add(conn, self.group, batch.parked)
        return search.in_a_row
