"""What a reader is shown of the arena's items on an initiative. Pure.

The policy is applied to facts, before anything is made of them.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from schemas.advice import (
    AdviceIssued,
    DecisionTaken,
    FollowupRecorded,
    PositionRecorded,
)
from schemas.arena import ItemProposed
from schemas.channels import ARENA
from schemas.envelope import timestamp
from schemas.fact import Fact
from schemas.models import field_of
from schemas.names import name_of
from schemas.policy import Grants, Reader, may_read_in_arena, may_read_initiative
from schemas.silence import DutyOverdue, SilenceNoted

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
class Words:
    """A fact of the arena, as the policy asks of it."""

    fact: Fact

    @property
    def speaker(self) -> str:
        return self.fact.speaker

    @property
    def name(self) -> str:
        return self.fact.type.name

    @property
    def audience(self) -> tuple[str, ...]:
        return self.fact.audience

    @property
    def initiatives(self) -> tuple[str, ...]:
        return self.fact.initiatives

    @property
    def hash(self) -> str | None:
        found: str | None = field_of(self.fact.data, "hash")
        return found


def items(
    facts: Iterable[Fact],
    initiative: str,
    reader: Reader,
    grants_of: Mapping[str, Grants],
) -> list[Json] | None:
    """The items on an initiative; None where it is not this reader's to read."""
    if not may_read_initiative(initiative, reader, grants_of.get(initiative, {})):
        return None
    of_items = groupby(facts, key=lambda fact: fact.subject)
    shown = [item(name, list(said), reader, grants_of) for name, said in of_items]
    return [each for each in shown if each is not None]


def item(
    name: str, said: Sequence[Fact], reader: Reader, grants_of: Mapping[str, Grants]
) -> Json | None:
    """One item: what the reader may read of it, or only its number and state."""
    given_to = {
        each.data.hash: each.audience
        for each in said
        if isinstance(each.data, AdviceIssued)
    }
    readable = [
        each
        for each in said
        if may_read_in_arena(Words(each), reader, grants_of, given_to)
    ]
    if not readable and ARENA not in reader.channels:
        return None
    head: Json = {"item": name, "number": number_of(name), "state": state_of(said)}
    return head | told(readable) if readable else head


def number_of(name: str) -> str:
    return name.rpartition(":")[2].replace("-", "/")


def state_of(said: Iterable[Fact]) -> str:
    """The number and the state are there for everybody who takes part."""
    state = "proposed"
    for each in said:
        state = STATES.get(each.type.name, state)
    return state


def told(readable: Sequence[Fact]) -> Json:
    """Question, advice, positions, decisions and follow-up, from these facts alone."""
    questions = [f.data.question for f in readable if isinstance(f.data, ItemProposed)]
    return {
        "question": questions[0] if questions else None,
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
