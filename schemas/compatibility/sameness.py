"""Whether two places say the same, whatever it is called and wherever it stands."""

from typing import Any

from .alternatives import ANNOTATIONS
from .places import Place


def same(one: Place, other: Place) -> bool:
    """Equal but for texts, the order of names, and names of definitions."""
    return bool(expanded(one, ()) == expanded(other, ()))


def expanded(place: Place, within: tuple[str, ...]) -> Any:
    """A subschema with references put in place; one that recurs by its distance."""
    schema = place.schema
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and set(schema) <= ANNOTATIONS | {"$ref"}:
        target = place.target()
        if target.pointer in within:
            return {"recurs": len(within) - within.index(target.pointer)}
        return expanded(target, (*within, target.pointer))
    return {
        name: inner(place, name, within)
        for name, value in schema.items()
        if not (name in ANNOTATIONS or name.startswith("x-"))
    }


def inner(place: Place, name: str, within: tuple[str, ...]) -> Any:
    value = place.schema[name]
    if name in ("properties", "patternProperties", "dependentSchemas"):
        return {key: expanded(place.at(name, key), within) for key in value}
    if name in ("anyOf", "oneOf", "allOf", "prefixItems"):
        return [expanded(place.at(name, index), within) for index in range(len(value))]
    if name in ("enum", "required") or (name == "type" and isinstance(value, list)):
        return frozenset(map(repr, value))
    return expanded(place.at(name), within) if isinstance(value, dict) else value
