"""What the contract of a fact says, statement by statement, and what holds each.

One file a section under `statements/`. A statement is held by tests, or it is reserved,
or the arena's; `missing` says what of it does not hold yet.
"""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "statements"
KNOWN = {"id", "says", "tests", "mistakes", "note", "reserved", "arena", "missing"}


class Unreadable(ValueError):
    """A file of statements says something that nobody can read; with what to mend."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing that holds of facts.

    `tests` hold it and `mistakes`, planted on purpose, show that they would notice.
    `reserved` is the word that refuses what is not taken yet, or what stands for it.
    """

    id: str
    says: str
    tests: tuple[str, ...] = ()
    mistakes: tuple[str, ...] = ()
    note: str = ""
    reserved: str = ""
    arena: str = ""
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """The statements of one section of the contract, in its order."""

    number: int
    title: str
    statements: tuple[Statement, ...]


def sections(folder: Path = FOLDER) -> list[Section]:
    """Every section, in order. Raises `Unreadable`."""
    return [section_in(path) for path in sorted(folder.glob("*.toml"))]


def section_in(path: Path) -> Section:
    """One file of statements. Raises `Unreadable`."""
    found = tomllib.loads(path.read_text("utf-8"))
    number = int(path.stem.partition("-")[0])
    said = tuple(statement_in(each, path) for each in found["statement"])
    for each in said:
        if not each.id.startswith(f"{number}."):
            raise Unreadable(f"{path.name}: {each.id} does not begin with {number}.")
    return Section(number, found["title"], said)


def statement_in(found: dict[str, Any], path: Path) -> Statement:
    if unknown := found.keys() - KNOWN:
        raise Unreadable(f"{path.name}: {found.get('id')} has {sorted(unknown)}")
    tests, mistakes = (tuple(found.pop(name, ())) for name in ("tests", "mistakes"))
    return Statement(**found, tests=tests, mistakes=mistakes)


def every(found: Iterable[Section]) -> Iterator[Statement]:
    for section in found:
        yield from section.statements
