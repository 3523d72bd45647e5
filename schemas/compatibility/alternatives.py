"""A subschema as the alternatives it allows, each of one kind of value."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .places import Place

KINDS = ("null", "boolean", "number", "string", "array", "object")
ANNOTATIONS = frozenset(
    {
        "$schema",
        "$id",
        "$defs",
        "$comment",
        "title",
        "description",
        "default",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "discriminator",
        "contentEncoding",
        "contentMediaType",
    }
)
COMBINING = frozenset({"$ref", "anyOf", "oneOf", "allOf", "type", "enum", "const"})


class Unjudged(Exception):
    """A construction that the gate cannot judge; it is refused, not guessed at."""

    def __init__(self, place: Place, why: str) -> None:
        super().__init__(f"{place.pointer}: {why}")
        self.place, self.why = place, why


@dataclass(frozen=True)
class Alternative:
    """Values of one kind, with the keywords that bound them and where each stands.

    `values` lists them all where there are finitely many.
    """

    place: Place
    kind: str
    values: tuple[Any, ...] | None = None
    bounds: Mapping[str, Place] = field(default_factory=dict)

    def get(self, keyword: str, default: Any = None) -> Any:
        found = self.bounds.get(keyword)
        return default if found is None else found.schema[keyword]

    def below(self, keyword: str, *steps: str | int) -> Place:
        return self.bounds[keyword].at(keyword, *steps)


def alternatives(place: Place) -> list[Alternative]:
    """What a subschema allows. Raises Unjudged."""
    return list(expanded(place, {}, None, KINDS))


def expanded(
    place: Place,
    bounds: Mapping[str, Place],
    values: tuple[Any, ...] | None,
    kinds: tuple[str, ...],
) -> Iterator[Alternative]:
    """Follow references and unions, gathering the bounds on the way."""
    schema = place.schema
    if isinstance(schema, bool):
        schema = {} if schema else {"enum": []}
    bounds = {**bounds, **own_bounds(place, schema, bounds)}
    kinds = common_kinds(kinds, kinds_of(schema))
    values = listed(schema, values)
    inner = list(unions(place, schema))
    if len(inner) > 1:
        raise Unjudged(place, f"{' and '.join(name for name, _ in inner)} together")
    if inner:
        for one in inner[0][1]:
            yield from expanded(one, bounds, values, kinds)
        return
    yield from plain(place, bounds, values, kinds)


def plain(
    place: Place,
    bounds: Mapping[str, Place],
    values: tuple[Any, ...] | None,
    kinds: tuple[str, ...],
) -> Iterator[Alternative]:
    if values is not None:
        for kind in kinds:
            fitting = tuple(value for value in values if is_kind(value, kind))
            if fitting:
                yield Alternative(place, kind, fitting)
        return
    for kind in kinds:
        if kind == "null":
            yield Alternative(place, kind, (None,))
        elif kind == "boolean":
            yield Alternative(place, kind, (False, True))
        else:
            yield Alternative(place, kind, bounds=bounds_on(kind, bounds))


def unions(
    place: Place, schema: Mapping[str, Any]
) -> Iterator[tuple[str, list[Place]]]:
    if "$ref" in schema:
        yield "$ref", [place.target()]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            yield keyword, [place.at(keyword, i) for i in range(len(schema[keyword]))]
    if "allOf" in schema:
        if len(schema["allOf"]) > 1:
            raise Unjudged(place, "allOf of several; write one schema")
        yield "allOf", [place.at("allOf", 0)]


def own_bounds(
    place: Place, schema: Mapping[str, Any], outer: Mapping[str, Place]
) -> dict[str, Place]:
    found = {
        keyword: place
        for keyword in schema
        if keyword not in ANNOTATIONS | COMBINING and not keyword.startswith("x-")
    }
    twice = found.keys() & outer.keys()
    if twice:
        raise Unjudged(place, f"{', '.join(sorted(twice))} on two levels")
    return found


# keywords that bound a kind; all others bound every kind and are compared as they are
BOUNDS = {
    "number": {
        "minimum",
        "maximum",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "multipleOf",
    },
    "string": {"minLength", "maxLength", "pattern", "format"},
    "array": {"items", "prefixItems", "minItems", "maxItems", "uniqueItems"},
    "object": {
        "properties",
        "required",
        "additionalProperties",
        "minProperties",
        "maxProperties",
    },
}
ALL_BOUNDS = frozenset().union(*BOUNDS.values())


def bounds_on(kind: str, bounds: Mapping[str, Place]) -> dict[str, Place]:
    return {
        keyword: place
        for keyword, place in bounds.items()
        if keyword not in ALL_BOUNDS or keyword in BOUNDS[numeric(kind)]
    }


def kinds_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    named = schema.get("type", KINDS)
    return (named,) if isinstance(named, str) else tuple(named)


def common_kinds(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds in both; a whole number is a number."""
    return tuple(
        kind if kind in others else "integer"
        for kind in some
        if numeric(kind) in map(numeric, others)
    )


def numeric(kind: str) -> str:
    return "number" if kind == "integer" else kind


def listed(
    schema: Mapping[str, Any], outer: tuple[Any, ...] | None
) -> tuple[Any, ...] | None:
    """The values that `enum` and `const` leave, here and further out."""
    for values in (
        schema.get("enum"),
        [schema["const"]] if "const" in schema else None,
    ):
        if values is not None:
            said = {as_json(value) for value in values}
            outer = (
                tuple(values)
                if outer is None
                else tuple(value for value in outer if as_json(value) in said)
            )
    return outer


def is_kind(value: Any, kind: str) -> bool:
    if isinstance(value, bool) or value is None:
        return kind == ("null" if value is None else "boolean")
    if isinstance(value, int | float):
        return kind == "number" or (kind == "integer" and value == int(value))
    return isinstance(
        value, {"string": str, "array": list, "object": dict}.get(kind, ())
    )


def as_json(value: Any) -> str:
    """A value as text: 1 and true are two, 1 and 1.0 are one."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)
