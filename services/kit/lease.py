"""A lease: one leader for a piece of work. Who does not renew in time has lost it."""

from datetime import timedelta
from time import monotonic
from uuid import uuid4

from .db import Pool

TTL = timedelta(seconds=15)
RENEW = timedelta(seconds=5)
# to ask is to lock the row and to commit: who is refused does so once in a while
ASK_AGAIN = timedelta(seconds=1)
TAKE = """
INSERT INTO lease (work, holder, until)
VALUES ($1, $2, clock_timestamp() + $3::interval)
    ON CONFLICT (work) DO UPDATE
   SET holder = excluded.holder, until = excluded.until
 WHERE lease.holder = excluded.holder OR lease.until < clock_timestamp()
RETURNING true
"""
GIVE_UP = "DELETE FROM lease WHERE work = $1 AND holder = $2"


class Lease:
    """A claim to be the one that does `work`, among all replicas of a service."""

    def __init__(self, pool: Pool, work: str, ttl: timedelta = TTL) -> None:
        self.pool = pool
        self.work = work
        self.ttl = ttl
        self.holder = uuid4()
        self.until = 0.0
        self.ask_at = 0.0
        # how often it was taken anew: another may have led in between
        self.term = 0

    @property
    def held(self) -> bool:
        """Whether it is surely ours still; by our own clock, so a pause loses it."""
        return monotonic() < self.until

    async def take(self) -> bool:
        """Take or renew it. False while another holds it."""
        asked = monotonic()
        if not self.held:
            self.term += 1
        won = await self.pool.fetchval(TAKE, self.work, self.holder, self.ttl)
        self.until = asked + self.ttl.total_seconds() if won else 0.0
        self.ask_at = 0.0 if won else asked + ASK_AGAIN.total_seconds()
        return self.held

    async def keep(self) -> bool:
        """Renew it where a third of its time has passed; take it where it is free."""
        now = monotonic()
        if self.until - now > self.ttl.total_seconds() * 2 / 3:
            return True
        return now >= self.ask_at and await self.take()

    async def give_up(self) -> None:
        """Let another take over at once, where this process ends in peace."""
        if self.until:
            self.until = 0.0
            await self.pool.execute(GIVE_UP, self.work, self.holder)
