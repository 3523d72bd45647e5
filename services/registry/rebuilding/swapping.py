"""Puts the views made anew in the place of the live ones, in one transaction.

What differs is written over, row by row: tables that changed names would show a reader
whose moment lies before that an empty table, for Postgres keeps no old rows in a table
that is new, and they would have to wait for every reader first.
"""

from services.kit.db import Connection

from .beside import Beside
from .comparing import ALL, Compared

# whoever takes facts in holds a checkpoint as long as its batch lasts; a partition
# that nobody has seen before is waited for too
LOCK_CHECKPOINTS = "LOCK TABLE checkpoint IN EXCLUSIVE MODE"
# in the order in which `indexing` writes them
LOCK_INDEXES = "LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE"
INDEXES = ("unfindable", "findable", "dated")
PATIENCE = "SET LOCAL lock_timeout = '5s'"
NO_HURRY = "SET LOCAL lock_timeout = 0"
TURN = """
UPDATE archive AS a SET turn = t.turn FROM {turned} AS t WHERE a.mark = t.mark
"""
ALL_FINDABLE = "DELETE FROM unfindable"
BUT_THE_LATE = """
INSERT INTO unfindable (subject, place, turn)
SELECT subject, place, turn FROM {initiative} JOIN {late} USING (subject)
"""


async def lock(conn: Connection) -> None:
    """Hold up whoever takes facts in, or makes findable; readers notice nothing.

    Raises LockNotAvailableError where another holds on to it.
    """
    await conn.execute(PATIENCE)
    await conn.execute(LOCK_CHECKPOINTS)
    for table in INDEXES:
        await conn.execute(LOCK_INDEXES.format(table))
    await conn.execute(NO_HURRY)


async def swap(conn: Connection, beside: Beside) -> None:
    """Let the live tables hold what was made anew. The caller holds the locks."""
    for each in ALL:
        for statement in statements(each):
            await conn.execute(beside.sql(statement))
    await conn.execute(beside.sql(TURN))
    await conn.execute(ALL_FINDABLE)
    await conn.execute(beside.sql(BUT_THE_LATE))


def statements(each: Compared) -> tuple[str, ...]:
    """Take away what is too much, put right what is wrong, add what is missing."""
    columns = (*each.key, *each.values)
    same = " AND ".join(f"l.{key} = b.{key}" for key in each.key)
    table, anew = each.table, f"{{{each.table}}}"
    take_away = (
        f"DELETE FROM {table} AS l WHERE NOT EXISTS (SELECT FROM {anew} AS b"
        f" WHERE {same})"
    )
    add = (
        f"INSERT INTO {table} ({', '.join(columns)})"
        f" SELECT {', '.join(columns)} FROM {anew} AS b"
        f" WHERE NOT EXISTS (SELECT FROM {table} AS l WHERE {same})"
    )
    if not each.values:
        return take_away, add
    mine = ", ".join(f"l.{value}" for value in each.values)
    theirs = ", ".join(f"b.{value}" for value in each.values)
    setting = ", ".join(f"{value} = b.{value}" for value in each.values)
    put_right = (
        f"UPDATE {table} AS l SET {setting} FROM {anew} AS b"
        f" WHERE {same} AND ({mine}) IS DISTINCT FROM ({theirs})"
    )
    return take_away, put_right, add
