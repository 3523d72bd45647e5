"""The archive cut into stretches of initiatives, which processes take one by one.

A stretch is taken in the transaction that writes what comes of it: one that is not
finished, whatever happens, is there for another.
"""

from services.kit.db import Connection

from .beside import Beside
from .folding import between
from .writing import Rows, write

# facts in a stretch, or one initiative that has more
FACTS = 2000
CUT = """
INSERT INTO {stretch} (n, first, last, facts)
SELECT row_number() OVER (ORDER BY sum(facts) DESC), min(subject), max(subject),
       sum(facts)
  FROM (SELECT subject, facts,
               div(sum(facts) OVER (ORDER BY subject) - facts, $1) AS stretch
          FROM (SELECT subject, count(*) AS facts
                  FROM archive GROUP BY subject) AS each) AS placed
 GROUP BY stretch
"""
LEFT = "SELECT coalesce(sum(facts), 0)::bigint FROM {stretch}"
TAKE = """
DELETE FROM {stretch}
 WHERE n = (SELECT n FROM {stretch} ORDER BY n LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING first, last
"""


async def cut(conn: Connection, beside: Beside) -> int:
    """Cut the whole archive; how many facts it holds. The longest come first."""
    await conn.execute(beside.sql(CUT), FACTS)
    return await left(conn, beside)


async def left(conn: Connection, beside: Beside) -> int:
    """How many facts nobody has folded yet."""
    found: int = await conn.fetchval(beside.sql(LEFT))
    return found


async def fold_one(conn: Connection, beside: Beside) -> bool:
    """Fold a stretch; False where none is left. Raises `Unfoldable`."""
    async with conn.transaction():
        taken = await conn.fetchrow(beside.sql(TAKE))
        if taken is None:
            return False
        rows = Rows()
        async for made in between(conn, taken["first"], taken["last"]):
            rows.add(made)
            rows.make_findable(made.kept)
            if rows.full:
                await write(conn, beside, rows)
                rows = Rows()
        await write(conn, beside, rows)
    return True
