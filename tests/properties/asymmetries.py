"""The words of the contract that belong to a line, their partners, and those without.

`PARTNERS` is what σ does to words. `asymmetries.json` declares the words that only one
line has, each with the citation that makes them unequal.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from schemas import channels, topics
from schemas.types import TYPES
from services.registry import policies

DECLARED = Path(__file__).with_name("asymmetries.json")
# what one line calls its own, and what the other calls the same
PAIRS = (
    ("state", "municipal"),
    ("state_budget", "municipal_budget"),
    ("co_financing_scheme", "digifin"),
    ("central", "local"),
)
PARTNERS = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
# words that speak of a line, its bodies, its law, its budgets or its schemes
OF_A_LINE = re.compile(
    r"state|munic|county|central|local|digifin|co_financing|ministr|agenc|govern"
    r"|law|parliament|council|kommun|fylke|storting|counties|ministry"
    r"|social|qualification|housing|debt|benefits$|follow_up|user_contact"
)


def words() -> Iterator[tuple[str, str]]:
    """Every closed word of contract and policies: where it stands, and the word."""
    for row in TYPES.values():
        yield from words_in(row.name, row.model.model_json_schema())
    for path in sorted(policies.HERE.glob("*.json")):
        yield from words_in(path.stem, json.loads(path.read_text("utf-8")))
    for channel in (*channels.LINES, channels.PUBLIC, channels.ARENA):
        yield "channels", channel
    for line in topics.PARTY_TOPICS:
        yield "topics", line


def words_in(where: str, found: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Values of enumerations, names of fields, codes and keys of policies."""
    match found:
        case dict():
            for key, inner in found.items():
                if name in ("properties", "classes", "counterpart", "life", "after"):
                    yield where, key
                if key not in ("description", "title", "sources", "labels", "$defs"):
                    yield from words_in(where, inner, key)
                elif key == "$defs":
                    for model in inner.values():
                        yield from words_in(where, model, "model")
        case list():
            for inner in found:
                yield from words_in(where, inner, name)
        case str() if name in ("enum", "const", "decisions", "kind", "channels"):
            yield where, found
        case _:
            return


def one_sided(vocabulary: Mapping[str, set[str]]) -> set[str]:
    """Words of a line whose partner is not in the same place, or that have none."""
    return {
        word
        for where, found in vocabulary.items()
        for word in found
        if OF_A_LINE.search(word) and PARTNERS.get(word) not in vocabulary[where]
    }


def vocabulary() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for where, word in words():
        found.setdefault(where, set()).add(word)
    return found


def declared() -> dict[str, str]:
    """Each declared word and its citation."""
    return {each["word"]: each["citation"] for each in json.loads(DECLARED.read_text())}
