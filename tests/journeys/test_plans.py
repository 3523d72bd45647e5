"""Each fact costs the same, however many there are: nothing is read end to end."""

from tests.schemas.said import NAV
from tests.stack import until

from .conftest import Tidlig
from .said import registered

FACTS = 150
GROWING = {"receipt", "outbox", "published", "archive", "initiative", "fact"}
# counted by Postgres itself, a little later than it happened
READ = """
SELECT relname, coalesce(seq_tup_read, 0) AS read_through, n_tup_ins AS inserted
  FROM pg_stat_user_tables WHERE relname = ANY($1::text[])
"""


async def test_no_table_that_grows_is_read_from_end_to_end_for_a_fact(
    tidlig: Tidlig,
) -> None:
    async def read_through() -> dict[str, int]:
        async with tidlig.stack.connection("intake") as conn:
            rows = await conn.fetch(READ, list(GROWING))
        assert {row["relname"] for row in rows} == GROWING
        counted = {row["relname"]: row["inserted"] for row in rows}
        if min(counted["receipt"], counted["archive"], counted["fact"]) < FACTS:
            return {}
        return {row["relname"]: row["read_through"] for row in rows}

    for n in range(FACTS):
        await tidlig.emit(registered(NAV, f"{NAV}:plan-{n}", f"Tiltak {n}"))
    found = await until(read_through, what="the statistics")

    # reading all of it for each fact would be half of FACTS * FACTS rows; a table of a
    # page or two is read through now and then, and rightly so
    assert max(found.values()) < FACTS * FACTS / 4, found
