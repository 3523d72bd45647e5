"""What a reader is shown of the arena's items on an initiative. Pure.

The policy is applied to facts, before anything is made of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from schemas.advice import (
    AdviceIssued,
    DecisionTaken,
    FollowupRecorded,
    PositionRecorded,
)
from schemas.arena import ItemProposed
from schemas.arena_policy import GrantsOf, given_in, may_read_in_arena, owns_one
from schemas.channels import ARENA
from schemas.envelope import timestamp
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.names import name_of
from schemas.policy import Reader, may_read_initiative
from schemas.silence import DutyOverdue, SilenceNoted
from schemas.tracker import ArenaReadable

from .as_seen import Placed, said_by
from .asked import Asked

Json = dict[str, Any]
# the state of an item after each of these, the last of them counts
STATES = {
    "arena.item.proposed": "proposed",
    "arena.item.admitted": "admitted",
    "arena.item.prepared": "prepared",
    "arena.item.heard": "heard",
    "advice.drafted": "advised",
    "advice.issued": "issued",
    "arena.item.withdrawn": "withdrawn",
    "arena.item.closed": "closed",
}


@dataclass(frozen=True, slots=True)
class Rights:
    """The grants of each initiative: as they stand, and as they stood when asked for.

    What one may read of an earlier moment is judged by what stands now.
    """

    now: GrantsOf
    then: GrantsOf


@dataclass(frozen=True, slots=True)
class Side:
    """One who looks, and the facts of an item that there are for it."""

    reader: Reader
    facts: Sequence[Fact]
    initiatives: frozenset[str]

    @property
    def knows_of_it(self) -> bool:
        """It is number and state alone for who takes part and may not read more."""
        takes_part = ARENA in self.reader.channels
        return bool(self.facts) or takes_part or owns_one(self.initiatives, self.reader)

    @property
    def has_question(self) -> bool:
        """The owner of one initiative is told it, though the fact names them all."""
        reads = any(isinstance(each.data, ItemProposed) for each in self.facts)
        return reads or owns_one(self.initiatives, self.reader)


def items(
    said: Iterable[Placed], initiative: str, asked: Asked, rights: Rights
) -> list[Json] | None:
    """The items on an initiative; None where it is not to be read as it was asked."""
    looks = [(asked.reader, rights.now)]
    if asked.seen_by is not None:
        looks.append((asked.seen_by, rights.then))
    for reader, grants_of in looks:
        if not may_read_initiative(initiative, reader, grants_of.get(initiative, {})):
            return None
    of_items = groupby(said, key=lambda each: each.fact.subject)
    shown = [item(name, list(facts), asked, rights) for name, facts in of_items]
    return [each for each in shown if each is not None]


def item(
    name: str, said: Sequence[Placed], asked: Asked, rights: Rights
) -> Json | None:
    """One item: what is read of it by all who look, or only its number and state."""
    sides = list(sides_of(said, asked, rights))
    then = [each.fact for each in said_by(said, asked.as_of)]
    if not then or not all(side.knows_of_it for side in sides):
        return None
    shown = [f for f in then if all(f in side.facts for side in sides)]
    head: Json = {"item": name, "number": number_of(name), "state": state_of(then)}
    has_question = all(side.has_question for side in sides)
    if not (shown or has_question):
        return head
    return (
        head | {"question": question_in(then) if has_question else None} | told(shown)
    )


def sides_of(said: Sequence[Placed], asked: Asked, rights: Rights) -> Iterator[Side]:
    """Who asks, with all that it may read now; and as whom it is asked."""
    facts = [each.fact for each in said]
    initiatives = frozenset(name for each in facts for name in each.initiatives)
    given_to = given_in(facts)

    def may_read(fact: Fact, reader: Reader) -> bool:
        return may_read_in_arena(fact, reader, rights.now, given_to)

    mine = [each for each in facts if may_read(each, asked.reader)]
    yield Side(asked.reader, mine, initiatives)
    if asked.seen_by is not None and asked.as_of is None:
        theirs = [each for each in facts if may_read(each, asked.seen_by)]
        yield Side(asked.seen_by, theirs, initiatives)
    elif asked.seen_by is not None and asked.as_of is not None:
        theirs = could_read(said, asked.seen_by, asked.as_of, rights.then)
        yield Side(asked.seen_by, theirs, initiatives)


def could_read(
    said: Sequence[Placed], body: Reader, at: datetime, grants_of: GrantsOf
) -> list[Fact]:
    """What a body could read at a moment, by the times at which it became readable.

    What it said itself it knew, and of the tracker's words what had been said.
    """
    facts = [each.fact for each in said_by(said, at)]
    given_to = given_in(facts)
    readable = {
        Ref(ref.source, ref.id)
        for each in said
        if isinstance(each.fact.data, ArenaReadable)
        and each.fact.time <= at
        and each.fact.data.channel in body.channels
        for ref in each.fact.data.facts
    }
    return [
        each
        for each in facts
        if may_read_in_arena(each, body, grants_of, given_to)
        and (
            each.ref in readable
            or each.speaker == body.orgnr
            or each.type.group == "tracker"
        )
    ]


def number_of(name: str) -> str:
    return name.rpartition(":")[2].replace("-", "/")


def state_of(said: Iterable[Fact]) -> str:
    """The number and the state are there for everybody who takes part."""
    state = "proposed"
    for each in said:
        state = STATES.get(each.type.name, state)
    return state


def question_in(said: Iterable[Fact]) -> str | None:
    found = (f.data.question for f in said if isinstance(f.data, ItemProposed))
    return next(found, None)


def told(readable: Sequence[Fact]) -> Json:
    """Advice, positions, decisions and follow-up, from these facts alone."""
    return {
        "advice": [
            {
                "version": each.data.version,
                "hash": each.data.hash,
                "given": timestamp(each.accepted),
                **each.data.advice.model_dump(mode="json", exclude_none=True),
                "positions": positions(readable, each.data.hash),
            }
            for each in readable
            if isinstance(each.data, AdviceIssued)
        ],
        "decisions": [
            {"by": body(each), **each.data.model_dump(mode="json", exclude_none=True)}
            for each in readable
            if isinstance(each.data, DecisionTaken)
        ],
        "follow_up": [
            {"line": each.line, **each.data.model_dump(mode="json")}
            for each in readable
            if isinstance(each.data, FollowupRecorded)
        ],
        "overdue": overdue(readable),
    }


def body(fact: Fact) -> Json:
    return {"orgnr": fact.speaker, "name": name_of(fact.speaker), "line": fact.line}


def positions(readable: Iterable[Fact], text: str) -> Json:
    """Each line's on this text; where the tracker noted silence and nothing was said
    in time, that there is none.
    """
    found: Json = {}
    silent: Json = {}
    for each in readable:
        match each.data:
            case PositionRecorded(hash=of) as said if of == text and each.line:
                found[each.line] = {"position": said.position, "text": said.text}
            case SilenceNoted(hash=of) as noted if of == text:
                silent[noted.line] = {"position": "no_position", "text": None}
    return {**silent, **found}


def overdue(readable: Iterable[Fact]) -> list[str]:
    """Lines that have not said what became of advice, though they were to."""
    facts = list(readable)
    said = {
        (each.line, each.data.hash)
        for each in facts
        if isinstance(each.data, FollowupRecorded) and each.data.outcome != "pending"
    }
    late = {
        each.data.line
        for each in facts
        if isinstance(each.data, DutyOverdue)
        and (each.data.line, each.data.hash) not in said
    }
    return sorted(late)
