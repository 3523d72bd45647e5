"""Who says what, under which family and key, to whom: the table, written down anew."""

from dataclasses import fields
from typing import Any

import pytest

from schemas.fact import Fact, Refusal
from schemas.models import FactRef
from schemas.types import RULE_SET_1, RULE_SET_2, TYPES, EventType

from .said import DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN, example
from .test_admission import judged

OWNERS = {
    "initiative.registered",
    "initiative.discovered",
    "initiative.shared",
    "share.ended",
    "initiative.amended",
    "initiative.scope.changed",
    "initiative.gateplan.revised",
    "initiative.lock.recorded",
    "initiative.gate.decided",
    "initiative.status.reported",
    "initiative.paused",
    "initiative.resumed",
    "initiative.stopped",
    "initiative.completed",
    "initiative.joined",
    "initiative.matched",
}
OTHERS = {
    "initiative.acknowledged",
    "response.submitted",
    "initiative.lock.claimed",
}
ANYBODYS = {
    "initiative.disputed",
    *(f"involvement.{what}" for what in ("requested", "accepted", "declined", "held")),
    *("cost.estimated", "cost.disagreed"),
    *(f"funding.{what}" for what in ("planned", "applied", "granted", "refused")),
    *("benefit.planned", "benefit.measured"),
}
CORRECTIONS = {"fact.corrected", "fact.withdrawn"}
TRACKERS = {
    "initiative.readable",
    "initiative.received",
    "share.opened",
    "fact.setaside",
    "fact.reinstated",
}
# each line's body for itself, and both together in the arena's name
LINES = {
    *(f"arena.item.{w}" for w in ("proposed", "admitted", "deferred", "withdrawn")),
    *(f"arena.act.{what}" for what in ("prepared", "approved", "objected")),
    *("arena.scores.committed", "arena.scores.sealed", "arena.minutes.corrected"),
    *("advice.challenged", "advice.position.recorded", "advice.followup.recorded"),
    *("decision.taken", "dissent.judged", "success.assessed"),
    *(f"disagreement.{what}" for what in ("opened", "narrowed", "closed")),
}
ARENAS = {
    *(f"arena.item.{what}" for what in ("prepared", "heard", "closed")),
    *("arena.scoring.opened", "arena.scores.revealed"),
    *("arena.meeting.scheduled", "arena.agenda.published", "arena.meeting.held"),
    *("arena.minutes.approved", "advice.drafted", "advice.issued"),
    "advice.superseded",
}
OBSERVED_IN_THE_ARENA = {
    *("silence.noted", "duty.overdue"),
    *("arena.readable", "arena.received"),
}
PARTIES = sorted(OWNERS | OTHERS | ANYBODYS | CORRECTIONS)
# no side computes on half the truth: grants, ends, corrections, locks, gates, life
OPEN_TO_ALL_WHO_COMPUTE = {
    "initiative.shared",
    "share.ended",
    *CORRECTIONS,
    *("initiative.lock.recorded", "initiative.lock.claimed"),
    *("initiative.gateplan.revised", "initiative.gate.decided"),
    *(f"initiative.{w}" for w in ("paused", "resumed", "stopped", "completed")),
}


def row(name: str) -> EventType:
    return TYPES[f"no.tidlig.{name}.v1"]


def said_by(name: str, speaker: str, owner: str) -> str:
    """The code under which it is refused when this speaker says it; "" if it is not."""
    event = example(name) | {
        "subject": f"{owner}:tiltak",
        "source": f"urn:orgnr:{speaker}:system",
    }
    if name in CORRECTIONS:
        event["data"]["fact"]["source"] = event["source"]
    if name == "share.ended":
        event["data"]["grant"]["source"] = f"urn:orgnr:{owner}:system"
    verdict = judged(event)
    return verdict.reason if isinstance(verdict, Refusal) else ""


def test_every_type_stands_in_one_row_of_this_table() -> None:
    table = [OWNERS, OTHERS, ANYBODYS, CORRECTIONS, TRACKERS]
    table += [LINES, ARENAS, OBSERVED_IN_THE_ARENA]

    assert sum(map(len, table)) == len(TYPES)
    assert set().union(*table) == {each.name for each in TYPES.values()}


