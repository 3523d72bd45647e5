"""Tables beside the live ones, in which a run makes the views anew.

Each run has names of its own: what is left of one that was killed, and a process of it
that still works, can never get into another's tables.
"""

from dataclasses import dataclass, field
from uuid import uuid4

from services.kit.db import Connection

# all that is made from the archive; `horizon` is not: it is observed, by the clock
DERIVED = ("initiative", "listed", "milestone", "findable", "dated", "concerns")
PREFIX = "beside_"
LEFT_OVER = """
SELECT tablename FROM pg_tables
 WHERE schemaname = current_schema() AND starts_with(tablename, $1)
"""
MAKE = "CREATE UNLOGGED TABLE {} (LIKE {} INCLUDING DEFAULTS INCLUDING STORAGE)"
# whether anything names another fact: then a milestone may be missing, see `folding`
SAY_NAMED = "ALTER TABLE {initiative} ADD COLUMN named boolean NOT NULL"
# facts whose turn in the archive is not the one in which they were folded
MAKE_TURNED = "CREATE UNLOGGED TABLE {turned} (mark bytea, subject text, turn integer)"
# what came while the archive was folded: not made findable here, but put in line for it
MAKE_LATE = "CREATE UNLOGGED TABLE {late} (subject text PRIMARY KEY)"
# facts of the arena that have been looked at
MAKE_HEARD = "CREATE UNLOGGED TABLE {heard} (mark bytea PRIMARY KEY)"
MAKE_STRETCH = """
CREATE UNLOGGED TABLE {stretch} (
    n integer PRIMARY KEY, first text NOT NULL, last text NOT NULL,
    facts bigint NOT NULL)
"""
KEYS = (
    "ALTER TABLE {initiative} ADD PRIMARY KEY (subject)",
    "ALTER TABLE {listed} ADD PRIMARY KEY (subject, channel)",
    "ALTER TABLE {milestone} ADD PRIMARY KEY (subject, turn)",
    "ALTER TABLE {findable} ADD PRIMARY KEY (subject)",
    "ALTER TABLE {dated} ADD PRIMARY KEY (subject, day)",
    "ALTER TABLE {concerns} ADD PRIMARY KEY (initiative, subject)",
    "CREATE INDEX ON {turned} (subject)",
    "ANALYZE {initiative}, {listed}, {milestone}, {findable}, {dated}",
)


@dataclass(frozen=True, slots=True)
class Beside:
    """The tables of one run, by what they stand beside."""

    run: str = field(default_factory=lambda: uuid4().hex[:8])

    def __getitem__(self, table: str) -> str:
        return f"{PREFIX}{self.run}_{table}"

    @property
    def names(self) -> dict[str, str]:
        """The name of each, to be put into SQL."""
        others = ("turned", "late", "heard", "stretch")
        return {each: self[each] for each in (*DERIVED, *others)}

    def sql(self, statement: str) -> str:
        return statement.format(**self.names)


async def make(conn: Connection, beside: Beside) -> None:
    """The tables, empty; without keys, which are quicker made afterwards."""
    async with conn.transaction():
        for table in DERIVED:
            await conn.execute(MAKE.format(beside[table], table))
        for statement in (SAY_NAMED, MAKE_TURNED, MAKE_LATE, MAKE_HEARD, MAKE_STRETCH):
            await conn.execute(beside.sql(statement))


async def add_keys(conn: Connection, beside: Beside) -> None:
    """Keys, so that what comes later finds its row."""
    for statement in KEYS:
        await conn.execute(beside.sql(statement))


async def drop_all(conn: Connection) -> int:
    """Drop what any run has left; how many tables that were."""
    names = [row["tablename"] for row in await conn.fetch(LEFT_OVER, PREFIX)]
    for name in names:
        await conn.execute(f'DROP TABLE IF EXISTS "{name}"')
    return len(names)
