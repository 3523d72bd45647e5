"""Funding advice, rules of schemes, the agenda, and what became of advice."""

from datetime import date, timedelta
from typing import Any

import orjson
import pytest
from pydantic import ValidationError

from schemas.advice import Amount, FundingAdvice, Gain, Share, Source
from schemas.rulesets import oslo_day
from services.consultation.policies import (
    SCHEMES,
    calendars,
    factor_steps,
    scheme_rules,
)
from services.consultation.rules import commands
from services.consultation.rules.agenda import Signal, Suggestion, suggestions
from services.consultation.rules.disagreements import gaps
from services.consultation.rules.follow_through import calibration, follow_through
from services.consultation.rules.schemes import (
    Finding,
    budget_dates,
    findings,
    payers_and_gainers,
)

from .ground import GROUND, LINE_OF, PAIRS
from .telling import item_of, taken, told
from .walking import ITEMS, Walk

SUBJECT = ITEMS[0]
STATE, MUNICIPAL = PAIRS["central"]
MILLION = 1_000_000
# what somebody has to check, for nothing here tells
CHECKED_BY_PEOPLE = {
    "co_financing_concept_chosen_and_not_begun",
    "co_financing_profitable_with_a_benefit_plan",
    "co_financing_is_open",
}


def funding(**changed: Any) -> FundingAdvice:
    source = Source(
        source="co_financing_scheme",
        applicant=STATE,
        low=20 * MILLION,
        high=50 * MILLION,
        first_year=2028,
        years=3,
        ks_asked=date(2026, 11, 2),
        applied=date(2026, 11, 16),
        ks_statement=date(2026, 11, 16),
    )
    rest = Source(source="own_budget", low=40 * MILLION, high=50 * MILLION)
    return FundingAdvice(
        budget_year=2028,
        total=Amount(low=60 * MILLION, high=100 * MILLION),
        price_year=2026,
        sources=(source.model_copy(update=changed), rest),
        split=(
            Share(line="state", year=2028, low=40 * MILLION, high=60 * MILLION),
            Share(line="municipal", year=2028, low=20 * MILLION, high=40 * MILLION),
        ),
        gains=(
            Gain(payer="municipal", gainer="state", low=5, high=8),
            Gain(payer="municipal", gainer="state", low=1, high=1),
            Gain(payer="state", gainer="users", low=2, high=3),
        ),
    )


def found(of: FundingAdvice) -> dict[str, Finding]:
    return {each.rule: each for each in findings(of, scheme_rules(), LINE_OF.get)}


def test_a_co_financing_application_within_the_rules() -> None:
    told_of = found(funding())

    assert {name for name, each in told_of.items() if each.holds is None} == (
        CHECKED_BY_PEOPLE
    )
    assert {each.holds for each in told_of.values()} == {True, None}
    assert all(each.citation for each in told_of.values())
    assert {each.version for each in told_of.values()} == {SCHEMES}


@pytest.mark.parametrize("version", ["schemes-1", "schemes-2"])
def test_rules_of_every_version_can_still_be_judged_by(version: str) -> None:
    rules = scheme_rules(version)

    told_of = list(findings(funding(), rules, LINE_OF.get))

    assert [each.rule for each in told_of] == [
        each.rule for each in rules if each.source == "co_financing_scheme"
    ]
    assert {each.version for each in told_of} == {version}


@pytest.mark.parametrize(
    ("changed", "rule", "words"),
    [
        (
            {"applied": date(2026, 11, 15)},
            "co_financing_ks_has_two_weeks",
            "KS was given 13 days of 14: 1 day short",
        ),
        (
            {"applicant": MUNICIPAL},
            "co_financing_applicant_is_of_the_state",
            "municipal",
        ),
        ({"years": 4}, "co_financing_at_most_three_budget_years", "4 budget years"),
        (
            {"ks_statement": None},
            "co_financing_statement_follows_the_application",
            "no statement",
        ),
    ],
)
def test_what_a_scheme_does_not_allow_is_told_and_not_applied(
    changed: dict[str, Any], rule: str, words: str
) -> None:
    told_of = found(funding(**changed))

    assert told_of[rule].holds is False
    assert words in told_of[rule].told


def test_more_than_half_is_told_of() -> None:
    advice = funding()
    (first, second) = advice.sources
    more = advice.model_copy(
        update={
            "sources": (
                first.model_copy(update={"high": 51 * MILLION}),
                second.model_copy(update={"high": 49 * MILLION}),
            )
        }
    )

    assert found(more)["co_financing_at_most_half"].holds is False


