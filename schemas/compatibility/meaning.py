"""Changes that no schema shows: names gone or used again, defaults, units, words."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .forms import READ_EXACTLY
from .names import Name, names_of
from .places import Document, root
from .sameness import same

# words in a text that fix what a number or a date stands for
UNITS = re.compile(
    r"\b(NOK|EUR|kroner|kr|øre|thousands?|millions?|billions?|per ?cent|percent|share|"
    r"seconds?|minutes?|hours?|days?|weeks?|months?|quarters?|years?|FTE|"
    r"UTC|Oslo|inclusive|exclusive|including|excluding|gross|net)\b|%",
    re.IGNORECASE,
)
UNIT_KEYWORDS = ("x-unit", "unit", "contentEncoding", "contentMediaType")


@dataclass(frozen=True)
class Noticed:
    """A change at a name, and whether it changes what is meant."""

    rule: str
    detail: str
    meaning: bool
    pointer: str
    gone: bool = False


def noticed(
    before: Document, after: Document, tombstones: Mapping[str, str]
) -> Iterator[Noticed]:
    """What changed between two writer forms, apart from what is refused.

    `tombstones` are paths of names that were removed for good, each with a reason.
    """
    old, new = names_of(before), names_of(after)
    whole = (Name("", root(document), True) for document in (before, after))
    yield from at_a_name(*whole)
    for path in sorted(old.keys() - new.keys()):
        if old[path].above in ("", *new):
            yield removed(old[path], old, new, tombstones)
    for path in sorted(new.keys() - old.keys()):
        if path in tombstones:
            yield reused(new[path], tombstones[path])
        elif new[path].above in ("", *old):
            yield noticed_at(new[path], "added", f"`{path}` is new", False)
    for path in sorted(old.keys() & new.keys()):
        if path in tombstones:
            yield reused(new[path], tombstones[path])
        yield from at_a_name(old[path], new[path])


def removed(
    name: Name,
    old: Mapping[str, Name],
    new: Mapping[str, Name],
    tombstones: Mapping[str, str],
) -> Noticed:
    """A name that is gone: with a tombstone it is known to be, else it is lost."""
    pointer = name.place.pointer
    if name.path in tombstones:
        why = f"`{name.path}` is gone: {tombstones[name.path]}"
        return Noticed("removed", why, False, pointer, gone=True)
    for path in sorted(new.keys() - old.keys()):
        if new[path].above == name.above and same(new[path].place, name.place):
            why = f"`{name.path}` seems to be `{path}` now; old facts lose it silently"
            return Noticed("renamed", why, True, pointer, gone=True)
    why = f"`{name.path}` is gone without a tombstone; old facts lose it silently"
    return Noticed("lost", why, True, pointer, gone=True)


def reused(name: Name, why: str) -> Noticed:
    return noticed_at(name, "reused", f"`{name.path}` was gone for good: {why}", True)


def at_a_name(old: Name, new: Name) -> Iterator[Noticed]:
    """What changed at a name that both have."""
    before, after = as_mapping(old.place.schema), as_mapping(new.place.schema)
    yield from default_changed(old, new, before, after)
    for keyword in UNIT_KEYWORDS:
        was, now = before.get(keyword), after.get(keyword)
        if was != now:
            why = f"{keyword}: {was or 'none'} → {now or 'none'}"
            yield noticed_at(new, "unit", why, was is not None)
    was, now = units(before), units(after)
    if was != now:
        why = f"unit in the text: {said(was)} → {said(now)}"
        yield noticed_at(new, "unit", why, True)
    elif before.get("description") != after.get("description"):
        yield noticed_at(new, "wording", "the text is worded differently", False)
    if after.get("deprecated") and not before.get("deprecated"):
        yield noticed_at(new, "deprecated", "not to be said any more", False)
    if read_exactly(after) and not read_exactly(before):
        yield noticed_at(new, "fallback-removed", "unknown words are refused", False)
    more = words_of(after) - words_of(before)
    if words_of(before) and more:
        yield noticed_at(new, "words-added", f"new: {', '.join(sorted(more))}", False)


def default_changed(
    old: Name, new: Name, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Noticed]:
    """Who leaves an optional name out must go on meaning the same."""
    if old.required or new.required:
        return
    was, now = before.get("default"), after.get("default")
    if was != now or type(was) is not type(now):
        why = f"left out, it meant {was!r} and now means {now!r}"
        yield noticed_at(new, "default", why, True)


def units(schema: Mapping[str, Any]) -> frozenset[str]:
    found = UNITS.finditer(str(schema.get("description", "")))
    return frozenset(match.group().lower().removesuffix("s") for match in found)


def said(found: frozenset[str]) -> str:
    return ", ".join(sorted(found)) or "none"


def words_of(schema: Mapping[str, Any]) -> frozenset[str]:
    """The words of a list of words, at this place or within its alternatives."""
    listed = [node.get("enum", ()) for node in within(schema)]
    return frozenset(one for words in listed for one in words if isinstance(one, str))


def within(schema: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The subschema, its variants, and the items of a list."""
    inner = [schema, *schema.get("anyOf", ())]
    return [*inner, *(as_mapping(one.get("items")) for one in inner)]


def read_exactly(schema: Mapping[str, Any]) -> bool:
    return any(node.get(READ_EXACTLY) for node in within(schema))


def as_mapping(schema: Any) -> Mapping[str, Any]:
    return schema if isinstance(schema, dict) else {}


def noticed_at(name: Name, rule: str, detail: str, meaning: bool) -> Noticed:
    return Noticed(rule, detail, meaning, name.place.pointer)
