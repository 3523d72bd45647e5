"""Facts that can never be applied: the tracker says so, once for all services.

A service that had applied such a fact leaves it out by its fold. One that has it parked
holds nothing back for it any more, and tries it again when it is reinstated.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg
from pydantic import TypeAdapter, ValidationError

from schemas import tracker
from schemas.envelope import PREFIX
from schemas.identity import Ref, mark
from schemas.models import Sentence
from schemas.topics import TRACKER
from schemas.types import REINSTATED, SET_ASIDE, TYPES

from . import outbox
from .batch import Arrived
from .db import Connection, Pool, transaction
from .outbox import Outgoing

SAYINGS = {SET_ASIDE.name: True, REINSTATED.name: False}
NOTE = """
INSERT INTO set_aside (group_id, mark, type, aside, appended, position)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (group_id, mark, type) DO UPDATE
   SET aside = excluded.aside, appended = excluded.appended,
       position = excluded.position
 WHERE (set_aside.appended, set_aside.position)
       < (excluded.appended, excluded.position)
"""
FIND = """
SELECT p.subject, p.source, p.fact_id, p.type, p.error_class, p.asides, p.aside_said,
       clock_timestamp() AS now
  FROM parked AS p
 WHERE p.group_id = $1 AND p.mark = $2
   FOR UPDATE
"""
SAID = """
UPDATE parked SET aside_said = $3, asides = $4 WHERE group_id = $1 AND mark = $2
"""


class Impossible(Exception):
    """It cannot be set aside or reinstated; the text says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Named:
    """A fact by who said it, and under which id, about which initiative."""

    subject: str
    ref: Ref

    @property
    def mark(self) -> bytes:
        return mark(self.subject, self.ref.source, self.ref.id)


async def note(conn: Connection, group: str, facts: Iterable[Arrived]) -> bool:
    """Remember what is said here of other facts. Whether anything was."""
    said = [each for each in facts if each.fact.type.family == SET_ASIDE.family]
    if said:
        await conn.executemany(NOTE, [(group, *columns_of(each)) for each in said])
    return bool(said)


def columns_of(each: Arrived) -> tuple[object, ...]:
    fact = each.fact
    if fact.named is None:
        raise ValueError(f"{fact.type.name} names no fact")
    named = Named(fact.subject, fact.named)
    aside = SAYINGS[fact.type.name]
    return named.mark, fact.named_type, aside, each.appended, each.offset


async def say(
    pool: Pool, group: str, named: Named, reason: str, *, aside: bool
) -> bool:
    """Say through the outbox, once, that a parked fact is set aside, or reinstated.

    False where that was said before. The group is the service that speaks. Raises
    `Impossible`.
    """
    checked(reason)
    async with transaction(pool) as conn:
        row = await conn.fetchrow(FIND, group, named.mark)
        if row is None:
            raise Impossible(f"no such fact is parked in {group}; `parked` lists them")
        if row["aside_said"] == aside:
            return False
        if aside:
            may_be_set_aside(row)
        turn = row["asides"] + (1 if aside else 0)
        speak = tracker.set_aside if aside else tracker.reinstated
        fact = (named.ref, row["type"])
        record = speak(group, named.subject, fact, reason, row["now"], turn)
        await outbox.append(conn, [Outgoing(TRACKER, *record)])
        await conn.execute(SAID, group, named.mark, aside, turn)
        return True


def checked(reason: str) -> None:
    try:
        TypeAdapter(Sentence).validate_python(reason)
    except ValidationError:
        raise Impossible("give a reason of 1 to 300 characters") from None


def may_be_set_aside(row: asyncpg.Record) -> None:
    """Only what itself makes the code fail, and can be named. Raises `Impossible`."""
    if row["error_class"] is None:
        raise Impossible("it only waits behind another fact; set that one aside")
    kind = TYPES.get(f"{PREFIX}.{row['type']}.v1")
    if kind is None or kind.group == "tracker" or kind.readers in ("grant", "named"):
        raise Impossible(
            f"a fact of type {row['type']} cannot be set aside (grants and their ends, "
            "corrections, the tracker's own); mend the code and redrive it"
        )
