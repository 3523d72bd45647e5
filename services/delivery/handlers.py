"""Facts in: only stored here. The sequencer alone makes anything available."""

from collections.abc import Sequence

from schemas.topics import ARENA, MUNICIPAL, STATE, TRACKER
from services.kit.batch import Arrived
from services.kit.db import Connection

from . import closing, store

GROUP = "delivery"
TOPICS = (STATE, MUNICIPAL, TRACKER, ARENA)


async def on_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Keep what was said, with what the policy asks of it."""
    if facts:
        await store.add_facts(conn, facts)
        late = [each.fact.mark for each in facts if each.late]
        if late:
            await closing.add_late(conn, late)
