"""What stands of when an initiative locks and what it is joined with.

Words are put right, taken back or set aside.

A correction takes the place of what it corrects, the last of several; a withdrawal is
final; a setting aside holds until the fact is reinstated. Of a fact that is unknown, or
of another type than was said, nothing changes. (facts.md §3)
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict

from schemas.types import (
    COMPLETED,
    CORRECTED,
    GATE_DECIDED,
    GATEPLAN_REVISED,
    JOINED,
    LOCK_RECORDED,
    PAUSED,
    REINSTATED,
    RESUMED,
    SET_ASIDE,
    STOPPED,
    WITHDRAWN,
    EventType,
    Family,
)

# of each type what is kept, its key first; what has none is of the initiative itself
KEPT: Mapping[EventType, tuple[str, ...]] = {
    LOCK_RECORDED: ("key", "date"),
    GATEPLAN_REVISED: ("gate", "date"),
    GATE_DECIDED: ("key", "gate", "outcome", "date"),
    JOINED: ("with",),
    PAUSED: (),
    RESUMED: (),
    STOPPED: (),
    COMPLETED: (),
}
FIELDS = {row.name: fields for row, fields in KEPT.items()}
FAMILIES = {row.name: row.family for row in KEPT}
OVER = (STOPPED.name, COMPLETED.name)
OF_TRACKER = (SET_ASIDE.name, REINSTATED.name)
Fields = dict[str, str | None]


class Word(BaseModel):
    """A fact of the owner's, as far as the agenda rests on it.

    `order` is its place among the owner's facts.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    source: str
    id: str
    order: int
    said: Fields

    @property
    def family(self) -> Family:
        return FAMILIES[self.type]


class About(BaseModel):
    """What was said of a fact: corrected (`said` in its place), withdrawn, set aside,
    reinstated.
    """

    model_config = ConfigDict(frozen=True)

    type: str
    source: str
    id: str
    of_type: str
    order: int
    said: Fields = {}

    def names(self, word: Word) -> bool:
        mine = (self.source, self.id, self.of_type)
        return mine == (word.source, word.id, word.type)


Stands = Mapping[str, Word]


def fields_of(type_: str, data: Mapping[str, Any]) -> Fields:
    """What is kept of a fact's `data`."""
    return {name: data[name] for name in FIELDS[type_]}


def standing(words: Iterable[Word], about: Iterable[About]) -> Stands:
    """What all these words leave standing, by family and key."""
    said = tuple(about)
    stands: Stands = {}
    for word in words:
        stands = with_word(stands, word, said)
    return stands


def with_word(stands: Stands, word: Word, about: Iterable[About]) -> Stands:
    """The same with one word more, unless it is taken back or set aside."""
    kept = as_it_stands(word, about)
    if kept is None:
        return stands
    place = f"{kept.family} {next(iter(kept.said.values()), '')}"
    was = stands.get(place)
    if was is not None and was.order > kept.order:
        return stands
    return {**stands, place: kept}


def as_it_stands(word: Word, about: Iterable[About]) -> Word | None:
    """The word as it was put right; None where it does not stand."""
    named = (each for each in about if each.names(word))
    found = sorted(named, key=lambda each: each.order)
    last = {each.type: each for each in found}
    by_tracker = [each.type for each in found if each.type in OF_TRACKER]
    if WITHDRAWN.name in last or by_tracker[-1:] == [SET_ASIDE.name]:
        return None
    corrected = last.get(CORRECTED.name)
    return word.model_copy(update={"said": corrected.said}) if corrected else word


def is_over(stands: Stands) -> bool:
    """Whether the owner's last word of its life is that it is stopped or completed."""
    return any(word.family == "life" and word.type in OVER for word in stands.values())


def joined_with(stands: Stands) -> tuple[str, ...]:
    """What its owner says it is one undertaking with; the other owner says it too, or
    it is a claim.
    """
    words = (word for word in stands.values() if word.family == JOINED.family)
    return tuple(sorted(str(word.said["with"]) for word in words))


def lock_dates(stands: Stands, gate: str) -> tuple[date, ...]:
    """The days on which it locks: as recorded, and by the gate that binds."""
    recorded = (word for word in stands.values() if word.family == "lock")
    bound = (*recorded, *of_gate(stands, gate))
    return tuple(sorted({date.fromisoformat(str(w.said["date"])) for w in bound}))


def of_gate(stands: Stands, gate: str) -> Iterator[Word]:
    """The gate that binds, on the day it was approved, or else that it is planned for;
    a plan is overtaken where the gate was rejected or postponed after it.
    """
    of_it = [word for word in stands.values() if word.said.get("gate") == gate]
    decided = [word for word in of_it if word.family == "gate"]
    approved = [word for word in decided if word.said["outcome"] == "approved"]
    yield from approved
    if approved:
        return
    for plan in (word for word in of_it if word.family == "gateplan"):
        if plan.said["date"] and all(each.order < plan.order for each in decided):
            yield plan
