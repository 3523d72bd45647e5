"""Whether readers take all that writers may say, and where they do not.

The answer errs on one side only: what cannot be judged is named as refused.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import jsonschema_rs

from . import arrays, numbers, texts
from .alternatives import ALL_BOUNDS, Alternative, Unjudged, alternatives, as_json
from .places import Document, Place, root
from .sameness import same
from .unions import overlapping


@dataclass(frozen=True)
class Refused:
    """Something that writers may say and readers refuse.

    `writer` and `reader` are pointers into the two documents, None where the place
    is in one of them only. `detail` reads the same from either side.
    """

    rule: str
    detail: str
    writer: str | None
    reader: str | None


def refused(writer: Document, reader: Document) -> list[Refused]:
    """All that the writer's form allows and the reader's form does not."""
    found = Inclusion().compare(root(writer), root(reader))
    return list(dict.fromkeys(found))


@dataclass
class Inclusion:
    """One comparison; remembers the pairs it is within, for schemas that recur."""

    within: set[tuple[str, str]] = field(default_factory=set)

    def compare(self, writer: Place, reader: Place) -> list[Refused]:
        pair = (writer.pointer, reader.pointer)
        if pair in self.within or same(writer, reader):
            return []
        self.within.add(pair)
        try:
            return list(self.each(writer, reader))
        except Unjudged as unjudged:
            return [refusal("unjudged", unjudged.why, writer, reader)]
        finally:
            self.within.discard(pair)

    def each(self, writer: Place, reader: Place) -> Iterator[Refused]:
        """Every alternative of the writer must fit into one of the reader's."""
        takes = alternatives(reader)
        if overlapping(reader):
            why = "oneOf with variants that may both match"
            yield refusal("unjudged", why, writer, reader)
            return
        for said in alternatives(writer):
            if said.values is not None:
                yield from self.values(said, writer, reader)
            else:
                yield from self.closest(said, takes, writer, reader)

    def values(
        self, said: Alternative, writer: Place, reader: Place
    ) -> Iterator[Refused]:
        takes = jsonschema_rs.validator_for(dict(reader.whole), validate_formats=True)
        lost = [
            as_json(value) for value in said.values or () if not takes.is_valid(value)
        ]
        if lost:
            why = f"writers say {', '.join(lost)}, readers do not take it"
            yield refusal("values", why, writer, reader)

    def closest(
        self, said: Alternative, takes: list[Alternative], writer: Place, reader: Place
    ) -> list[Refused]:
        """What the alternative that fits best refuses; nothing if one takes all."""
        found = [
            list(self.one(said, taken))
            for taken in takes
            if taken.values is None and fits(said.kind, taken.kind)
        ]
        if found:
            return min(found, key=len)
        kinds = sorted({taken.kind for taken in takes if taken.values is None})
        listed = [as_json(v) for taken in takes for v in taken.values or ()]
        taken_words = ", ".join(kinds + listed) or "nothing"
        why = f"writers say {said.kind}, readers take {taken_words}"
        return [refusal("type", why, writer, reader)]

    def one(self, said: Alternative, taken: Alternative) -> Iterator[Refused]:
        """What one alternative of the reader refuses of one of the writer's."""
        yield from self.unknown_bounds(said, taken)
        bounds = {
            "string": texts.refusals,
            "number": numbers.refusals,
            "integer": numbers.refusals,
            "array": arrays.refusals,
        }.get(said.kind)
        for rule, detail in bounds(said, taken) if bounds else ():
            yield refusal(rule, detail, said.place, taken.place)
        if said.kind == "array":
            for ours, theirs in arrays.items(said, taken):
                yield from self.compare(ours, theirs)
        if said.kind == "object":
            yield from self.properties(said, taken)

    def unknown_bounds(
        self, said: Alternative, taken: Alternative
    ) -> Iterator[Refused]:
        """Keywords without a rule here: the reader's must be the writer's, as it is.

        Those of the writer alone only say less, but for names given by a pattern.
        """
        names = {name for name in taken.bounds if name not in ALL_BOUNDS}
        names |= {"patternProperties"} & said.bounds.keys()
        for name in sorted(names):
            if as_json(said.get(name)) != as_json(taken.get(name)):
                why = f"{name} differs, and the gate has no rule for it"
                yield refusal("unjudged", why, said.place, taken.place)

    def properties(self, said: Alternative, taken: Alternative) -> Iterator[Refused]:
        for rule, detail in arrays.size_refusals(said, taken, "Properties"):
            yield refusal(rule, detail, said.place, taken.place)
        names = dict.fromkeys(
            [*said.get("properties", {}), *taken.get("properties", {})]
        )
        sure = set(said.get("required", ()))
        for name in [*names, *taken.get("required", ())]:
            if name in taken.get("required", ()) and name not in sure:
                sure.add(name)
                why = f"writers may leave `{name}` out, readers require it"
                yield Refused("required", why, *self.pointers(said, taken, name))
        for name in names:
            yield from self.field(said, taken, name)
        rest, takes_rest = (rest_of(one) for one in (said, taken))
        if rest is not None and takes_rest is None:
            why = "writers say names that readers do not know and do not ignore"
            yield refusal("closed", why, said.place, taken.place)
        elif rest is not None and takes_rest is not None:
            yield from self.compare(rest, takes_rest)

    def field(self, said: Alternative, taken: Alternative, name: str) -> list[Refused]:
        ours, theirs = named(said, name), named(taken, name)
        if ours is None or ours.schema is False:
            return []
        if theirs is None:
            why = f"writers say `{name}`, readers neither know nor ignore it"
            return [Refused("closed", why, *self.pointers(said, taken, name))]
        return self.compare(ours, theirs)

    def pointers(
        self, said: Alternative, taken: Alternative, name: str
    ) -> tuple[str | None, str | None]:
        return tuple(  # type: ignore[return-value]  # one of each
            one.below("properties", name).pointer
            if name in one.get("properties", {})
            else None
            for one in (said, taken)
        )


def fits(said: str, taken: str) -> bool:
    return said == taken or (said == "integer" and taken == "number")


def named(one: Alternative, name: str) -> Place | None:
    """The subschema of a property; None where no such name is allowed."""
    if name in one.get("properties", {}):
        return one.below("properties", name)
    return rest_of(one)


def rest_of(one: Alternative) -> Place | None:
    """The subschema of names that are not listed; None where there are none."""
    if "additionalProperties" not in one.bounds:
        return Place(one.place.document, one.place.pointer, True)
    rest = one.below("additionalProperties")
    return None if rest.schema is False else rest


def refusal(rule: str, detail: str, writer: Place, reader: Place) -> Refused:
    return Refused(rule, detail, writer.pointer, reader.pointer)


def takes_all(writer: Document, reader: Document) -> bool:
    return not refused(writer, reader)


__all__ = ["Any", "Refused", "refused", "takes_all"]
