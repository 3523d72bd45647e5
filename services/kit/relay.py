"""The relay: every row of the outbox reaches Kafka, in order per key, at least once."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog

from . import lease, metrics, outbox, wake
from .db import Connection, Pool, transaction
from .lease import Lease
from .producer import Claim, Published, Sender, never_sent
from .wake import Wake

log = structlog.get_logger()

CLAIM_ROWS = 2_000
CLAIM_BYTES = 16 * 1024 * 1024
IN_FLIGHT = 3
# from one claim to the next: fewer and larger ones where rows come often, fewer still
# where Postgres is slow
PATIENCE = timedelta(milliseconds=2)
REST = 3
LONGEST_REST = 0.02
# a notification may be lost with its connection; nobody waits longer than this
SAFETY_LOOK = timedelta(seconds=5)
# no answer for so long: unknown; a new producer sends from the first such row on
ANSWER_LIMIT = timedelta(minutes=2)
# a clean stop waits so long for answers, so that nothing is sent twice
PARTING_LIMIT = timedelta(seconds=3)

OnPublished = Callable[[Connection, Sequence[Published]], Awaitable[None]]

CLAIM = """
SELECT seq, topic, key, value
  FROM (SELECT *, sum(octet_length(value)) OVER (ORDER BY seq) AS so_far
          FROM (SELECT seq, topic, key, value FROM outbox
                 WHERE seq > $1 AND seq <> ALL($4::bigint[])
                 ORDER BY seq LIMIT $2) AS next) AS counted
 WHERE so_far <= $3 + octet_length(value)
 ORDER BY seq
