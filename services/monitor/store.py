"""What every service offers the monitor to read: the views of its `ops` schema."""

from collections.abc import Mapping
from dataclasses import dataclass

import asyncpg

from services.kit.db import Connection

from .report import Outbox, Parked, Stopped

# topic, topic id, partition
Kept = tuple[str, str, int]

CHECKPOINTS = """
SELECT topic, topic_id, partition, next
  FROM {ops}.checkpoint
 WHERE group_id = $1
"""
STOPPED = """
SELECT group_id AS "group", topic, partition, record AS "offset", error_class, place,
       since
  FROM {ops}.stopped
 ORDER BY since, topic, partition
"""
# those that fail; what waits behind one is counted with it
PARKED = """
SELECT group_id AS "group", topic, partition, position AS "offset", error_class, place,
       since, set_aside, waiting_behind
  FROM {ops}.parked
 ORDER BY since, topic, partition, position
 LIMIT 200
"""
OUTBOX = """
SELECT waiting,
       greatest(0, coalesce(extract(epoch FROM clock_timestamp() - oldest), 0))::float8
       AS oldest_seconds
  FROM {ops}.outbox
"""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a service's views say; without an inbox there are no checkpoints."""

    outbox: Outbox
    checkpoints: Mapping[Kept, int]
    stopped: tuple[Stopped, ...]
    parked: tuple[Parked, ...]


async def inside(conn: Connection, service: str, *, consumes: bool) -> Inside:
    """Ask one service. Raises what Postgres raises, where a view is missing too."""
    if not consumes:
        return Inside(await outbox(conn, service), {}, (), ())
    return Inside(
        await outbox(conn, service),
        await checkpoints(conn, service),
        await stopped(conn, service),
        await parked(conn, service),
    )


async def outbox(conn: Connection, service: str) -> Outbox:
    """What waits to be sent, by the database's clock."""
    row = await conn.fetchrow(OUTBOX.format(ops=ops_of(service)))
    return Outbox(**row) if row else Outbox(waiting=0, oldest_seconds=0)


async def checkpoints(conn: Connection, service: str) -> dict[Kept, int]:
    """How far the group of the service's own name has applied each partition."""
    rows = await conn.fetch(CHECKPOINTS.format(ops=ops_of(service)), service)
    return {(row[0], row[1], row[2]): row[3] for row in rows}


async def stopped(conn: Connection, service: str) -> tuple[Stopped, ...]:
    """Partitions that the service cannot get past, the longest standing first."""
    rows: list[asyncpg.Record] = await conn.fetch(STOPPED.format(ops=ops_of(service)))
    return tuple(Stopped(**row) for row in rows)


async def parked(conn: Connection, service: str) -> tuple[Parked, ...]:
    """Facts that the service's code cannot apply, the longest parked first."""
    rows: list[asyncpg.Record] = await conn.fetch(PARKED.format(ops=ops_of(service)))
    return tuple(Parked(**row) for row in rows)


def ops_of(service: str) -> str:
    return f"{service}_ops"
