"""Facts in: with whom initiatives are shared, and when they lock."""

from collections.abc import Sequence

from schemas.topics import MUNICIPAL, STATE, TRACKER
from services.kit.batch import Arrived
from services.kit.db import Connection

from . import store
from .initiatives import hear

GROUP = "consultation"
TOPICS = (STATE, MUNICIPAL, TRACKER)


async def on_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Keep what the arena needs to know of each initiative."""
    # what consultation itself has observed in the arena lies on the tracker's topic too
    of_initiatives = [each for each in facts if each.fact.type.readers != "arena"]
    await store.remember(conn, facts)
    subjects = sorted({each.fact.subject for each in of_initiatives})
    before = await store.heard(conn, subjects, lock=True)
    after = dict(before)
    for each in of_initiatives:
        after[each.fact.subject] = hear(after[each.fact.subject], each.fact)
    changed = [after[each] for each in subjects if after[each] != before[each]]
    if changed:
        await store.save_heard(conn, changed)
