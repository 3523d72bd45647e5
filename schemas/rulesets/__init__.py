"""Numbered rule sets: what admission judges by, frozen when released.

Everything a verdict rests on is in a rule set: organisations with their line and
validity, municipality codes, agreements, and (in `types.py`) the types. A later rule
set neither removes an organisation nor changes its line.
"""

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from ..channels import ARENA, PUBLIC, organisation
from ..mandate import Arena, Member
from ..topics import Line

HERE = Path(__file__).parent
NEWEST = 3
OUTSIDE_AGREEMENT = "outside_agreement"
OSLO = ZoneInfo("Europe/Oslo")
DATA_FILES = ("organisations.csv", "municipalities.csv", "agreements.json")
# since rule set 3; the ones before have none
ARENAS, COUNCILS = "arenas.json", "councils.csv"
LATER_FILES = (ARENAS, COUNCILS)


@dataclass(frozen=True, slots=True)
class Validity:
    """From its first to its last day; None where no bound is recorded."""

    first: date | None
    last: date | None

    def holds_on(self, day: date) -> bool:
        begun = self.first is None or self.first <= day
        return begun and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Organisation:
    """An organisation as a rule set knows it; without a `line` it only reads."""

    orgnr: str
    line: Line | None
    role: str
    validity: Validity


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement on early sharing, in force from its first to its last day."""

    id: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True)
class RuleSet:
    """What is known under one number. Pure data; asked with explicit moments."""

    number: int
    organisations: Mapping[str, Organisation]
    municipalities: Mapping[str, Validity]
    agreements: tuple[Agreement, ...]
    arenas: Mapping[str, Arena] = field(default_factory=dict)
    # the municipality of each council, by the organisation's number
    councils: Mapping[str, str] = field(default_factory=dict)

    def knows(self, orgnr: str) -> bool:
        return orgnr in self.organisations

    def line_of(self, speaker: str) -> Line | None:
        """The line of an organisation; None for readers, strangers and the tracker."""
        found = self.organisations.get(speaker)
        return None if found is None else found.line

    def valid_at(self, orgnr: str, moment: datetime) -> bool:
        """Whether a known organisation exists on the Norwegian day of `moment`."""
        return self.organisations[orgnr].validity.holds_on(oslo_day(moment))

    def knows_municipality(self, code: str) -> bool:
        return code in self.municipalities

    def is_municipality_on(self, code: str, day: date) -> bool:
        """Whether a municipality with this code exists on a day."""
        found = self.municipalities.get(code)
        return found is not None and found.holds_on(day)

    def agreement_at(self, moment: datetime) -> str:
        """The agreement in force; facts said outside any are tagged, not refused."""
        day = oslo_day(moment)
        for agreement in self.agreements:
            if agreement.valid_from <= day <= agreement.valid_to:
                return agreement.id
        return OUTSIDE_AGREEMENT

    def channels_of(self, orgnr: str) -> frozenset[str]:
        """All channels that are open to an organisation."""
        found = {PUBLIC, organisation(orgnr)}
        if line := self.line_of(orgnr):
            found.add(line)
        if any(arena.has_now(orgnr) for arena in self.arenas.values()):
            found.add(ARENA)
        return frozenset(found)

    def having(self, channel: str) -> frozenset[str]:
        """Organisations to which a line or the arena is open; none has `public` alone.

        Everybody has that one, also who is not known here.
        """
        return frozenset() if channel == PUBLIC else by_channel(self.number, channel)


def ruleset(number: int) -> RuleSet:
    """The rule set of that number. Raises KeyError for one that is not known."""
    if not 1 <= number <= NEWEST:
        raise KeyError(number)
    return load(number)


@cache
def load(number: int) -> RuleSet:
    organisations, municipalities, agreements = (
        data_file(number, name) for name in DATA_FILES
    )
    return RuleSet(
        number,
        {row.orgnr: row for row in organisations_in(organisations)},
        {row["code"]: validity_of(row) for row in rows_of(municipalities)},
        tuple(agreements_in(agreements)),
        {arena.id: arena for arena in arenas_in(number)},
        dict(councils_in(number)),
    )


@cache
def by_channel(number: int, channel: str) -> frozenset[str]:
    rules = load(number)
    return frozenset(o for o in rules.organisations if channel in rules.channels_of(o))


def data_file(number: int, name: str) -> Path:
    """A rule set's data; what it does not change it takes from the one before."""
    own = HERE / str(number) / name
    return own if own.exists() or number == 1 else data_file(number - 1, name)


def later_file(number: int, name: str) -> Path | None:
    """Data that the first rule sets did not have; None before there was any."""
    for earlier in range(number, 0, -1):
        if (HERE / str(earlier) / name).exists():
            return HERE / str(earlier) / name
    return None


def councils_in(number: int) -> Iterator[tuple[str, str]]:
    path = later_file(number, COUNCILS)
    for row in rows_of(path) if path is not None else ():
        yield row["orgnr"], row["municipality"]


def arenas_in(number: int) -> Iterator[Arena]:
    path = later_file(number, ARENAS)
    for found in json.loads(path.read_text("utf-8")) if path is not None else ():
        members = tuple(
            Member(
                each["orgnr"],
                each["line"],
                frozenset(each["rights"]),
                day_or_none(each["valid_from"] or ""),
                day_or_none(each["valid_to"] or ""),
            )
            for each in found["members"]
        )
        yield Arena(found["id"], found["first_chair"], members)


def validity_of(row: Mapping[str, str]) -> Validity:
    return Validity(day_or_none(row["valid_from"]), day_or_none(row["valid_to"]))


def organisations_in(path: Path) -> Iterator[Organisation]:
    lines: dict[str, Line | None] = {
        "state": "state",
        "municipal": "municipal",
        "": None,
    }
    for row in rows_of(path):
        yield Organisation(
            row["orgnr"],
            lines[row["line"]],
            row["role"],
            validity_of(row),
        )


def agreements_in(path: Path) -> Iterator[Agreement]:
    for found in json.loads(path.read_text("utf-8")):
        first, last = found["valid_from"], found["valid_to"]
        yield Agreement(
            found["id"], date.fromisoformat(first), date.fromisoformat(last)
        )


def rows_of(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def day_or_none(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def oslo_day(moment: datetime) -> date:
    """The calendar day in Norway at a moment with zone."""
    return moment.astimezone(UTC).astimezone(OSLO).date()
