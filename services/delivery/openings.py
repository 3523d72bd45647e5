"""Embargoes: when the time has come, the tracker says once that a share has opened."""

from datetime import timedelta

from schemas import tracker
from schemas.identity import Ref
from schemas.topics import TRACKER
from services.kit import outbox
from services.kit.db import Connection, Pool, transaction
from services.kit.outbox import Outgoing

FAR = timedelta(days=1)
# none while its owner's word is parked: it may be the end that came before
DUE = """
INSERT INTO opening_said (subject, source, fact_id)
SELECT subject, source, fact_id
  FROM share AS s
 WHERE known AND not_before <= clock_timestamp() AND NOT opened AND NOT ended
   AND subject NOT IN (SELECT subject FROM closes)
   AND subject NOT IN (SELECT subject FROM closed)
    ON CONFLICT DO NOTHING
RETURNING subject, source, fact_id, clock_timestamp() AS now
"""
NEXT = """
SELECT min(not_before) - clock_timestamp()
  FROM share AS s
 WHERE known AND not_before IS NOT NULL AND NOT opened AND NOT ended
   AND not_before > clock_timestamp()
"""


async def say_due(pool: Pool) -> timedelta:
    """Say what is due, by the database's clock. Returns the time to the next."""
    async with transaction(pool) as conn:
        await say(conn)
        left = await conn.fetchval(NEXT)
    return FAR if left is None else max(left, timedelta(0))


async def say(conn: Connection) -> None:
    rows = await conn.fetch(DUE)
    opened = [
        tracker.share_opened(subject, Ref(source, fact_id), now)
        for subject, source, fact_id, now in rows
    ]
    await outbox.append(conn, [Outgoing(TRACKER, *record) for record in opened])