def test_half_is_of_all_that_comes_from_the_scheme_in_however_many_parts() -> None:
    advice = funding()
    (first, second) = advice.sources
    first = first.model_copy(update={"high": 40 * MILLION})
    again = first.model_copy(update={"low": 0, "high": 20 * MILLION})
    rest = second.model_copy(update={"high": 40 * MILLION})
    parted = advice.model_copy(update={"sources": (first, again, rest)})

    told_of = found(parted)["co_financing_at_most_half"]

    assert (told_of.holds, "60 per cent" in told_of.told) == (False, True)


@pytest.mark.parametrize(
    ("low", "high", "holds"),
    [
        (10, 100, True),
        (9, 20, None),
        (90, 101, None),
        (2, 9, False),
        (101, 200, False),
    ],
)
def test_a_project_is_of_ten_to_a_hundred_million(
    low: int, high: int, holds: bool | None
) -> None:
    total = Amount(low=low * MILLION, high=high * MILLION)
    advice = funding().model_copy(update={"total": total})

    told_of = found(advice)["co_financing_total_within_its_limits"]

    assert told_of.holds is holds
    assert told_of.told.startswith(f"{low} MNOK to {high} MNOK in all")


def test_of_an_applicant_whose_line_is_not_held_nothing_is_said() -> None:
    told_of = found(funding(source="digifin", applicant="999999999"))

    assert told_of["digifin_applicant_is_municipal"].holds is None


def test_digifin_is_for_municipal_applicants_and_members_are_to_be_checked() -> None:
    told_of = found(funding(source="digifin"))

    assert told_of["digifin_applicant_is_municipal"].holds is False
    assert told_of["digifin_applicant_is_a_member"].holds is None


@pytest.mark.parametrize("part", ["sources", "split"])
def test_parts_that_do_not_sum_to_the_total_are_refused(part: str) -> None:
    data = funding().model_dump(mode="json")
    data[part][0]["high"] += 1

    with pytest.raises(ValidationError, match="do not sum to the total"):
        FundingAdvice.model_validate_json(orjson.dumps(data))


def test_who_pays_and_who_gains_is_one_table() -> None:
    assert payers_and_gainers(funding()) == {
        "municipal": {"state": (6, 9)},
        "state": {"users": (2, 3)},
    }


def test_both_lines_have_their_budget_dates() -> None:
    state = [*budget_dates(2028, "state", calendars()["state"])]
    municipal = [*budget_dates(2028, "municipal", calendars()["municipal"])]

    assert [each.day for each in state][:2] == [date(2026, 11, 20), date(2027, 1, 25)]
    assert [each.known for each in municipal] == [True, False, False]


def suggested(walk: Walk, signals: dict[str, Signal]) -> list[Suggestion]:
    return suggestions(
        walk.items().values(),
        signals,
        calendars(),
        factor_steps(),
        oslo_day(walk.now),
        GROUND,
    )


def test_the_agenda_names_what_is_ready_once_with_all_its_initiatives() -> None:
    walk = told(Walk(GROUND), 2)
    lock = oslo_day(walk.now) + timedelta(days=10)
    signals = {
        name: Signal(name, (lock,)) for name in ("810059605:felles", "810059648:annet")
    }

    ready, without_item = suggested(walk, signals)

    assert (ready.item, ready.before) == (SUBJECT, lock)
    assert ready.reasons == ("before_a_lock", "ready")
    assert (without_item.item, without_item.initiatives) == (None, ("810059648:annet",))


ONE, TWO, THREE = "810059605:felles", "810059613:felles", "810059648:annet"


@pytest.mark.parametrize(
    ("says_so", "shown"),
    [
        ({ONE: (TWO,), TWO: (ONE,)}, [(ONE, TWO)]),
        ({ONE: (TWO,)}, [(ONE,), (TWO,)]),
        ({ONE: (TWO,), TWO: (ONE, THREE), THREE: (TWO,)}, [(ONE, TWO, THREE)]),
    ],
)
def test_joint_initiatives_appear_once_with_both_sides_where_both_owners_say_so(
    says_so: dict[str, tuple[str, ...]], shown: list[tuple[str, ...]]
) -> None:
    walk = Walk(GROUND)
    lock = oslo_day(walk.now) + timedelta(days=10)
    # only the first two lock; the third is there as somebody's other side
    locks = {ONE: (lock,), TWO: (lock + timedelta(days=1),), THREE: ()}
    signals = {
        name: Signal(name, locks[name], joined=says_so.get(name, ())) for name in locks
    }

    found = suggested(walk, signals)

    assert [each.initiatives for each in found] == shown
    assert found[0].before == lock


