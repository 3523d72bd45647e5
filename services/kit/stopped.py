"""Partitions that the code cannot get past: where, and what kind of error.

The error's text is never kept: it may hold what a fact says.
"""

from dataclasses import asdict, dataclass

from .db import Connection


@dataclass(frozen=True, slots=True)
class Stop:
    """A partition that waits at `offset` because of an error of a class at a place."""

    group: str
    topic: str
    partition: int
    offset: int
    error_class: str
    place: str

    def as_words(self) -> dict[str, str | int]:
        return asdict(self)


RECORD = """
INSERT INTO stopped (group_id, topic, partition, record, error_class, place)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (group_id, topic, partition) DO UPDATE
   SET since = CASE WHEN stopped.record = excluded.record
                    THEN stopped.since ELSE excluded.since END,
       record = excluded.record,
       error_class = excluded.error_class,
       place = excluded.place
"""
# Kafka has lost records that were applied: what comes there next has their offsets
LOST_END = "LostEnd"
CLEAR = "DELETE FROM stopped WHERE group_id = $1 AND topic = $2 AND partition = $3"


async def record(conn: Connection, stop: Stop) -> None:
    """Say that a partition stands; since when is kept over repeated tries."""
    await conn.execute(
        RECORD,
        stop.group,
        stop.topic,
        stop.partition,
        stop.offset,
        stop.error_class,
        stop.place,
    )


async def clear(conn: Connection, group: str, topic: str, partition: int) -> None:
    """The partition goes on."""
    await conn.execute(CLEAR, group, topic, partition)
