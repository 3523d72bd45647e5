"""A rule set is known by its number, and frozen when it is released."""

import json
from datetime import UTC, datetime

import pytest

from schemas import rulesets
from schemas.generate import ruleset_digest
from schemas.identity import is_orgnr
from schemas.names import name_of
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import ALL
from schemas.types import TYPES_OF

from .said import DIGDIR, KS, NARVIK, RIKSREVISJONEN

RULES = ruleset(NEWEST)


def test_a_released_rule_set_is_byte_for_byte_what_it_was() -> None:
    released = json.loads((rulesets.HERE / "released.json").read_text())

    assert released == {n: ruleset_digest(int(n)) for n in released}
    assert set(map(int, released)) >= set(range(1, NEWEST)), "one at a time is a draft"


def test_the_digest_would_notice_a_changed_file_and_a_changed_type(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = ruleset_digest(1)

    monkeypatch.setattr("schemas.generate.DATA_FILES", ("organisations.csv",))
    fewer_files = ruleset_digest(1)
    monkeypatch.undo()
    monkeypatch.setitem(TYPES_OF, 1, dict(list(TYPES_OF[1].items())[1:]))

    assert len({before, fewer_files, ruleset_digest(1)}) == 3


def test_every_organisation_has_a_right_number_a_name_and_a_line_or_none() -> None:
    for orgnr, found in RULES.organisations.items():
        assert is_orgnr(orgnr)
        assert name_of(orgnr) != orgnr
        assert found.line in ("state", "municipal", None)


def test_the_lines_are_those_of_the_two_owners_of_the_nav_offices() -> None:
    lines = [found.line for found in RULES.organisations.values()]

    assert [lines.count(line) for line in ("state", "municipal", None)] == [32, 372, 2]
    assert RULES.line_of(DIGDIR) == "state"
    assert RULES.line_of(KS) == RULES.line_of(NARVIK) == "municipal"
    assert RULES.line_of(RIKSREVISJONEN) is None


def test_who_belongs_to_no_line_still_reads_what_is_public() -> None:
    assert RULES.channels_of(RIKSREVISJONEN) == {"public", f"org:{RIKSREVISJONEN}"}


def test_codes_of_municipalities_that_were_split_or_merged_are_still_known() -> None:
    assert all(map(RULES.knows_municipality, ("1850", "1806", "1875", "1507", "1580")))
    assert not RULES.knows_municipality("9999")


@pytest.mark.parametrize(
    ("moment", "agreement"),
    [
        (datetime(2022, 12, 31, 22, 59, tzinfo=UTC), "outside_agreement"),
        (datetime(2022, 12, 31, 23, 0, tzinfo=UTC), "ks-aid-2023-2026"),
        (datetime(2026, 12, 31, 22, 59, tzinfo=UTC), "ks-aid-2023-2026"),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), "outside_agreement"),
    ],
)
def test_the_agreement_in_force_is_that_of_the_norwegian_day(
    moment: datetime, agreement: str
) -> None:
    assert RULES.agreement_at(moment) == agreement


@pytest.mark.parametrize("number", [0, -1, NEWEST + 1])
def test_a_number_that_was_never_released_is_not_known(number: int) -> None:
    with pytest.raises(KeyError):
        ruleset(number)


def test_every_topic_says_who_writes_who_reads_and_who_owns_it() -> None:
    for topic in ALL:
        assert topic.producer
        assert topic.consumers
        assert topic.owner
        assert topic.key
    assert len({topic.name for topic in ALL}) == len(ALL)