@pytest.mark.parametrize("owner", [NAV, NARVIK])
@pytest.mark.parametrize("name", PARTIES)
def test_each_is_said_by_whom_the_table_lets_and_by_nobody_else(
    name: str, owner: str
) -> None:
    others = {"" if name in OTHERS | ANYBODYS | CORRECTIONS else "not_the_owner"}
    of_the_owner = "owner_may_not" if name in OTHERS else ""

    assert said_by(name, owner, owner) == of_the_owner
    assert {said_by(name, each, owner) for each in (KS, DIGDIR)} == others


@pytest.mark.parametrize("name", PARTIES)
def test_who_has_no_line_and_who_is_unknown_says_nothing(name: str) -> None:
    assert said_by(name, RIKSREVISJONEN, NAV) == "no_line"
    assert said_by(name, "923609016", NAV) == "unknown_speaker"


@pytest.mark.parametrize("name", sorted(TRACKERS))
def test_what_the_tracker_says_no_party_says(name: str) -> None:
    for speaker in (NAV, KS):
        assert said_by(name, speaker, NAV) == "unknown_type"


@pytest.mark.parametrize("name", PARTIES)
def test_the_tracker_says_nothing_that_parties_say(name: str) -> None:
    event = example(name) | {"source": "urn:tidlig:registry"}

    verdict = judged(event)

    assert isinstance(verdict, Refusal)
    assert "unknown_type" in {fault.code for fault in verdict.faults}


@pytest.mark.parametrize("name", PARTIES)
def test_whether_anything_was_registered_is_not_asked(name: str) -> None:
    """Nothing but the event is at hand, and it speaks of what nobody ever said."""
    speaker = KS if name in OTHERS else NAV

    assert said_by(name, speaker, NAV) == ""


@pytest.mark.parametrize("name", sorted(OPEN_TO_ALL_WHO_COMPUTE))
@pytest.mark.parametrize("visibility", ["own", "named"])
def test_what_everybody_computes_on_is_shared_or_public_only(
    name: str, visibility: str
) -> None:
    named = {"recipients": KS} if visibility == "named" else {}

    verdict = judged(example(name) | {"visibility": visibility, **named})

    assert isinstance(verdict, Refusal)
    assert "visibility" in {fault.code for fault in verdict.faults}
    for open_ in ("shared", "public"):
        event = example(name)
        event.pop("recipients", None)
        assert isinstance(judged(event | {"visibility": open_}), Fact)


@pytest.mark.parametrize(
    "names",
    [
        {"initiative.registered", "initiative.discovered", "initiative.amended"},
        {f"initiative.{w}" for w in ("paused", "resumed", "stopped", "completed")},
    ],
)
def test_what_speaks_of_the_same_is_one_family(names: set[str]) -> None:
    families = {row(name).family for name in names}

    assert len(families) == 1
    assert {r.name for r in TYPES.values() if r.family in families} == names


@pytest.mark.parametrize("family", ["lock", "gate", "funding", "response", "claim"])
def test_who_may_say_several_gives_each_a_key(family: str) -> None:
    of_family = [each for each in TYPES.values() if each.family == family]

    assert of_family
    for each in of_family:
        assert each.key == "key"
        event = example(each.name)
        del event["data"]["key"]
        assert isinstance(judged(event), Refusal)


@pytest.mark.parametrize("name", sorted(ANYBODYS))
def test_money_and_gain_are_told_of_the_speakers_own(name: str) -> None:
    """There is no field in which to speak for another body."""
    names = set(row(name).model.model_fields)

    assert not names & {"body", "organisation", "orgnr", "on_behalf_of", "owner"}


def test_the_table_has_one_row_a_type_with_every_column() -> None:
    for rows in (RULE_SET_1, RULE_SET_2):
        assert len({each.full_name for each in rows}) == len(rows)
        for each in rows:
            columns = {f.name: getattr(each, f.name) for f in fields(each)}
            empty = {name for name, value in columns.items() if not value}
            tracker = {"visibilities"} if each.group == "tracker" else set()
            assert empty == tracker, each.name
    names = {f.name for f in fields(EventType)}
    assert names >= {"group", "family", "key", "visibilities", "counts_in", "readers"}


@pytest.mark.parametrize("field", ["subject", "initiative", "type_version"])
def test_a_reference_is_a_source_and_an_id_of_the_same_initiative(field: str) -> None:
    data: dict[str, Any] = {"source": f"urn:orgnr:{NAV}:x", "id": "1"}

    assert FactRef.model_validate(data)
    event = example("share.ended")
    event["data"]["grant"][field] = f"{NAV}:annet"
    assert isinstance(judged(event), Refusal)
