"""The joint arena beside each initiative: archived here, shown by the same policy."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.admission import admit
from schemas.fact import Fact
from schemas.policy import Grants
from services.kit.batch import Arrived
from services.kit.db import Connection, Pool

from . import store

ADD = """
INSERT INTO arena_fact (mark, subject, initiatives, topic, topic_id, partition,
                        position, appended, value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    ON CONFLICT DO NOTHING
"""
# all that was said of each item on the initiative, in the order of the arena's topic
ABOUT = """
SELECT f.topic, f.subject, f.value
  FROM arena_fact AS f
 WHERE f.subject IN (
       SELECT subject FROM arena_fact WHERE initiatives @> ARRAY[$1::text])
 ORDER BY f.subject, f.topic, f.partition, f.position
"""


def parted(facts: Iterable[Arrived]) -> tuple[list[Arrived], list[Arrived]]:
    """What is said of initiatives, and what is said in the arena."""
    of_initiatives: list[Arrived] = []
    of_arena: list[Arrived] = []
    for each in facts:
        in_arena = each.fact.type.readers == "arena"
        (of_arena if in_arena else of_initiatives).append(each)
    return of_initiatives, of_arena


async def keep(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Archive what was said in the arena."""
    await conn.executemany(
        ADD,
        [
            (
                each.fact.mark,
                each.fact.subject,
                list(each.fact.initiatives),
                each.place.topic,
                each.place.topic_id,
                each.place.partition,
                each.offset,
                each.appended,
                each.value,
            )
            for each in facts
        ],
    )


async def about(pool: Pool | Connection, initiative: str) -> list[Fact]:
    """Every fact of each item on an initiative, item by item, in their order."""
    rows = await pool.fetch(ABOUT, initiative)
    found = [
        admit(row["value"], (), row["topic"], row["subject"].encode()) for row in rows
    ]
    return [each for each in found if isinstance(each, Fact)]


async def grants_of(conn: Connection, facts: Sequence[Fact]) -> Mapping[str, Grants]:
    """The grants of every initiative that these facts are about."""
    named = sorted({name for each in facts for name in each.initiatives})
    return {
        name: kept.state.grants
        for name, kept in (await store.kept(conn, named)).items()
    }
