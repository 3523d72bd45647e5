"""The outbox: what is to be published commits with what makes it true."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.topics import Topic

from .db import Connection, Pool


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A record on its way to Kafka."""

    topic: Topic
    key: bytes
    value: bytes


# and wakes the relay once it is committed
APPEND = """
WITH placed AS (
    INSERT INTO outbox (topic, key, value)
    SELECT topic, key, value
      FROM unnest($1::text[], $2::bytea[], $3::bytea[])
           WITH ORDINALITY AS given (topic, key, value, n)
     ORDER BY n
    RETURNING seq),
told AS MATERIALIZED (
    SELECT pg_notify(current_schema() || '_outbox', ''))
SELECT seq FROM placed, told
"""


async def append(conn: Connection, records: Sequence[Outgoing]) -> list[int]:
    """Put records in the outbox within the caller's transaction, in their order.

    Returns their places in it. Records of one key stay in order on Kafka only if
    their writers take turns.
    """
    if not records:
        return []
    rows = await conn.fetch(
        APPEND,
        [record.topic.name for record in records],
        [record.key for record in records],
        [record.value for record in records],
    )
    return sorted(row["seq"] for row in rows)


PARK = """
WITH taken AS (
    DELETE FROM outbox
     USING unnest($1::bigint[], $2::text[]) AS given (seq, reason)
     WHERE outbox.seq = given.seq
 RETURNING outbox.*, given.reason)
INSERT INTO outbox_parked (seq, topic, key, value, created, reason)
SELECT seq, topic, key, value, created, reason
  FROM taken
"""


async def park(pool: Pool, reasons: Mapping[int, str]) -> None:
    """Set rows aside that Kafka would never take, each with why."""
    await pool.execute(PARK, list(reasons), list(reasons.values()))