"""
DONE = "DELETE FROM outbox WHERE seq = ANY($1::bigint[]) RETURNING seq"


class SendFailed(Exception):
    """The producer gave up on a row; a new one sends it again."""


class LeaseLost(Exception):
    """Another relay sends now; what we have not sent, we must not."""


@dataclass(frozen=True, slots=True)
class Flying:
    """A claim that was sent and not yet taken out of the outbox: its rows, and when."""

    claim: Claim
    seqs: Sequence[int]
    since: float


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
        patience: timedelta = PATIENCE,
    ) -> None:
        self.pool = pool
        self.url = url
        self.schema = schema
        self.bootstrap = bootstrap
        self.on_published = on_published
        self.patience = patience.total_seconds()
        self.lease = Lease(pool, "relay")
        # sent, and not yet taken out of the outbox
        self.flying: deque[Flying] = deque()
        self.woken: Wake | None = None
        # rows were committed, or answers have come
        self.stirred = asyncio.Event()
        # when the next claim is due
        self.rested_at = 0.0

    def ring(self) -> None:
        """Rows were committed here. A notification in their transaction would make
        all commits of the database wait for one another, so it comes after them.
        """
        if self.woken is not None:
            self.woken.ring()

    async def run(self) -> None:
        """Until cancelled, or until Postgres or Kafka fails; call it again then."""
        self.flying.clear()
        sender = Sender(self.bootstrap, f"tidlig-{self.schema}")
        try:
            await asyncio.to_thread(sender.connect)
            channel = f"{self.schema}_outbox"
            async with wake.listening(self.url, self.schema, channel) as woken:
                self.woken, self.stirred = woken, woken.called
                while True:
                    if await self.lease.keep():
                        await self.drain(sender)
                    else:
                        await woken.pass_on()
                    await woken.wait(min(SAFETY_LOOK, lease.RENEW))
        finally:
            self.woken = None
            await self.part(sender)

    async def drain(self, sender: Sender) -> None:
        """Send until the outbox is empty. Claims overlap the acks in flight.

        After a claim that was not full it looks from the start again: a row may have
        been committed behind one with a higher number. Raises `SendFailed`,
        `LeaseLost`.
        """
        last, due = 0, True
        while await self.lease.keep():
            if due and len(self.flying) < IN_FLIGHT:
                rows = await self.claim(last)
                full = len(rows) == CLAIM_ROWS
                due, last = full or last > 0, rows[-1].seq if full else 0
                if rows:
                    await self.send(sender, rows)
            elif self.flying:
                await self.wait_for_answers()
                due = True
            else:
                return
        if self.flying:
            raise LeaseLost

    async def claim(self, after: int) -> list[Waiting]:
        """The next rows that are not in flight."""
        loop = asyncio.get_running_loop()
        if not after:
            await asyncio.sleep(self.rested_at - loop.time())
        began = loop.time()
        flying = [seq for each in self.flying for seq in each.seqs if seq > after]
        rows = await self.pool.fetch(CLAIM, after, CLAIM_ROWS, CLAIM_BYTES, flying)
        rest = min(LONGEST_REST, REST * (loop.time() - began))
        self.rested_at = loop.time() + max(self.patience, rest)
        return [Waiting(*row) for row in rows]

    async def send(self, sender: Sender, rows: Sequence[Waiting]) -> None:
        claim = sender.send(await self.without_unsendable(rows))
        claim.when_done(self.stirred.set)
        since = asyncio.get_running_loop().time()
        self.flying.append(Flying(claim, [row.seq for row in rows], since))

    async def without_unsendable(self, rows: Sequence[Waiting]) -> list[Waiting]:
        """Park what Kafka would never take: the others do not wait for it."""
        reasons = {row.seq: never_sent(row) for row in rows}
        parked = {seq: reason for seq, reason in reasons.items() if reason is not None}
        if parked:
            log.error("outbox_rows_parked", rows=len(parked))
            await outbox.park(self.pool, parked)
        return [row for row in rows if row.seq not in parked]

    async def wait_for_answers(self) -> None:
        """Take out what was answered; else wait for answers, or for rows.

        While Kafka is away the lease is kept, or another would send as well. Raises
        `SendFailed`, and TimeoutError where an answer is long overdue.
        """
        if not self.answered():
            now = asyncio.get_running_loop().time()
            if now - self.flying[0].since > ANSWER_LIMIT.total_seconds():
                raise TimeoutError("Kafka has not answered")
            with suppress(TimeoutError):
                async with asyncio.timeout(lease.RENEW.total_seconds()):
                    await self.stirred.wait()
            self.stirred.clear()
        for each in self.answered():
            await self.take_out(each.claim)
            if each.claim.failure is not None:
                metrics.SEND_FAILURES.inc()
                raise SendFailed(each.claim.failure.name())
            self.flying.remove(each)

    def answered(self) -> list[Flying]:
        return [each for each in self.flying if each.claim.done.is_set()]

    async def take_out(self, claim: Claim) -> None:
        """Delete what was acknowledged, and nothing else; say where it stands."""
        if not claim.published:
            return
        async with transaction(self.pool) as conn:
            rows = await conn.fetch(DONE, [row.seq for row in claim.published])
            # another relay may have taken some out, and said so
            taken = {row["seq"] for row in rows}
            mine = [row for row in claim.published if row.seq in taken]
            if self.on_published is not None and mine:
                await self.on_published(conn, mine)
        metrics.count_published(mine)

    async def part(self, sender: Sender) -> None:
        """Take out what Kafka still acknowledges in time, and let another take over."""
        if self.lease.held:
            with suppress(TimeoutError):
                async with asyncio.timeout(PARTING_LIMIT.total_seconds()):
                    for each in self.flying:
                        await each.claim.done.wait()
        await asyncio.to_thread(sender.close)
        metrics.SENDS_UNKNOWN.inc(sum(each.claim.unknown for each in self.flying))
        try:
            for each in self.flying:
                await self.take_out(each.claim)
            await self.lease.give_up()
        except Exception as error:  # noqa: BLE001  # it is sent again, no more
            log.warning("relay_not_settled", error=type(error).__name__)
