"""What a row says of an initiative, by the mapping; judged as intake judges. Pure."""

import re
import unicodedata
from base64 import b32encode
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from schemas.identity import is_orgnr
from schemas.models import Municipalities
from schemas.ties import InitiativeDiscovered

from .mapping import Constant, InColumn, Mapping
from .rows import Bad, Row

Data = dict[str, Any]
LONGEST_LOCAL = 64
HASH_SIGNS = 8
LISTS = frozenset(
    name
    for name, field in InitiativeDiscovered.model_fields.items()
    if field.annotation == Municipalities | None
)
LETTERS = str.maketrans({"æ": "ae", "ø": "o", "ß": "ss", "đ": "d", "ð": "d", "ł": "l"})


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a row says now. `local` is the second half of the initiative's id."""

    place: str
    key: str
    local: str
    data: Data


@dataclass(frozen=True, slots=True)
class Left:
    """A row that the mapping leaves out, and why."""

    place: str
    key: str
    local: str
    because: str


@dataclass(frozen=True, slots=True)
class Sorted:
    """The rows of a list, each in its place."""

    wanted: list[Wanted]
    left: list[Left]
    bad: list[Bad]

    @property
    def locals(self) -> set[str]:
        """Rows that the list still has, whatever is done with them."""
        found = {each.local for each in self.wanted} | {e.local for e in self.left}
        return found | {each.local for each in self.bad if each.local is not None}


def sort_rows(rows: Iterable[Row | Bad], mapping: Mapping, orgnr: str) -> Sorted:
    """What each row says; keys that stand twice are told of, and neither is taken."""
    wanted: list[Wanted] = []
    left: list[Left] = []
    bad: list[Bad] = []
    for row in rows:
        match row if isinstance(row, Bad) else read_row(row, mapping, orgnr):
            case Bad() as found:
                bad.append(found)
            case Left() as found:
                left.append(found)
            case Wanted() as found:
                wanted.append(found)
    places: dict[str, list[str]] = {}
    for local, place in (
        *((each.local, each.place) for each in wanted),
        *((each.local, each.place) for each in left),
        *((each.local, each.place) for each in bad if each.local is not None),
    ):
        places.setdefault(local, []).append(place)
    twice = {local for local, where in places.items() if len(where) > 1}
    bad += [also(each, places[each.local]) for each in wanted if each.local in twice]
    return Sorted([each for each in wanted if each.local not in twice], left, bad)


def also(row: Wanted, places: Sequence[str]) -> Bad:
    others = ", ".join(each for each in places if each != row.place)
    reason = f"the key {row.key} stands on {others} too; which row counts?"
    return Bad(row.place, reason, row.key, row.local)


def read_row(row: Row, mapping: Mapping, orgnr: str) -> Wanted | Left | Bad:
    key = row.cells[mapping.key]
    if not isinstance(key, str) or not key:
        return Bad(row.place, f"no key in {mapping.key}")
    local = local_of(mapping.list, key)
    for rule in mapping.leave_out:
        if not set(rule.any_of).isdisjoint(
            parts(row.cells[rule.column], rule.separator)
        ):
            return Left(row.place, key, local, rule.because)
    data, faults = data_of(row, mapping)
    owner = data.get("believed_owner")
    if owner == orgnr:
        detail = "it is your own; announce it, or let `leave_out` say so"
        faults.append(f"believed_owner: {detail}")
    elif owner is not None and not is_orgnr(str(owner)):
        faults.append("believed_owner: no organisation number")
    if faults:
        return Bad(row.place, "; ".join(faults), key, local)
    return Wanted(row.place, key, local, data)


def data_of(row: Row, mapping: Mapping) -> tuple[Data, list[str]]:
    """What the row says, field by field, and what is wrong with it."""
    data: Data = {"imported": True}
    faults: list[str] = []
    for name in sorted(mapping.fields):
        try:
            value = value_of(name, mapping.rule(name), row.cells)
        except ValueError as error:
            faults.append(f"{name}: {error}")
        else:
            if value not in ("", []):
                data[name] = value
    return data, faults


def value_of(
    name: str, rule: InColumn | Constant, cells: Map[str, str | list[str]]
) -> object:
    """A field's value. Raises ValueError for several where there is room for one."""
    if isinstance(rule, Constant):
        constant = rule.constant
        return list(constant) if isinstance(constant, tuple) else constant
    found = parts(cells[rule.column], rule.separator)
    if name in LISTS:
        return found
    if len(found) > 1:
        raise ValueError("several values, and there is room for one")
    return found[0] if found else ""


def parts(cell: str | list[str], separator: str | None) -> list[str]:
    """The values of a cell, without those that are empty."""
    values = cell if isinstance(cell, list) else [cell]
    if separator is not None:
        values = [part.strip() for each in values for part in each.split(separator)]
    return [each for each in values if each]


def local_of(name: str, key: str) -> str:
    """The id of a row: the list's name, a dot, and the key as an id can have it.

    Keys that differ in case alone are the same. A key that cannot stand as it is gets a
    hash of itself behind it, so that no two become one.
    """
    plain = unicodedata.normalize("NFC", key).casefold()
    room = LONGEST_LOCAL - len(name) - 1
    if re.fullmatch(r"[a-z0-9._-]+", plain) and len(plain) <= room:
        return f"{name}.{plain}"
    letters = unicodedata.normalize("NFKD", plain.translate(LETTERS))
    ascii_only = letters.encode("ascii", "ignore").decode()
    readable = re.sub(r"[^a-z0-9._]+", "-", ascii_only).strip("-")
    digest = b32encode(sha256(plain.encode()).digest()).decode().lower()[:HASH_SIGNS]
    return f"{name}.{readable[: room - HASH_SIGNS - 1]}-{digest}"
