"""What several requests say at one moment is kept in one transaction.

A commit costs Postgres about the same for one receipt as for ten; whoever asks while
one is under way shares the next.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from asyncpg.exceptions import UniqueViolationError

from services.kit.db import TRANSIENT, Pool
from services.kit.outbox import Outgoing

from . import store
from .store import Receipt

# transactions under way at once
LANES = 4
# of more the last would wait long, and memory would be the emitters' to fill
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What one request wants to keep, all or nothing, and its answer."""

    receipts: Sequence[Receipt]
    outgoing: Sequence[Outgoing]
    kept: asyncio.Future[bool]


class Together:
    """Keeps receipts with their rows in the outbox, of several requests at once."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.waiting: deque[Asked] = deque()
        self.lanes: set[asyncio.Task[None]] = set()

    async def add_new(
        self, receipts: Sequence[Receipt], outgoing: Sequence[Outgoing]
    ) -> bool:
        """What `store.add_new` does, for this request alone: it fails by itself."""
        kept = asyncio.get_running_loop().create_future()
        self.waiting.append(Asked(receipts, outgoing, kept))
        if len(self.lanes) < LANES:
            self.lanes.add(asyncio.create_task(self.keep_all()))
        return bool(await kept)

    async def keep_all(self) -> None:
        try:
            while self.waiting:
                asked = self.next_ones()
                if len(asked) == 1 or not await self.keep_together(asked):
                    for each in asked:
                        await self.keep_alone(each)
        finally:
            # before anybody else runs: who asks from now on needs a new one
            self.lanes.discard(cast("asyncio.Task[None]", asyncio.current_task()))

    def next_ones(self) -> list[Asked]:
        """The next that waits, and with it as many as there is room for."""
        taken = [self.waiting.popleft()]
        rows = len(taken[0].receipts)
        while self.waiting and rows + len(self.waiting[0].receipts) <= MOST_ROWS:
            taken.append(self.waiting.popleft())
            rows += len(taken[-1].receipts)
        return taken

    async def keep_together(self, asked: Sequence[Asked]) -> bool:
        """Whether each has its answer; else one of them hinders the others."""
        receipts = [receipt for each in asked for receipt in each.receipts]
        outgoing = [row for each in asked for row in each.outgoing]
        try:
            if not await store.add_new(self.pool, receipts, outgoing):
                return False
        except TRANSIENT as error:
            # it may be kept or not, as when it was asked alone; they ask again
            for each in asked:
                answer(each, error)
        except Exception:  # noqa: BLE001  # whatever it is, it is of one of them
            return False
        else:
            for each in asked:
                answer(each, True)
        return True

    async def keep_alone(self, asked: Asked) -> None:
        try:
            kept = await store.add_new(self.pool, asked.receipts, asked.outgoing)
        except UniqueViolationError:
            # another request accepted one of them meanwhile
            answer(asked, False)
        except Exception as error:  # noqa: BLE001  # it is the request's to tell
            answer(asked, error)
        else:
            answer(asked, kept)


def answer(asked: Asked, kept: bool | Exception) -> None:
    """Tell the request, if it still waits."""
    if asked.kept.done():
        return
    if isinstance(kept, Exception):
        asked.kept.set_exception(kept)
    else:
        asked.kept.set_result(kept)
