"""A fact that makes the sequencer fail is parked, as if the inbox had found it."""

import asyncpg
import structlog

from services.kit import metrics, parked
from services.kit.batch import Arrived
from services.kit.db import Connection, Pool, transaction
from services.kit.log import place_of
from services.kit.parked import Cause, Parked
from services.kit.search import MOST_IN_A_ROW, TooMany

from . import closing, store
from .handlers import GROUP

log = structlog.get_logger()

LOCK_PLACE = """
SELECT FROM checkpoint
 WHERE (group_id, topic, topic_id, partition) = ($1, $2, $3, $4)
   FOR UPDATE
"""
# what its speaker says later of the initiative, and no step has taken
LATER = """
SELECT f.*
  FROM fact AS f
  LEFT JOIN sequenced AS s USING (topic, topic_id, partition)
  LEFT JOIN late AS l USING (mark)
 WHERE f.subject = $1 AND f.speaker = $2
   AND CASE WHEN l.mark IS NULL THEN f.position >= coalesce(s.next, 0)
            ELSE NOT l.taken END
 ORDER BY f.appended, f.topic, f.partition, f.position
"""
TAKE_OUT = "DELETE FROM fact WHERE mark = ANY($1::bytea[])"


class Parking:
    """Parks for the sequencer; too many in a row are not the facts' fault."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.in_a_row = 0
        self.failing: Cause | None = None

    def went_well(self) -> None:
        """Facts were taken: the code can do that."""
        self.in_a_row = 0
        self.failing = None

    async def check(self) -> str | None:
        """For `/ready`."""
        if self.failing is None or self.in_a_row <= MOST_IN_A_ROW:
            return None
        cause = self.failing
        return (
            f"the sequencer stands: {cause.error_class} at {cause.place}, of every fact"
        )

    async def park_first(self, error: Exception) -> None:
        """Park the fact that is next, and what its speaker said after it.

        Raises `TooMany`, and the error itself where no fact is next.
        """
        cause = Cause(type(error).__name__, place_of(error))
        async with transaction(self.pool) as conn:
            await store.lock_sequence(conn)
            first = await next_fact(conn)
            if first is None:
                raise error
            self.in_a_row += 1
            self.failing = cause
            arrived = parked.arrived_again(first)
            if self.in_a_row > MOST_IN_A_ROW:
                raise TooMany(arrived, cause)
            await park(conn, first, arrived, cause)
        metrics.FACTS_PARKED.labels(GROUP, cause.error_class).inc()
        log.error("fact_parked", error=cause.error_class, place=cause.place)


async def next_fact(conn: Connection) -> asyncpg.Record | None:
    rows = await closing.late_facts(conn, 1) or await store.new_facts(conn, GROUP, 1)
    return rows[0] if rows else None


async def park(
    conn: Connection, first: asyncpg.Record, arrived: Arrived, cause: Cause
) -> None:
    """Its partition's checkpoint is locked, so that nothing of it comes meanwhile."""
    place = arrived.place
    at = (place.topic, place.topic_id, place.partition)
    await conn.execute(LOCK_PLACE, GROUP, *at)
    rows = await conn.fetch(LATER, first["subject"], first["speaker"])
    later = [parked.arrived_again(row) for row in rows]
    released = await parked.was_released(conn, GROUP, arrived.fact)
    behind = [] if released else [e for e in later if e.fact.mark != arrived.fact.mark]
    marks = [arrived.fact.mark, *(each.fact.mark for each in behind)]
    await conn.execute(TAKE_OUT, marks)
    await closing.remove(conn, marks)
    await parked.add(conn, GROUP, [Parked(arrived, cause), *map(Parked, behind)])