def test_an_item_on_one_side_of_a_joint_case_stands_for_both() -> None:
    walk = told(Walk(GROUND), 2)
    about = item_of(walk, SUBJECT).initiatives[0]
    lock = oslo_day(walk.now) + timedelta(days=10)
    signals = {
        about: Signal(about, joined=(THREE,)),
        THREE: Signal(THREE, (lock,), joined=(about,)),
    }

    (found,) = suggested(walk, signals)

    assert (found.item, found.before) == (SUBJECT, lock)
    assert set(found.initiatives) == {*item_of(walk, SUBJECT).initiatives, THREE}


def test_what_is_overdue_comes_back_to_the_agenda() -> None:
    walk = told(Walk(GROUND), 7)
    assert suggested(walk, {}) == []

    walk.pass_time(timedelta(days=95))

    (found_again,) = suggested(walk, {})
    assert found_again.reasons == ("overdue",)


def test_an_item_is_due_before_a_budget_date() -> None:
    walk = Walk(GROUND)
    proposal = commands.Propose(
        arena="nav",
        initiatives=("810059605:felles",),
        question="Bør tiltaket inn i budsjettet for 2028?",
        budget_year=2028,
    )
    taken(walk, SUBJECT, proposal, "state")

    (due,) = suggested(walk, {})

    assert due.reasons == ("before_a_budget_date",)
    assert due.before == date(2027, 1, 25)


def test_a_gap_of_more_than_one_step_proposes_an_agenda_item() -> None:
    walk = told(Walk(GROUND), 1)

    def mark(line: Any, word: Any) -> None:
        asked = commands.Assess(
            initiative="810059605:felles",
            gate="BP2",
            factor="initiator",
            mark=word,
            evidence="Samtaler",
        )
        taken(walk, SUBJECT, asked, line)

    mark("state", "met")
    mark("municipal", "partly")
    assert suggested(walk, {}) == []
    mark("municipal", "missing")
    (gap,) = gaps(item_of(walk, SUBJECT), factor_steps(), 1)
    assert dict(gap.marks) == {"state": "met", "municipal": "missing"}
    assert suggested(walk, {})[0].reasons == ("factor_gap",)
    mark("municipal", "not_applicable")
    assert suggested(walk, {}) == []


def test_follow_through_counts_what_each_line_said_last() -> None:
    walk = told(Walk(GROUND), 8)
    given = item_of(walk, SUBJECT).advice
    assert given is not None
    partly = commands.Follow(hash=given.hash, outcome="partly", reason="Utsatt ett år.")
    taken(walk, SUBJECT, partly, "state")

    by_line = {each.line: each for each in follow_through(walk.items().values())}

    assert by_line["state"].counts["partly"] == 1
    assert by_line["municipal"].counts["pending"] == 1
    assert {each.given for each in by_line.values()} == {1}


def test_a_dissent_that_proved_right_is_remembered() -> None:
    """The usual way has one dissent, of the municipal line."""
    walk = told(Walk(GROUND), 8)
    given = item_of(walk, SUBJECT).advice
    assert given is not None

    def judge(line: Any, outcome: Any) -> None:
        asked = commands.JudgeDissent(
            hash=given.hash,
            dissent="municipal",
            outcome=outcome,
            kind="cost",
            evidence="Regnskapet for 2028",
        )
        taken(walk, SUBJECT, asked, line)

    def counted() -> tuple[int, int, int, int, int]:
        (_, line) = calibration(walk.items().values())
        return (
            line.dissents,
            line.proved_right,
            line.proved_wrong,
            line.unclear,
            line.disputed,
        )

    assert counted() == (1, 0, 0, 1, 0)
    judge("municipal", "proved_right")
    assert counted() == (1, 1, 0, 0, 0)
    judge("state", "proved_wrong")
    assert counted() == (1, 0, 0, 0, 1)
    judge("state", "proved_right")
    assert counted() == (1, 1, 0, 0, 0)
