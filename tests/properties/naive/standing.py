"""`facts.md` §2-§3: of each speaker's words, in order, what stands.

The speaker's facts are kept per family and key; what stands is computed from the list,
with corrections put in place and withdrawn facts left out.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from .said import FAMILY, KEY_IN, OF_A_FACT, Id, Json, Said

Key = tuple[str, str, str]


@dataclass(frozen=True)
class Standing:
    """What stands under a key: who said it so, where, and what put it right."""

    fact: Said
    value: Any
    corrected: Id | None


def standing(mine: Sequence[Said]) -> dict[Key, Standing]:
    """What stands of all that a reader may read."""
    lists: dict[Key, list[Standing]] = defaultdict(list)
    for fact in in_order(mine):
        for key, found in words_of(fact, mine):
            lists[key].append(found)
    return {key: found[-1] for key, found in lists.items()}


def in_order(mine: Sequence[Said]) -> list[Said]:
    """A speaker's facts lie in one partition: its offsets are the order."""
    return sorted(mine, key=lambda each: (each.topic, each.offset))


def words_of(fact: Said, mine: Sequence[Said]) -> Iterator[tuple[Key, Standing]]:
    """What a fact says, under which keys; nothing where it is left out."""
    family = FAMILY.get(fact.type)
    if family is None or left_out(fact, mine):
        return
    data, corrected = put_right(fact, mine)
    if family != "description":
        field = KEY_IN.get(family, "key")
        key = str(data[field]) if field else ""
        yield (fact.speaker, family, key), Standing(fact, data, corrected)
        return
    for name, value in data.get("changes", data).items():
        yield (fact.speaker, family, name), Standing(fact, value, corrected)


def said_about(fact: Said, mine: Sequence[Said], *types: str) -> list[Said]:
    """What names the fact by its right type, in order."""
    return [
        each
        for each in in_order(mine)
        if each.type in types
        and each.about == fact.id
        and each.data["type"] == fact.type
    ]


def left_out(fact: Said, mine: Sequence[Said]) -> bool:
    """Withdrawn, for good; or set aside, and not reinstated since."""
    if said_about(fact, mine, "fact.withdrawn"):
        return True
    tracker = said_about(fact, mine, "fact.setaside", "fact.reinstated")
    return bool(tracker) and tracker[-1].type == "fact.setaside"


def put_right(fact: Said, mine: Sequence[Said]) -> tuple[Json, Id | None]:
    """The last correction counts; it takes the place of what it corrects."""
    found = said_about(fact, mine, "fact.corrected")
    if not found:
        return fact.data, None
    data: Json = found[-1].data["data"]
    return data, found[-1].id


def announced(mine: Sequence[Said]) -> Id | None:
    """The first announcement that is left."""
    said = [
        each
        for each in in_order(mine)
        if each.type == "initiative.registered" and not left_out(each, mine)
    ]
    return said[0].id if said else None


def corrections(mine: Sequence[Said]) -> set[tuple[Id, Id, bool]]:
    """What names a fact, which, and whether that is known and of the right type."""
    known = {(each.id, each.type) for each in mine}
    return {
        (each.id, each.about, (each.about, each.data["type"]) in known)
        for each in mine
        if each.type in OF_A_FACT
    }
