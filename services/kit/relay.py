"""The relay: every row of the outbox reaches Kafka, in order per key, at least once."""

from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

from . import lease, wake
from .db import TRANSIENT, Connection, Pool, transaction
from .lease import Lease
from .producer import Claim, Published, Sender

CLAIM_ROWS = 2_000
CLAIM_BYTES = 16 * 1024 * 1024
IN_FLIGHT = 3
# a notification may be lost with its connection; nobody waits longer than this
SAFETY_LOOK = timedelta(seconds=5)

OnPublished = Callable[[Connection, Sequence[Published]], Awaitable[None]]

CLAIM = """
SELECT seq, topic, key, value
  FROM (SELECT *, sum(octet_length(value)) OVER (ORDER BY seq) AS so_far
          FROM (SELECT seq, topic, key, value FROM outbox
                 WHERE seq > $1 ORDER BY seq LIMIT $2) AS next) AS counted
 WHERE so_far <= $3 + octet_length(value)
 ORDER BY seq
"""
DONE = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"


class SendFailed(Exception):
    """The producer gave up on a row; a new one sends it again."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A row of the outbox that waits to be sent."""

    seq: int
    topic: str
    key: bytes
    value: bytes


class Relay:
    """Sends one service's outbox; of several replicas one at a time does.

    `on_published` runs in the transaction that takes the rows out of the outbox.
    """

    def __init__(
        self,
        pool: Pool,
        *,
        url: str,
        schema: str,
        bootstrap: str,
        on_published: OnPublished | None = None,
    ) -> None:
        self.pool = pool
        self.url = url
        self.schema = schema
        self.bootstrap = bootstrap
        self.on_published = on_published
        self.lease = Lease(pool, "relay")

    async def run(self) -> None:
        """Until cancelled, or until Postgres or Kafka fails; call it again then."""
        sender = Sender(self.bootstrap, f"tidlig-{self.schema}")
        try:
            channel = f"{self.schema}_outbox"
            async with wake.listening(self.url, self.schema, channel) as woken:
                while True:
                    if await self.lease.keep():
                        await self.drain(sender)
                    await woken.wait(min(SAFETY_LOOK, lease.RENEW))
        finally:
            sender.close()
            with suppress(*TRANSIENT):
                await self.lease.give_up()

    async def drain(self, sender: Sender) -> None:
        """Send until the outbox is empty. The next claim overlaps the acks in flight.

        From the start again once all is acknowledged: a row may have been committed
        behind one with a higher number. Raises `SendFailed`.
        """
        last, flying = 0, deque[Claim]()
        while await self.lease.keep():
            rows = await self.claim(last) if len(flying) < IN_FLIGHT else []
            if rows:
                flying.append(sender.send(rows))
                last = rows[-1].seq
            elif flying:
                await self.settle(flying.popleft())
            elif last:
                last = 0
            else:
                return

    async def claim(self, after: int) -> list[Waiting]:
        rows = await self.pool.fetch(CLAIM, after, CLAIM_ROWS, CLAIM_BYTES)
        return [Waiting(*row) for row in rows]

    async def settle(self, claim: Claim) -> None:
        """Take what was acknowledged out of the outbox, and nothing else."""
        await claim.done.wait()
        if claim.published:
            async with transaction(self.pool) as conn:
                await conn.execute(DONE, [row.seq for row in claim.published])
                if self.on_published is not None:
                    await self.on_published(conn, claim.published)
        if claim.failure is not None:
            raise SendFailed(claim.failure.name())
