"""The gate's verdicts against two who judge without its rules.

Made-up values (hypothesis) put through a validator (jsonschema-rs), and the language
inclusion of `jsoncompat`, where it is not known to be blind.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

import jsoncompat
import pytest

from schemas.compatibility.forms import knowing_reader
from schemas.compatibility.inclusion import refused
from schemas.compatibility.places import Document

from .cases import Case, cases
from .made_up import allowed_share, refused_value

TRIES = 40


@dataclass(frozen=True)
class Side:
    """One case seen from one side: what is said, and who must take it."""

    case: Case
    name: str
    writer: Document
    reader: Document

    @property
    def taken(self) -> bool:
        return not refused(self.writer, self.reader)


def sides(case: Case) -> Iterator[Side]:
    today = case.today
    for number, forms in enumerate(case.released):
        reader = knowing_reader(today.reader)
        yield Side(case, f"backward-{number}", forms.writer, reader)
        yield Side(case, f"forward-{number}", today.writer, forms.reader)


SIDES = [side for case in cases() for side in sides(case)]
NAMES = [f"{side.case.name}: {side.name}" for side in SIDES]


@pytest.mark.parametrize("side", SIDES, ids=NAMES)
def test_made_up_values_agree_with_the_verdict(side: Side) -> None:
    shown = refused_value(side.writer, side.reader, TRIES)

    assert (shown is None) == side.taken, shown


@pytest.mark.long
@pytest.mark.parametrize(
    "side", [side for side in SIDES if side.taken], ids=lambda side: side.case.name
)
def test_many_made_up_values_show_nothing_where_all_is_taken(side: Side) -> None:
    assert refused_value(side.writer, side.reader, 1_000) is None


def test_made_up_values_are_mostly_what_the_schema_allows() -> None:
    writers = [side.writer for side in SIDES if side.name == "backward-0"]

    shares = sorted(allowed_share(writer, 10) for writer in writers)

    assert shares[len(shares) // 10] >= 0.5


@pytest.mark.parametrize("side", SIDES, ids=NAMES)
def test_jsoncompat_agrees_where_it_is_not_blind(side: Side) -> None:
    if side.case.blind is None:
        assert jsoncompat_takes(side) == side.taken


@pytest.mark.parametrize(
    "case", [case for case in cases() if case.blind], ids=lambda case: case.name
)
def test_jsoncompat_is_blind_where_the_corpus_says_so(case: Case) -> None:
    assert any(jsoncompat_takes(side) != side.taken for side in sides(case))


def jsoncompat_takes(side: Side) -> bool | None:
    """Its answer; None where it gives none."""
    writer, reader = json.dumps(side.writer), json.dumps(side.reader)
    try:
        return jsoncompat.check_compat(writer, reader, "deserializer")
    except ValueError:
        return None
