"""Whether the variants of a `oneOf` can be told apart: a value may match only one."""

from itertools import combinations

from .alternatives import Alternative, alternatives, as_json
from .places import Place


def overlapping(place: Place) -> bool:
    """Whether a `oneOf` at this place has variants that one value may both match."""
    while isinstance(place.schema, dict) and "$ref" in place.schema:
        place = place.target()
    if not isinstance(place.schema, dict) or "oneOf" not in place.schema:
        return False
    count = len(place.schema["oneOf"])
    variants = [alternatives(place.at("oneOf", index)) for index in range(count)]
    return any(
        not apart(one, other)
        for some, others in combinations(variants, 2)
        for one in some
        for other in others
    )


def apart(one: Alternative, other: Alternative) -> bool:
    """Whether no value is in both, as far as can be seen without search."""
    if {one.kind, other.kind} != {one.kind} and {one.kind, other.kind} != {
        "integer",
        "number",
    }:
        return True
    if one.values is not None and other.values is not None:
        return not texts_of(one) & texts_of(other)
    return one.kind == "object" and told_apart_by_a_property(one, other)


def told_apart_by_a_property(one: Alternative, other: Alternative) -> bool:
    both = required_properties(one) & required_properties(other)
    for name in sorted(both):
        some, others = (
            alternatives(side.below("properties", name)) for side in (one, other)
        )
        if all(apart(a, b) for a in some for b in others):
            return True
    return False


def required_properties(one: Alternative) -> set[str]:
    return {
        name for name in one.get("required", ()) if name in one.get("properties", {})
    }


def texts_of(one: Alternative) -> set[str]:
    return {as_json(value) for value in one.values or ()}
