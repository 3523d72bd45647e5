"""The names that a type's `data` may hold, at every depth, and what stands there."""

from dataclasses import dataclass

from .alternatives import Unjudged, alternatives
from .places import Document, Place, root


@dataclass(frozen=True)
class Name:
    """A property, by its path in `data`: `/changes/title`, `/facts/*/id`."""

    path: str
    place: Place
    required: bool

    @property
    def above(self) -> str:
        return self.path.rpartition("/")[0].removesuffix("/*")


def names_of(document: Document) -> dict[str, Name]:
    """Every property by its path; of variants with the same name, the first."""
    found: dict[str, Name] = {}
    gather(root(document), "", (), found)
    return found


def gather(
    place: Place, path: str, within: tuple[str, ...], found: dict[str, Name]
) -> None:
    try:
        allowed = alternatives(place)
    except Unjudged:
        return
    for one in allowed:
        if one.place.pointer in within:
            continue
        inside = (*within, one.place.pointer)
        for name in one.get("properties", {}):
            below = one.below("properties", name)
            required = name in one.get("required", ())
            found.setdefault(f"{path}/{name}", Name(f"{path}/{name}", below, required))
            gather(below, f"{path}/{name}", inside, found)
        if one.kind == "array" and "items" in one.bounds:
            gather(one.below("items"), f"{path}/*", inside, found)
