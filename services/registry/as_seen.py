"""What another reader saw, as far as the one who asks may know. Pure.

First the policy lets through what the one who asks may read; all that follows rests on
those facts alone. So no answer tells of a grant, or of a word, that is closed to him.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import Grants, Reader, may_read, opens
from schemas.tracker import InitiativeReadable

from .asked import Asked
from .rules import Projection, everything, evolve, fold, project
from .state import State


@dataclass(frozen=True, slots=True)
class Placed:
    """A fact, its offset, and when it was appended."""

    fact: Fact
    order: int
    appended: datetime


def projection(subject: str, said: Sequence[Placed], asked: Asked) -> Projection:
    """The answer from all facts of an initiative, in the order of each partition."""
    mine = readable_by(subject, said, asked.reader)
    told = as_asked(subject, mine, asked)
    sides = sides_of(subject, mine, asked)
    return replace(
        everything(state_of(subject, told)),
        partial=any(side.partial for side in sides),
        whole=all(side.whole for side in sides),
    )


def as_asked(subject: str, mine: Sequence[Placed], asked: Asked) -> list[Placed]:
    """Of what the one who asks may read, that which was asked for."""
    body, at = asked.seen_by, asked.as_of
    if body is None:
        return said_by(mine, at)
    if at is None:
        return readable_by(subject, mine, body)
    return could_read(subject, mine, body, at)


def sides_of(subject: str, mine: Sequence[Placed], asked: Asked) -> list[Projection]:
    """Who looks: the one who asks, as covered now, and the other as covered then."""
    own = project(state_of(subject, mine), asked.reader)
    if asked.seen_by is None:
        return [own]
    then = state_of(subject, said_by(mine, asked.as_of))
    return [own, project(then, asked.seen_by)]


def said_by(said: Iterable[Placed], at: datetime | None) -> list[Placed]:
    return [each for each in said if at is None or each.appended <= at]


def readable_by(subject: str, said: Sequence[Placed], reader: Reader) -> list[Placed]:
    """What the reader may read, by the grants that are among these facts."""
    grants, known = grants_in(subject, said), by_ref(said)
    return [
        each
        for each in said
        if may_read(each.fact, reader, grants, named_by(each.fact, known))
    ]


def could_read(
    subject: str, said: Sequence[Placed], body: Reader, at: datetime
) -> list[Placed]:
    """What a body could read at a moment, by the times at which it became readable.

    What it said itself it knew, and of the tracker's words what had been said.
    """
    acts = in_time(said, at)
    grants, known = grants_in(subject, acts), by_ref(acts)
    available = available_to(subject, acts, body)

    def was_open(fact: Fact) -> bool:
        named = named_by(fact, known)
        if fact.speaker == body.orgnr or fact.type.group == "tracker":
            return may_read(fact, body, grants, named)
        return any(
            (channel, fact.ref) in available and opens(fact, channel, grants, named)
            for channel in body.channels
        )

    return [each for each in acts if was_open(each.fact)]


def available_to(
    subject: str, acts: Iterable[Placed], body: Reader
) -> set[tuple[str, Ref]]:
    """Channels on which facts were readable, and had been ever since.

    Where a grant ends, what it opened is void, until it is made readable anew.
    """
    state = State(subject)
    known: dict[Ref, Fact] = {}
    found: set[tuple[str, Ref]] = set()
    for each in acts:
        fact = each.fact
        known[fact.ref] = fact
        if isinstance(fact.data, InitiativeReadable):
            if fact.data.channel in body.channels:
                named = (Ref(each.source, each.id) for each in fact.data.facts)
                found |= {(fact.data.channel, ref) for ref in named}
        elif fact.grant is not None:
            state = evolve(state, fact, each.order)
            found = {pair for pair in found if is_open(pair, known, state.grants)}
    return found


def is_open(
    available: tuple[str, Ref], known: Mapping[Ref, Fact], grants: Grants
) -> bool:
    channel, ref = available
    fact = known.get(ref)
    return fact is None or opens(fact, channel, grants, named_by(fact, known))


def by_ref(said: Iterable[Placed]) -> dict[Ref, Fact]:
    return {each.fact.ref: each.fact for each in said}


def named_by(fact: Fact, known: Mapping[Ref, Fact]) -> Fact | None:
    """The fact that it names; None while that is unknown or of another type."""
    found = None if fact.named is None else known.get(fact.named)
    return found if found and found.type.name == fact.named_type else None


def in_time(said: Iterable[Placed], at: datetime) -> list[Placed]:
    """Acts until a moment, in their order: *readable* counts from when it was so."""
    return sorted((each for each in said if moment_of(each) <= at), key=moment_of)


def moment_of(each: Placed) -> datetime:
    readable = isinstance(each.fact.data, InitiativeReadable)
    return each.fact.time if readable else each.appended


def grants_in(subject: str, said: Iterable[Placed]) -> Grants:
    acts = [each for each in said if each.fact.grant is not None]
    return state_of(subject, acts).grants


def state_of(subject: str, said: Iterable[Placed]) -> State:
    return fold(subject, ((each.fact, each.order) for each in said))
