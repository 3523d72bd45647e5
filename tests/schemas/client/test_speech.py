"""A model becomes the event that the contract asks for, or is refused at once."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat

from schemas.client import NotSayable, Said, speech
from schemas.initiative import (
    DescriptionChanges,
    InitiativeAmended,
    InitiativeRegistered,
)
from schemas.rulesets import NEWEST, ruleset
from schemas.sharing import InitiativeShared
from schemas.spoken import SAID_ELSEWHERE
from schemas.tracker import InitiativeReceived
from schemas.types import TYPES
from tests.schemas.said import examples

from .conftest import NAV, ONE, Make, say

SPOKEN = [
    pytest.param(event, id=name)
    for name, event in examples()
    if TYPES[event["type"]].group not in SAID_ELSEWHERE
]


def said_by(make: Make, tmp_path: Path, event: dict[str, Any]) -> Said:
    """A published example, said through its model."""
    emitter = make(source=event["source"], outbox=tmp_path / "eksempel.db")
    known = {"specversion", "id", "source", "type", "subject", "time", "data"}
    others = {
        name: value
        for name, value in event.items()
        if name not in known | {"datacontenttype"}
    }
    model = TYPES[event["type"]].model
    return emitter.say(
        model.model_validate_json(orjson.dumps(event["data"])),
        subject=event["subject"],
        id=event["id"],
        time=datetime.fromisoformat(event["time"]),
        **others,
    )


@pytest.mark.parametrize("event", SPOKEN)
def test_every_published_example_can_be_said_and_says_the_same(
    make: Make, tmp_path: Path, event: dict[str, Any]
) -> None:
    said = json.loads(said_by(make, tmp_path, event).text)

    meant = datetime.fromisoformat(event["time"])
    assert datetime.fromisoformat(said.pop("time")) == meant
    model = TYPES[event["type"]].model
    spoken = model.model_validate_json(orjson.dumps(said.pop("data")))
    assert spoken == model.model_validate_json(orjson.dumps(event["data"]))
    assert said == {
        name: value for name, value in event.items() if name not in ("time", "data")
    }


@pytest.mark.parametrize("event", SPOKEN)
def test_the_cloudevents_sdk_reads_what_is_said(
    make: Make, tmp_path: Path, event: dict[str, Any]
) -> None:
    said = said_by(make, tmp_path, event)
    message = HTTPMessage({"content-type": "application/cloudevents+json"}, said.text)

    read = from_structured_event(message, JSONFormat())

    assert read.get_id() == event["id"]
    assert read.get_source() == event["source"]
    assert read.get_type() == event["type"]
    assert read.get_subject() == event["subject"]
    assert read.get_time() == datetime.fromisoformat(event["time"])
    assert read.get_data() == json.loads(said.text)["data"]


def test_every_type_that_organisations_say_has_a_model_of_its_own() -> None:
    rows = [row for row in TYPES.values() if row.group not in SAID_ELSEWHERE]

    assert len(speech.sayable()) == len(rows)


def test_what_the_tracker_says_cannot_be_said(make: Make) -> None:
    with pytest.raises(TypeError, match="InitiativeReceived"):
        make().say(InitiativeReceived(body="org:971032146"), subject=ONE)


def test_an_amendment_says_only_what_changes(make: Make) -> None:
    changes = DescriptionChanges(summary=None, title="Nytt navn")

    said = make().say(InitiativeAmended(changes=changes), subject=ONE)

    data = json.loads(said.text)["data"]
    assert data == {"changes": {"summary": None, "title": "Nytt navn"}}


def test_a_list_is_brought_into_its_one_form(make: Make) -> None:
    emitter = make()
    audience = ["state", "municipal", "org:971032146", "state"]

    first = emitter.say(InitiativeShared(), subject=ONE, audience=audience)
    second = emitter.say(InitiativeShared(), subject=ONE, audience="state municipal")

    assert json.loads(first.text)["audience"] == "municipal org:971032146 state"
    assert json.loads(second.text)["audience"] == "municipal state"


@pytest.mark.parametrize(
    ("options", "pointer"),
    [
        ({"subject": "tull"}, "/subject"),
        ({"subject": "971032146:annens"}, "/source"),
        ({"id": "med mellomrom"}, "/id"),
        ({"visibility": "own"}, "/visibility"),
        ({"audience": "municipal"}, "/audience"),
        ({"partyline": "state"}, "/partyline"),
        ({"ukjent": "x"}, "/ukjent"),
        ({"id": "01010750160"}, "/id"),
    ],
    ids=str,
)
def test_what_breaks_the_contract_is_refused_before_it_is_kept(
    make: Make, options: dict[str, str], pointer: str
) -> None:
    emitter = make()

    with pytest.raises(NotSayable) as refused:
        say(emitter, **options)

    assert pointer in [fault.pointer for fault in refused.value.faults]
    assert pointer in str(refused.value)
    assert emitter.waiting() == 0


def test_a_model_made_without_checks_is_checked_all_the_same(make: Make) -> None:
    checked = InitiativeRegistered(title="x", problem="y", contact_role="z")
    unchecked = checked.model_copy(update={"problem": "", "scope": "everywhere"})

    with pytest.raises(NotSayable) as refused:
        make().say(unchecked, subject=ONE)

    pointers = {fault.pointer for fault in refused.value.faults}
    assert pointers == {"/data/problem", "/data/scope"}


def test_too_large_an_event_is_refused_before_it_is_kept(make: Make) -> None:
    emitter = make()
    questions = dict.fromkeys(
        ("problem_and_goal", "measures", "principles", "effects", "recommendation"),
        "å" * 8000,
    )
    shared = InitiativeShared.model_validate({"six_questions": questions})

    with pytest.raises(NotSayable, match="65536"):
        emitter.say(shared, subject=ONE, audience="municipal")

    assert emitter.waiting() == 0


def test_what_a_newer_rule_set_may_know_is_left_to_intake(make: Make) -> None:
    emitter = make()
    data = InitiativeRegistered(
        title="x", problem="y", contact_role="z", municipalities=("9999",)
    )
    unknown = "923609016"
    assert not ruleset(NEWEST).knows(unknown)

    emitter.say(data, subject=ONE)
    emitter.say(InitiativeShared(), subject=ONE, audience=f"org:{unknown}")

    assert emitter.waiting() == 2


def test_a_time_without_zone_is_refused(make: Make) -> None:
    with pytest.raises(ValueError, match="zone"):
        say(make(), time=datetime(2026, 1, 1))  # noqa: DTZ001  # the fault in question


def test_an_id_and_a_time_are_given_where_none_are(make: Make) -> None:
    before = datetime.now(UTC)
    emitter = make()

    first, second = say(emitter), say(emitter)

    assert first.id != second.id
    assert before <= first.time <= datetime.now(UTC)
    assert first.source.startswith(f"urn:orgnr:{NAV}:")
