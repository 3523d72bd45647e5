"""What had been said by a moment: states of long histories as they were on the way.

`as_of` is judged by append times (`facts.md` §6). A milestone rests on the first facts
that were folded, so no record of it is missing, whatever lay behind in a partition.
"""

from collections.abc import Sequence
from datetime import datetime

from schemas.fact import Fact
from services.kit.db import Connection

from .archive import admitted
from .rules import evolve, fold
from .state import State, from_bytes, to_bytes
from .store import Kept

# how many facts are folded at most where all came in the order of their times
EVERY = 250

KEEP = """
INSERT INTO milestone (subject, turn, reached, body)
SELECT * FROM unnest($1::text[], $2::integer[], $3::timestamptz[], $4::bytea[])
    ON CONFLICT DO NOTHING
"""
LATEST_BEFORE = """
SELECT turn, reached, body
  FROM milestone
 WHERE subject = $1 AND reached <= $2
 ORDER BY turn DESC LIMIT 1
"""
SAID_SINCE = """
SELECT topic, position, value
  FROM archive
 WHERE subject = $1 AND appended <= $2 AND turn > $3
 ORDER BY turn
"""


async def keep(conn: Connection, found: Sequence[Kept]) -> None:
    """Keep states on the way; of a short history there is none."""
    if not found:
        return
    await conn.execute(
        KEEP,
        [each.subject for each in found],
        [each.turn for each in found],
        [each.reached for each in found],
        [to_bytes(each.state) for each in found],
    )


async def state_at(conn: Connection, now: Kept, at: datetime) -> State:
    """What all that had been appended by a moment left standing."""
    if now.reached <= at:
        return now.state
    begun = await latest_before(conn, now.subject, at)
    since = await said_since(conn, begun, at)
    if any(fact.named is not None for fact, _ in since):
        # it may uncover what the milestone has no more
        return fold(now.subject, await said_since(conn, Kept(State(now.subject)), at))
    state = begun.state
    for fact, order in since:
        state = evolve(state, fact, order)
    return state


async def said_since(
    conn: Connection, begun: Kept, at: datetime
) -> list[tuple[Fact, int]]:
    """Facts that a milestone does not rest on, appended by a moment."""
    rows = await conn.fetch(SAID_SINCE, begun.subject, at, begun.turn)
    return [
        (admitted(row["value"], row["topic"], begun.subject), row["position"])
        for row in rows
    ]


async def latest_before(conn: Connection, subject: str, at: datetime) -> Kept:
    """The last milestone that rests on nothing later; else nothing at all."""
    row = await conn.fetchrow(LATEST_BEFORE, subject, at)
    if row is None:
        return Kept(State(subject))
    return Kept(from_bytes(subject, row["body"]), row["turn"], row["reached"])
