"""What differs between two ways of asking: added, changed or gone, by whom, when. Pure.

Both sides hold only what the one who asks may read, and so does the difference.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from schemas.envelope import timestamp

from .policies import PhasePolicy
from .rules import Projection
from .view import correction_json, organisation, phase, share_json, when

Kind = Literal["added", "changed", "gone"]
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Held:
    """A value on one side, with who said it and when; None where it is computed."""

    value: Any
    by: str | None = None
    said: Json | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A field that differs; `before` or `after` is None where it is not there."""

    field: str
    before: Held | None
    after: Held | None

    @property
    def kind(self) -> Kind:
        if self.before is None:
            return "added"
        return "gone" if self.after is None else "changed"


def changes(
    before: Projection | None, after: Projection | None, phases: PhasePolicy
) -> list[Change]:
    """Every field that differs, in a fixed order."""
    was, now = (
        {} if side is None else dict(held(side, phases)) for side in (before, after)
    )
    found = [Change(name, was.get(name), now.get(name)) for name in {**was, **now}]
    return sorted(
        (each for each in found if each.before != each.after),
        key=lambda each: each.field,
    )


def held(seen: Projection, phases: PhasePolicy) -> Iterator[tuple[str, Held]]:
    """Everything that is seen, by a name that is the same on both sides.

    `family/key` for the owner's words; other parties' have their number before it.
    """
    for (speaker, family, key), each in seen.standing.items():
        whose = "" if speaker == seen.owner else f"{speaker}/"
        said = when(each)
        if each.corrected is not None:
            said = {**said, "corrected": when(each.corrected)}
        yield name_of(whose + family, key), Held(each.value, speaker, said)
    for ref, share in seen.shares.items():
        if share.shared is not None:
            told = Held(share_json(share), seen.owner, when(share.shared))
            yield f"share/{ref.source} {ref.id}", told
    for ref, correction in seen.corrections.items():
        told = Held(correction_json(correction), None, when(correction.said))
        yield f"correction/{ref.source} {ref.id}", told
    for channel, facts in seen.readable.items():
        if facts:
            yield f"readable/{channel}", Held(timestamp(min(facts.values())))
    for body, at in seen.received.items():
        yield f"received/{body}", Held(timestamp(at))
    reached = phase(seen, phases)
    if reached is not None:
        yield "phase", Held(reached)


def name_of(family: str, key: str) -> str:
    return f"{family}/{key}" if key else family


def change_json(change: Change) -> Json:
    return {
        "field": change.field,
        "change": change.kind,
        "before": held_json(change.before),
        "after": held_json(change.after),
    }


def held_json(side: Held | None) -> Json | None:
    if side is None:
        return None
    by = None if side.by is None else organisation(side.by)
    return {"value": side.value, "by": by, "said": side.said}
