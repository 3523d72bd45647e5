"""What is put right, taken back or set aside. Pure: the fold asks it of each fact.

A correction takes the place of what it corrects, the last of several; a withdrawal is
final; a setting aside holds until the fact is reinstated. Of a fact that is unknown, or
of another type than was said, nothing changes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from schemas.fact import Fact
from schemas.identity import Ref, speaker_of
from schemas.policy import Grants, Reader, may_read
from schemas.types import CORRECTED, REINSTATED, SET_ASIDE, WITHDRAWN

from .state import Correction, Corrections, Entry, Moment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a fact: left out, or with other data in its place."""

    left_out: bool = False
    data: Any = None
    corrected: Moment | None = None


def correction_of(fact: Fact, order: int) -> Correction:
    """What a fact says of the one that it names."""
    if fact.named is None or fact.named_type is None:
        raise ValueError(f"{fact.type.name} names no fact")
    said = Moment(fact.ref, fact.time, fact.accepted, order, fact.said)
    return Correction(fact.type.name, fact.named, fact.named_type, said)


def about(corrections: Corrections, ref: Ref) -> list[Correction]:
    """What was said of one fact, in the order of each partition."""
    found = [each for each in corrections.values() if each.target == ref]
    return sorted(found, key=lambda each: (each.said.order, each.said.ref))


def verdict(corrections: Corrections, fact: Fact) -> Verdict:
    """What becomes of `fact`; its speaker's word and the tracker's, each in order."""
    if not corrections:
        return Verdict()
    found = [
        each
        for each in about(corrections, fact.ref)
        if each.target_type == fact.type.name
    ]
    of_type = {each.type: each for each in found}
    if WITHDRAWN.name in of_type:
        return Verdict(left_out=True)
    tracker = [e for e in found if e.type in (SET_ASIDE.name, REINSTATED.name)]
    if tracker and tracker[-1].type == SET_ASIDE.name:
        return Verdict(left_out=True)
    corrected = of_type.get(CORRECTED.name)
    if corrected is None:
        return Verdict()
    return Verdict(data=corrected.said.value["data"], corrected=corrected.said)


def with_target(corrections: Corrections, target: Entry) -> Corrections:
    """The same, once the fact that some of them name is known."""
    found = {
        each.said.ref: replace(each, known=target)
        for each in about(corrections, target.ref)
        if each.target_type == target.type
    }
    return {**corrections, **found} if found else corrections


def readable_by(
    corrections: Corrections, reader: Reader, grants: Grants
) -> Mapping[Ref, Correction]:
    """Those that the reader may read: of facts it may read, and its own."""
    return {
        ref: each
        for ref, each in corrections.items()
        if (reader.orgnr is not None and speaker_of(ref.source) == reader.orgnr)
        or (each.known is not None and may_read(each.known, reader, grants))
    }
