"""The state hash: what every view is made of, and the parked set, by identity.

It is the same for the same facts, whatever order and whatever batches they came in
(`facts.md` §5).
"""

from dataclasses import dataclass
from hashlib import sha256

import orjson

from services.kit import parked
from services.kit.db import Connection

# the state holds all that the class sees that sees everything, in a canonical form;
# an initiative that was only begun has none
STATES = """
SELECT count(*) AS initiatives,
       coalesce(sum(turn), 0)::bigint AS facts,
       sha256(coalesce(string_agg(
           sha256(convert_to(subject, 'UTF8') || '\\x00'::bytea || body), ''::bytea
           ORDER BY subject COLLATE "C"), ''::bytea)) AS hash
  FROM {} WHERE body <> ''
"""
# what is shown of the arena is made of its facts as they are, found by initiative
OF_ARENA = """
SELECT count(*) AS facts,
       sha256(coalesce(string_agg(
           sha256(mark || value), ''::bytea ORDER BY mark), ''::bytea)) AS hash
  FROM arena_fact
"""
CONCERNS = """
SELECT sha256(coalesce(string_agg(
           convert_to(initiative || ' ' || subject, 'UTF8'), '\x0a'::bytea
           ORDER BY initiative COLLATE "C", subject COLLATE "C"), ''::bytea))
  FROM {}
"""
CHECKPOINTS = """
SELECT topic, topic_id, partition, next
  FROM checkpoint WHERE group_id = $1
 ORDER BY topic COLLATE "C", topic_id COLLATE "C", partition
"""


@dataclass(frozen=True, slots=True)
class StateHash:
    """The hash, on what it rests, and a hash of the checkpoints at which it is so.

    `facts` are about initiatives, `in_arena` about items and meetings of the arena.
    """

    hash: str
    initiatives: int
    facts: int
    in_arena: int
    parked: int
    checkpoints: str


async def state_hash(
    conn: Connection,
    group: str,
    table: str = "initiative",
    concerns: str = "concerns",
) -> StateHash:
    """Of one moment: within a snapshot, or while nothing is taken in."""
    (row,) = await conn.fetch(STATES.format(table))
    (arena,) = await conn.fetch(OF_ARENA)
    about = await conn.fetchval(CONCERNS.format(concerns))
    waiting = await parked.identities(conn, group)
    checkpoints = [tuple(each) for each in await conn.fetch(CHECKPOINTS, group)]
    digest = sha256(row["hash"] + arena["hash"] + about + orjson.dumps(waiting))
    return StateHash(
        digest.hexdigest(),
        row["initiatives"],
        row["facts"],
        arena["facts"],
        len(waiting),
        sha256(orjson.dumps(checkpoints)).hexdigest(),
    )
