"""Mistakes: who may put right what, and who may read that it was."""

from typing import Any

import pytest

from schemas.fact import Fact, Refusal
from schemas.types import RESERVED, TYPES

from .said import KS, NAV, example
from .test_admission import Event, judged

NAVS = f"urn:orgnr:{NAV}:saksys"


def faults_of(event: Event) -> set[tuple[str, str]]:
    verdict = judged(event)
    assert isinstance(verdict, Refusal)
    return {(fault.code, fault.pointer) for fault in verdict.faults}


def corrected(**data: Any) -> Event:
    event = example("fact.corrected")
    event["data"] |= data
    return event


def test_a_speaker_corrects_what_it_has_said_itself() -> None:
    admitted = judged(corrected())

    assert isinstance(admitted, Fact)
    assert admitted.named is not None
    assert admitted.named.id == "2026-0117-1"
    assert admitted.named_type == "initiative.registered"


def test_nobody_corrects_or_withdraws_anothers_word() -> None:
    for name in ("fact.corrected", "fact.withdrawn"):
        event = example(name)
        event["data"]["fact"]["source"] = f"urn:orgnr:{KS}:fellesarena"

        assert ("not_the_speaker", "/data/fact/source") in faults_of(event)


@pytest.mark.parametrize(
    "name",
    [
        "initiative.shared",
        "share.ended",
        "share.opened",
        "fact.corrected",
        "fact.withdrawn",
        "initiative.readable",
        "initiative.dreamt",
    ],
)
def test_grants_ends_openings_corrections_and_the_trackers_word_are_not_named(
    name: str,
) -> None:
    withdrawn = example("fact.withdrawn")
    withdrawn["data"]["type"] = name

    assert faults_of(corrected(type=name)) == {("type", "/data/type")}
    assert faults_of(withdrawn) == {("type", "/data/type")}


def test_what_is_put_in_place_is_judged_as_what_it_replaces_was() -> None:
    wrong = {"title": "", "problem": "p", "municipalities": ["0001"], "mood": "glad"}

    found = faults_of(corrected(data=wrong))
    unknown = faults_of(
        corrected(
            data={
                "title": "t",
                "problem": "p",
                "contact_role": "r",
                "municipalities": ["0001"],
            }
        )
    )

    assert {pointer for _, pointer in found} == {
        "/data/data/title",
        "/data/data/contact_role",
        "/data/data/mood",
    }
    assert unknown == {("unknown_municipality", "/data/data/municipalities/0")}


def test_a_national_id_does_not_come_in_by_a_correction() -> None:
    data = {"title": "Sak for 01010750160", "problem": "p", "contact_role": "r"}

    assert ("national_id", "/data/data/title") in faults_of(corrected(data=data))


@pytest.mark.parametrize("visibility", ["own", "named"])
def test_a_correction_is_open_to_whoever_may_read_what_it_corrects(
    visibility: str,
) -> None:
    event = corrected()
    event["visibility"] = visibility
    if visibility == "named":
        event["recipients"] = KS

    assert faults_of(event) == {("visibility", "/visibility")}


@pytest.mark.parametrize("name", sorted(RESERVED))
def test_what_is_reserved_is_refused_with_a_clear_word(name: str) -> None:
    event = example("initiative.registered")
    event["type"] = name

    verdict = judged(event)

    assert name not in TYPES
    assert isinstance(verdict, Refusal)
    assert verdict.reason == "reserved"
    assert "not taken yet" in verdict.faults[0].detail


@pytest.mark.parametrize(
    ("name", "data", "pointer"),
    [
        ("initiative.scope.changed", {"municipalities": None}, "/data"),
        ("initiative.status.reported", {"period": "2026-H3"}, "/data/period"),
        ("initiative.joined", {"with": "889640782:Stor"}, "/data/with"),
        ("cost.estimated", {"low": 27_000_000}, "/data"),
        ("cost.estimated", {"low": 1.5}, "/data/low"),
        ("funding.planned", {"share_percent": 101}, "/data/share_percent"),
        ("involvement.requested", {"level": "ask"}, "/data/level"),
        ("initiative.disputed", {"still_open": ["need", "need"]}, "/data/still_open"),
    ],
)
def test_a_type_refuses_what_cannot_be_so(
    name: str, data: dict[str, Any], pointer: str
) -> None:
    event = example(name)
    event["data"] |= data

    assert pointer in {found for _, found in faults_of(event)}


def test_an_owner_may_say_what_every_party_may_and_not_what_others_alone_may() -> None:
    reckons, claims = example("cost.estimated"), example("initiative.lock.claimed")
    reckons["source"] = claims["source"] = NAVS

    assert isinstance(judged(reckons), Fact)
    assert faults_of(claims) == {("owner_may_not", "/source")}
