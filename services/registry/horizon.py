"""Until when everything has been taken in: before it, `as_of` changes no more.

It follows the clock and not what is said, so that it tells nothing of that: a look at
where all partitions end, and at whether all of that has been folded.
"""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import asyncpg
from aiokafka import TopicPartition

from services.kit.checkpoint import Place
from services.kit.clock import Clock
from services.kit.db import Connection, Pool
from services.kit.inbox import Inbox

LOOK_EVERY = timedelta(seconds=5)
# as much as our clock may be ahead of the one that dates what is appended
CLOCKS_DIFFER = timedelta(minutes=1)

FOLDED = """
SELECT topic, topic_id, partition, next FROM checkpoint WHERE group_id = $1
"""
MOVE_HORIZON = """
INSERT INTO horizon (upto) VALUES ($1)
    ON CONFLICT (only_one) DO UPDATE SET upto = greatest(horizon.upto, excluded.upto)
"""
PARKED = "SELECT EXISTS (SELECT FROM standing WHERE group_id = $1 AND NOT aside)"
HORIZON = "SELECT upto FROM horizon"


async def look_out(pool: Pool, inbox: Inbox, clock: Clock) -> None:
    """Move the horizon along, until cancelled. Raises what Kafka or Postgres raises."""
    while True:
        if inbox.consumer is not None and inbox.ids:
            began = clock()
            await move(pool, inbox, await ends_of(inbox), began - CLOCKS_DIFFER)
        await asyncio.sleep(LOOK_EVERY.total_seconds())


async def ends_of(inbox: Inbox) -> dict[Place, int]:
    """Where each partition of the inbox's topics ends."""
    consumer: Any = inbox.consumer
    partitions = [
        TopicPartition(topic.name, number)
        for topic in inbox.topics
        for number in consumer.partitions_for_topic(topic.name) or ()
    ]
    found: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
    return {
        Place(each.topic, inbox.ids[each.topic], each.partition): end
        for each, end in found.items()
    }


async def move(
    pool: Pool, inbox: Inbox, ends: Mapping[Place, int], upto: datetime
) -> bool:
    """Move it there if all until these ends has been folded; whether it was so."""
    if await pool.fetchval(PARKED, inbox.group):
        # once redriven it is folded later than what was said after it
        return False
    rows = await pool.fetch(FOLDED, inbox.group)
    folded = {Place(*row[:3]): row["next"] for row in rows}
    if any(folded.get(place, 0) < end for place, end in ends.items()):
        return False
    await pool.execute(MOVE_HORIZON, upto)
    return True


async def horizon(conn: Connection | asyncpg.Pool) -> datetime | None:
    """Until when everything has been taken in; None while nobody knows."""
    found: datetime | None = await conn.fetchval(HORIZON)
    return found
