"""Catching up: what lies on the party topics has its receipt before more is accepted.

A database that was restored from an older backup has forgotten facts that it accepted
since. Those that were published are taken back here; when the others were accepted is
named as a gap. Until then intake answers 503, for it would judge without their marks.
"""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import structlog
from aiokafka import TopicPartition

from schemas.admission import admit
from schemas.fact import Fact, Newer
from schemas.topics import MUNICIPAL, STATE
from services.kit import metrics, stretch, wake
from services.kit.batch import Record, partitions_of
from services.kit.broker import topic_ids
from services.kit.checkpoint import EPOCH, Place
from services.kit.db import Connection, Pool
from services.kit.problem import unavailable
from services.kit.producer import Published

from . import store, taking_back

log = structlog.get_logger()

TOPICS = (STATE, MUNICIPAL)
SAFETY_LOOK = timedelta(seconds=30)
# one replica after another: what the first has taken back, the second finds
LOCK = "SELECT pg_advisory_lock(hashtextextended('intake catches up', 0))"
# facts of one moment may be published in another order than they were accepted
MARGIN = timedelta(minutes=1)


class TooNew(Exception):
    """A newer intake has accepted what this one cannot read: run the newer one."""


class CatchingUp:
    """Whether all that was published before is known; it begins with every Postgres."""

    def __init__(self, pool: Pool, *, url: str, bootstrap: str) -> None:
        self.pool = pool
        self.url = url
        self.bootstrap = bootstrap
        self.ids: dict[str, str] = {}
        self.done = asyncio.Event()

    def must_be_done(self) -> None:
        """Raises `Problem` 503."""
        if not self.done.is_set():
            raise unavailable("intake looks up what it has accepted; try again")

    async def check(self) -> str | None:
        """For `/ready`."""
        if self.done.is_set():
            return None
        return "intake reads what it has published before it accepts more"

    async def within(self, limit: timedelta) -> None:
        """Wait for it, not for ever: without Kafka it cannot be done."""
        try:
            async with asyncio.timeout(limit.total_seconds()):
                await self.done.wait()
        except TimeoutError:
            log.warning("not_caught_up", seconds=limit.total_seconds())

    async def run(self) -> None:
        """Until cancelled, or until Postgres fails: the next may be a restored one."""
        try:
            async with wake.listening(self.url, "intake", "intake_restored") as woken:
                await woken.conn.execute(LOCK)
                await self.catch_up()
                self.done.set()
                await woken.conn.execute("SELECT pg_advisory_unlock_all()")
                while True:
                    await woken.wait(SAFETY_LOOK)
        finally:
            self.done.clear()

    async def catch_up(self) -> None:
        """Take back what is not known, and name the gap. Raises what Kafka raises."""
        self.ids = await topic_ids(self.bootstrap, [topic.name for topic in TOPICS])
        newest = await taking_back.newest(self.pool) or EPOCH
        known_to = await taking_back.known_to(self.pool)
        found = 0
        async with stretch.reader(self.bootstrap, "tidlig-intake-again") as consumer:
            end = await stretch.ends(consumer, partitions_of(TOPICS))
            begin = {at: known_to.get(self.place_of(at), 0) for at in end}
            async for records in stretch.between(consumer, begin, end):
                taken = await taking_back.take_back(self.pool, facts_in(records))
                found += len(taken)
                newest = max(newest, *taken, EPOCH)
        await taking_back.note_known(self.pool, self.by_place(end))
        if found:
            since = beginning_of_gap(newest)
            await taking_back.name_gap(self.pool, since, found)
            metrics.GAPS.inc()
            log.error("restored", gap_since=since.isoformat(), taken_back=found)

    async def note_published(self, conn: Connection, rows: Sequence[Published]) -> None:
        """Where accepted facts now stand; they need not be looked up again."""
        await store.note_published(conn, rows)
        passed: dict[TopicPartition, int] = {}
        for row in rows:
            at = TopicPartition(row.topic, row.partition)
            passed[at] = max(passed.get(at, 0), row.offset + 1)
        if self.ids:
            await taking_back.note_known(conn, self.by_place(passed))

    def place_of(self, at: TopicPartition) -> Place:
        return Place(at.topic, self.ids[at.topic], at.partition)

    def by_place(self, offsets: Mapping[TopicPartition, int]) -> dict[Place, int]:
        return {self.place_of(at): offset for at, offset in offsets.items()}


def beginning_of_gap(newest: datetime) -> datetime:
    """What was accepted before the newest that is known was also sent before it.

    The whole hour: an emitter is not told when others last said something.
    """
    return (newest - MARGIN).replace(minute=0, second=0, microsecond=0)


def facts_in(records: Sequence[Record]) -> list[tuple[Fact, Record]]:
    """What intake has written, and nobody else. Raises `TooNew`."""
    found = []
    for record in records:
        verdict = admit(record.value, record.headers, record.topic, record.key)
        if isinstance(verdict, Newer):
            raise TooNew
        if isinstance(verdict, Fact):
            found.append((verdict, record))
    return found
