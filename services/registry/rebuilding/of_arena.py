"""Which items of the arena are about an initiative, found anew in their archive."""

from services.kit.db import Connection
from services.registry import arena

from .beside import Beside
from .folding import fact_in

AT_ONCE = 1_000
UNHEARD = """
SELECT mark, subject, topic, partition, position, value
  FROM arena_fact AS f
 WHERE NOT EXISTS (SELECT FROM {heard} AS h WHERE h.mark = f.mark)
 ORDER BY mark LIMIT $1
"""
CONCERNS = arena.CONCERNS.replace("INTO concerns", "INTO {concerns}")
HEARD = "INSERT INTO {heard} SELECT unnest($1::bytea[])"


async def catch_up(conn: Connection, beside: Beside) -> int:
    """Look at what has not been; how many facts that were. Raises `Unfoldable`."""
    found = 0
    while rows := await conn.fetch(beside.sql(UNHEARD), AT_ONCE):
        facts = [fact_in(row) for row in rows]
        await conn.execute(beside.sql(CONCERNS), *arena.concerned(facts))
        await conn.execute(beside.sql(HEARD), [row["mark"] for row in rows])
        found += len(rows)
    return found
