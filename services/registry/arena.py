"""The joint arena beside each initiative: archived here, shown by the same policy."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from schemas.fact import Fact
from schemas.policy import Grants
from services.kit.batch import Arrived
from services.kit.db import Connection

from . import store
from .archive import admitted
from .arena_view import Rights
from .as_seen import Placed
from .milestones import state_at

ADD = """
INSERT INTO arena_fact (mark, subject, topic, topic_id, partition, position, appended,
                        value)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT DO NOTHING
"""
CONCERNS = """
INSERT INTO concerns (initiative, subject)
SELECT DISTINCT * FROM unnest($1::text[], $2::text[]) AS c (initiative, subject)
 ORDER BY initiative, subject
    ON CONFLICT DO NOTHING
"""
# all that was said of each item on the initiative, in the order of the arena's topic
ABOUT = """
SELECT f.topic, f.subject, f.position, f.appended, f.value
  FROM arena_fact AS f JOIN concerns AS c USING (subject)
 WHERE c.initiative = $1
 ORDER BY f.subject, f.topic, f.partition, f.position
"""


def parted(facts: Iterable[Arrived]) -> tuple[list[Arrived], list[Arrived]]:
    """What is said of initiatives, and what is said in the arena."""
    of_initiatives: list[Arrived] = []
    of_arena: list[Arrived] = []
    for each in facts:
        (of_arena if each.fact.in_arena else of_initiatives).append(each)
    return of_initiatives, of_arena


async def keep(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Archive what was said in the arena, and note which initiatives it is about."""
    await conn.executemany(
        ADD,
        [
            (
                each.fact.mark,
                each.fact.subject,
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
    await conn.execute(CONCERNS, *concerned([each.fact for each in facts]))


def concerned(facts: Iterable[Fact]) -> tuple[list[str], list[str]]:
    """Each initiative, and the item or meeting that is about it."""
    pairs = [(name, each.subject) for each in facts for name in each.initiatives]
    return [initiative for initiative, _ in pairs], [item for _, item in pairs]


async def about(conn: Connection, initiative: str) -> list[Placed]:
    """Every fact of each item on an initiative, item by item, in their order."""
    rows = await conn.fetch(ABOUT, initiative)
    return [
        Placed(
            admitted(row["value"], row["topic"], row["subject"]),
            row["position"],
            row["appended"],
        )
        for row in rows
    ]


async def rights(
    conn: Connection, said: Sequence[Placed], at: datetime | None
) -> Rights:
    """The grants of all that these facts are about: as they stand, and as they stood
    at a moment, if one is asked for.
    """
    named = sorted({name for each in said for name in each.fact.initiatives})
    kept = await store.kept(conn, named)
    now = {name: each.state.grants for name, each in kept.items()}
    if at is None:
        return Rights(now, now)
    then: Mapping[str, Grants] = {
        name: (await state_at(conn, each, at)).grants for name, each in kept.items()
    }
    return Rights(now, then)
