"""What does not fit together is shown with its rule's name, and refused never."""

from datetime import timedelta

from services.registry.contradictions import contradictions
from services.registry.policies import contradiction_policy
from tests.schemas.said import KS, NARVIK, NAV

from .hand import THREE_TEXTS, Hand

POLICY = contradiction_policy()


def story() -> Hand:
    found = Hand(f"{NAV}:felles-soknad", [])
    found.registered("2026-03-02T09:00")
    found.shared("2026-03-03T09:00")
    return found


def rules(found: Hand, reader: str = KS) -> list[str]:
    return [each.rule for each in contradictions(found.seen_by(reader), POLICY)]


def test_a_gate_decided_before_the_initiative_was_announced() -> None:
    nav = story()
    nav.decided("approved", "2026-02-27", gate="BP1")

    assert rules(nav) == ["gate_before_it_exists"]


def test_gates_that_were_passed_in_another_order_than_they_come() -> None:
    nav = story()
    nav.decided("approved", "2026-05-01", gate="BP1", key="a")
    nav.decided("approved", "2026-04-01", gate="BP2", key="b")

    assert rules(nav) == ["gates_out_of_order"]


def test_a_municipality_is_judged_on_the_day_that_is_meant_not_by_todays_table() -> (
    None
):
    nav = story()
    name = "initiative.scope.changed"
    data = {"reach": "these_municipalities", "municipalities": ["1805"], "cause": "c"}

    nav.owner_says("2026-04-01T09:00", name, {**data, "valid_from": "2019-06-01"})
    while_it_was = rules(nav)
    nav.owner_says("2026-04-02T09:00", name, {**data, "valid_from": "2026-06-01"})
    once_merged = contradictions(nav.seen_by(KS), POLICY)

    assert while_it_was == []
    assert [each.rule for each in once_merged] == ["municipality_not_valid"]
    assert once_merged[0].detail == "1805 is no municipality on 2026-06-01"


def test_a_described_municipality_is_judged_on_the_day_it_was_said() -> None:
    nav = Hand(f"{NAV}:felles-soknad", [])
    data = {**THREE_TEXTS, "municipalities": ["1805"]}
    nav.owner_says("2026-03-02T09:00", "initiative.registered", data)

    assert rules(nav, NAV) == ["municipality_not_valid"]


def test_shares_of_a_years_need_that_are_more_than_the_whole() -> None:
    nav = story()
    for speaker, percent in ((NAV, 60), (NARVIK, 50)):
        line = {"key": "k", "source": "own_budget", "amount": 1, "budget_year": 2028}
        nav.another_says(
            speaker, nav.clock, "funding.planned", {**line, "share_percent": percent}
        )
    both = rules(nav)
    refused = {"key": "k", "source": "own_budget", "amount": 1, "budget_year": 2028}
    nav.another_says(
        NARVIK,
        nav.clock,
        "funding.refused",
        {**refused, "share_percent": 50, "refused": "2026-04-01"},
    )

    assert both == ["shares_do_not_add_up"]
    assert rules(nav) == []


def test_a_claim_of_a_time_long_before_it_was_accepted_is_back_dated() -> None:
    nav = story()
    long_before = nav.moment - timedelta(days=30)
    nav.owner_says(
        nav.clock, "initiative.paused", {"reason": "r"}, time=long_before.isoformat()
    )

    assert rules(nav) == ["back_dated"]


def test_who_reads_half_of_it_is_told_of_no_contradiction() -> None:
    nav = story()
    early = {"key": "v", "gate": "BP1", "outcome": "approved", "date": "2026-02-27"}
    name, everybody = "initiative.gate.decided", {"visibility": "public"}
    nav.owner_says(nav.clock, name, {**early, "body": "b"}, **everybody)

    assert rules(nav, "public") == []
