"""Deadlines: one leader looks, and says once what nobody has said in time.

It says nothing before every partition that an item depends on has been read to the
end that it had after the deadline, and nothing while a fact on one of its initiatives
is parked here.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256

import structlog
from aiokafka.errors import KafkaError
from asyncpg.exceptions import UniqueViolationError

from services.kit import checkpoint
from services.kit.checkpoint import Place
from services.kit.clock import Clock
from services.kit.db import Connection, transaction
from services.kit.lease import Lease

from . import store
from .acting import Office, around_meeting, on_agenda, record, sealed_in_open_round
from .handlers import GROUP
from .rules import Around, Board, Deadline, Item, Meeting, deadlines, fire
from .rules.ground import Said
from .rules.scoring import ON_ITS_WAY

log = structlog.get_logger()

Ends = Callable[[], Awaitable[Mapping[Place, int]]]


class Watch:
    """The tracker's eye on the arena's deadlines."""

    def __init__(self, office: Office, clock: Clock, ends: Ends) -> None:
        self.office = office
        self.clock = clock
        self.ends = ends
        self.lease = Lease(office.pool, "deadlines")

    async def run(self, every: timedelta) -> None:
        """Look again and again, while this replica leads."""
        try:
            while True:
                if await self.lease.keep():
                    await self.look()
                await asyncio.sleep(every.total_seconds())
        finally:
            await self.lease.give_up()

    async def look(self) -> int:
        """Say what is due, in order. Returns how many facts were said."""
        now = self.clock()
        due = await store.due(self.office.pool, now - ON_ITS_WAY)
        if not due or not await self.has_read_past():
            return 0
        said = 0
        for subject, _ in due:
            said += await self.fire_all(subject, now)
        if said:
            self.office.wake_relay()
        return said

    async def has_read_past(self) -> bool:
        """Whether all that lay in the partitions, asked for now, has been consumed."""
        try:
            ends = await self.ends()
        except (KafkaError, OSError, TimeoutError) as error:
            log.info("ends_not_told", error=type(error).__name__)
            return False
        read = await checkpoint.find(self.office.pool, GROUP, list(ends))
        return all(read[place].next >= end for place, end in ends.items())

    async def fire_all(self, subject: str, now: datetime) -> int:
        """Every deadline of one item or meeting that has passed, one after another."""
        said = 0
        try:
            async with transaction(self.office.pool) as conn:
                while found := await self.fire_next(conn, subject, now):
                    said += found
        except UniqueViolationError:
            # another replica has said it meanwhile
            return 0
        return said

    async def fire_next(self, conn: Connection, subject: str, now: datetime) -> int:
        held = await store.boards(conn, [subject], lock=True)
        board = held[subject]
        held |= await on_agenda(conn, board)
        if isinstance(board, Item) and await store.has_parked(
            conn, GROUP, board.initiatives
        ):
            return 0
        around = await self.around(conn, board, held)
        for deadline in deadlines(board, self.office.ground):
            if deadline.due > now - ON_ITS_WAY:
                return 0
            said = fire(board, deadline, self.office.ground, around, now)
            if said:
                ids = ids_of(board, deadline, said)
                await record(conn, self.office.ground, held, said, ids)
                return len(said)
        return 0

    async def around(
        self, conn: Connection, board: Board, held: Mapping[str, Board]
    ) -> Around:
        items = {name: each for name, each in held.items() if isinstance(each, Item)}
        if isinstance(board, Meeting):
            return await around_meeting(conn, board, items)
        return Around(items, await sealed_in_open_round(conn, self.office, board))


def ids_of(board: Board, deadline: Deadline, said: tuple[Said, ...]) -> list[str]:
    """Derived from what was observed: saying it twice is once."""
    what = [board.id, deadline.kind, deadline.line or "", deadline.act or ""]
    digest = sha256("\0".join([*what, deadline.due.isoformat()]).encode()).hexdigest()
    return [f"{deadline.kind}-{digest[:32]}-{n}" for n in range(len(said))]
