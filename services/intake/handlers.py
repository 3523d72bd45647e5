"""Facts in: what the tracker observed about facts that were accepted here."""

from collections.abc import Sequence

from schemas.identity import mark
from schemas.topics import TRACKER
from schemas.tracker import InitiativeReadable
from services.kit.batch import Arrived
from services.kit.db import Connection

from . import store

GROUP = "intake"
TOPICS = (TRACKER,)


async def on_tracker_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Note on the receipts who can read a fact, and since when."""
    await store.remember(conn, facts)
    await store.note_readable(
        conn,
        [
            (mark(each.fact.subject, named.source, named.id), data.channel, time)
            for each in facts
            if isinstance(data := each.fact.data, InitiativeReadable)
            for time in [each.fact.time]
            for named in data.facts
        ],
    )
