"""Which initiatives are asked for, judged on what the reader sees of them. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Literal

from pydantic import BaseModel

from schemas.rulesets import NEWEST, ruleset
from schemas.topics import Line
from schemas.types import TYPES

from .policies import PhasePolicy
from .rules import Projection
from .short_names import signs_of
from .view import phase
from .words import as_text, day_of, words_in

Sign = Literal[":", ">=", "<="]
CONDITION = re.compile(
    r"([a-z_]+)\.([a-z_]+(?:\.[a-z_]+)*)(:|>=|<=)(.{1,200})", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Condition:
    """What a field of what stands is to be: the same, from, or up to a value."""

    family: str
    steps: tuple[str, ...]
    sign: Sign
    value: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which initiatives are asked for; None where it does not matter.

    `words` is as `words.query_of` gives it, `short` the signs of a short name.
    """

    owner: str | None = None
    line: Line | None = None
    phase: str | None = None
    short: str | None = None
    words: str | None = None
    where: tuple[Condition, ...] = ()
    changed_since: datetime | None = None


@cache
def fields() -> Mapping[str, frozenset[str]]:
    """What can be asked of each family: the fields of its types."""
    found: dict[str, set[str]] = {}
    for row in TYPES.values():
        if row.group == "tracker" or row.readers in ("named", "arena"):
            continue
        names = found.setdefault(row.family, set())
        names.update(said_fields(row.model) - {"grant"})
    return {family: frozenset(names) for family, names in found.items()}


def said_fields(model: type[BaseModel]) -> set[str]:
    """A model's fields as they are said; an amendment's are those of its changes."""
    changes = model.model_fields.get("changes")
    inner = None if changes is None else changes.annotation
    if isinstance(inner, type) and issubclass(inner, BaseModel):
        return said_fields(inner)
    return {field.alias or name for name, field in model.model_fields.items()}


def condition_in(text: str) -> Condition:
    """`family.field:value`, or with `>=` or `<=`. Raises ValueError: what to mend."""
    found = CONDITION.fullmatch(text)
    if found is None:
        raise ValueError("a condition is `family.field:value`, or with >= or <=")
    family, path, sign, value = found.groups()
    steps = tuple(path.split("."))
    known = fields()
    if family not in known:
        raise ValueError(f"there is no `{family}`; there are: {listed(known)}")
    if steps[0] not in known[family]:
        raise ValueError(f"`{family}` has: {listed(known[family])}")
    return Condition(family, steps, sign, value)  # type: ignore[arg-type]  # the three


def listed(names: Mapping[str, object] | frozenset[str]) -> str:
    return ", ".join(sorted(names))


def is_wanted(seen: Projection, wanted: Wanted, phases: PhasePolicy) -> bool:
    """Whether what the reader sees is asked for; words and changes are asked elsewhere.

    A phase is asked of those alone that have one for the reader.
    """
    if wanted.owner is not None and seen.owner != wanted.owner:
        return False
    if wanted.line is not None and ruleset(NEWEST).line_of(seen.owner) != wanted.line:
        return False
    if wanted.short is not None and signs_of(seen.subject) != wanted.short:
        return False
    if wanted.phase is not None and phase(seen, phases) != wanted.phase:
        return False
    return all(holds(each, seen) for each in wanted.where)


def holds(condition: Condition, seen: Projection) -> bool:
    """Whether anything that stands, whoever said it, has such a value."""
    return any(
        fits(value, condition)
        for said in said_in(seen, condition.family)
        for value in at_steps(said, condition.steps)
    )


def said_in(seen: Projection, family: str) -> Iterator[Any]:
    """What stands in a family; of a description each field by its name."""
    if family == "share":
        yield from (s.said.value for s in seen.shares.values() if s.shared is not None)
    for (_, of, key), each in seen.standing.items():
        if of == family:
            yield {key: each.value} if family == "description" else each.value


def at_steps(value: Any, steps: tuple[str, ...]) -> Iterator[Any]:
    """Values at the end of a path; each element of a list is tried."""
    if isinstance(value, list):
        for inner in value:
            yield from at_steps(inner, steps)
    elif not steps:
        yield value
    elif isinstance(value, dict) and steps[0] in value:
        yield from at_steps(value[steps[0]], steps[1:])


def fits(value: Any, condition: Condition) -> bool:
    if value is None or isinstance(value, dict):
        return False
    if condition.sign == ":":
        return as_text(value) == condition.value
    if isinstance(value, int | float) and not isinstance(value, bool):
        return compared(float(value), number(condition.value), condition.sign)
    limit = day_of(condition.value)
    if limit is not None:
        return compared(day_of(as_text(value)), limit, condition.sign)
    return compared(as_text(value), condition.value, condition.sign)


def compared(value: Any, limit: Any, sign: Sign) -> bool:
    if value is None or limit is None:
        return False
    return bool(value >= limit if sign == ">=" else value <= limit)


def number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def text_of(seen: Projection) -> str:
    """All words of what the reader sees of it, to search in."""
    said = [each.value for each in seen.standing.values()]
    shares = [s.said.value for s in seen.shares.values() if s.shared is not None]
    return " ".join(words_in([said, shares]))
