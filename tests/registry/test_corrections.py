"""What is put right, taken back or set aside: what stands then, and for whom."""

from typing import Any

from schemas import tracker
from schemas.identity import Ref
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.rules import project
from services.registry.view import view
from tests.histories import READERS
from tests.schemas.said import KS, NARVIK, NAV

from .hand import THREE_TEXTS, Hand

REGISTERED = "initiative.registered"


def story() -> tuple[Hand, Ref]:
    nav = Hand(f"{NAV}:felles-soknad", [])
    said = nav.registered("2026-03-02T09:00")
    nav.shared("2026-03-03T09:00")
    return nav, said


def corrects(
    nav: Hand, fact: Ref, name: str, data: dict[str, Any], by: str = NAV
) -> Ref:
    named = {"fact": {"source": fact.source, "id": fact.id}, "type": name}
    return nav.another_says(by, nav.clock, "fact.corrected", {**named, "data": data})


def withdraws(nav: Hand, fact: Ref, name: str, by: str = NAV) -> Ref:
    named = {"fact": {"source": fact.source, "id": fact.id}, "type": name}
    return nav.another_says(by, nav.clock, "fact.withdrawn", {**named, "reason": "r"})


def title(nav: Hand, reader: str = KS) -> Any:
    found = nav.seen_by(reader).owners("description").get("title")
    return None if found is None else found.value


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    nav, said = story()

    corrects(nav, said, REGISTERED, {**THREE_TEXTS, "title": "retta"})

    assert title(nav) == "retta"


def test_a_later_amendment_still_stands_above_a_correction() -> None:
    nav, said = story()
    nav.amended("2026-03-05T09:00", title="endra")

    corrects(nav, said, REGISTERED, {**THREE_TEXTS, "title": "retta"})

    assert title(nav) == "endra"


def test_of_several_corrections_the_last_counts() -> None:
    nav, said = story()
    for word in ("først", "sist"):
        corrects(nav, said, REGISTERED, {**THREE_TEXTS, "title": word})

    assert title(nav) == "sist"


def test_withdrawn_is_final_and_what_stood_before_stands_again() -> None:
    nav, _ = story()
    amended = nav.amended("2026-03-05T09:00", title="endra")

    withdraws(nav, amended, "initiative.amended")
    corrects(nav, amended, "initiative.amended", {"changes": {"title": "retta"}})

    assert title(nav) == "t"


def test_a_wrong_type_has_no_effect_and_is_shown_to_the_speaker_alone() -> None:
    nav, said = story()
    withdraws(nav, said, "initiative.amended")

    shown = view(nav.seen_by(NAV), phase_policy(), contradiction_policy())

    assert title(nav) == "t"
    assert [each["effect"] for each in shown["corrections"]] == [False]
    assert not nav.seen_by(KS).corrections


def test_the_correction_of_a_fact_for_the_owner_alone_is_for_the_owner_alone() -> None:
    nav = Hand(f"{NAV}:felles-soknad", [])
    own = nav.registered("2026-03-02T09:00", visibility="own")
    nav.shared("2026-03-03T09:00")

    corrects(nav, own, REGISTERED, {**THREE_TEXTS, "title": "retta"})

    assert title(nav, NAV) == "retta"
    assert title(nav) is None
    assert not nav.seen_by(KS).corrections


def test_another_party_puts_its_own_answer_right() -> None:
    nav, _ = story()
    answer = {"key": "k", "position": "opposes", "text": "nei"}
    name = "response.submitted"
    said = nav.another_says(NARVIK, "2026-03-05T09:00", name, answer)

    corrects(nav, said, name, {**answer, "position": "neutral"}, by=NARVIK)

    (found,) = nav.seen_by(KS).everybodys("response")
    assert found.value["position"] == "neutral"
    assert found.corrected is not None


def test_a_fact_that_is_set_aside_has_no_effect_until_it_is_reinstated() -> None:
    nav, said = story()
    named = (said, REGISTERED)
    nav.observe(tracker.set_aside("registry", nav.subject, named, "r", nav.now, 1))
    aside = title(nav)
    nav.observe(tracker.reinstated("registry", nav.subject, named, "r", nav.now, 1))

    assert aside is None
    assert title(nav) == "t"


def test_what_was_withdrawn_does_not_vanish_for_who_could_read_it() -> None:
    nav = Hand(f"{NAV}:felles-soknad", [])
    said = nav.registered("2026-03-02T09:00", visibility="public")
    withdraws(nav, said, REGISTERED)

    everybody = project(nav.state, READERS["public"])

    assert not everybody.empty
    assert not everybody.standing
