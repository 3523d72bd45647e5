"""What is a fact, what is refused, and what waits for newer code."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas import tracker
from schemas.admission import admit, faults_of
from schemas.envelope import read
from schemas.fact import Fact, Newer, Refusal, content_hash
from schemas.identity import Ref
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import MUNICIPAL, STATE, TRACKER
from schemas.types import TYPES

from .said import (
    INITIATIVE,
    KS,
    NAV,
    NOW,
    RIKSREVISJONEN,
    example,
    examples,
    fact,
    stamped,
    topic_of,
)

Event = dict[str, Any]


def judged(event: Event, **other: Any) -> Fact | Refusal | Newer:
    key = str(event.get("subject")).encode()
    return admit(stamped(event, **other), (), topic_of(event), key)


@pytest.mark.parametrize("named", list(examples()), ids=lambda named: named[0])
def test_every_published_example_is_a_fact(named: tuple[str, Event]) -> None:
    name, event = named

    admitted = judged(event)

    assert isinstance(admitted, Fact)
    assert admitted.type.name == name.split("/")[0]


def test_no_type_without_an_example_and_no_example_without_a_type() -> None:
    shown = {event["type"] for _, event in examples()}

    assert shown == set(TYPES)


def changed(**attributes: Any) -> Callable[[Event], None]:
    def change(event: Event) -> None:
        for name, value in attributes.items():
            if value is None:
                del event[name]
            else:
                event[name] = value

    return change


def data(**fields: Any) -> Callable[[Event], None]:
    return lambda event: event["data"].update(fields)


REFUSED: list[tuple[str, Callable[[Event], None], str, str]] = [
    ("initiative.registered", changed(time=None), "missing", "/time"),
    ("initiative.registered", changed(time="2026-09-14T08:30:00"), "time", "/time"),
    ("initiative.registered", changed(time="2026-02-30T08:30:00Z"), "time", "/time"),
    ("initiative.registered", changed(time=5), "time", "/time"),
    (
        "initiative.registered",
        changed(specversion="0.3"),
        "specversion",
        "/specversion",
    ),
    ("initiative.registered", changed(id=""), "ill_formed", "/id"),
    ("initiative.registered", changed(id=7), "ill_formed", "/id"),
    (
        "initiative.registered",
        changed(datacontenttype="application/xml"),
        "datacontenttype",
        "/datacontenttype",
    ),
    (
        "initiative.registered",
        changed(data_base64="e30="),
        "data_base64",
        "/data_base64",
    ),
    ("initiative.registered", changed(mood="glad"), "unknown_attribute", "/mood"),
    (
        "initiative.registered",
        changed(type="no.tidlig.initiative.approved.v1"),
        "unknown_type",
        "/type",
    ),
    ("initiative.registered", changed(type=["a"]), "unknown_type", "/type"),
    (
        "initiative.registered",
        changed(source="urn:orgnr:889640782"),
        "source",
        "/source",
    ),
    ("initiative.registered", changed(subject=f"{NAV}:Stor"), "subject", "/subject"),
    (
        "initiative.registered",
        changed(source="urn:orgnr:889640781:x", subject="889640781:x"),
        "orgnr",
        "/source",
    ),
    (
        "initiative.registered",
        changed(source="urn:orgnr:923609016:x", subject="923609016:x"),
        "unknown_speaker",
        "/source",
    ),
    (
        "initiative.registered",
        changed(source=f"urn:orgnr:{RIKSREVISJONEN}:x", subject=f"{RIKSREVISJONEN}:x"),
        "no_line",
        "/source",
    ),
    (
        "initiative.registered",
        changed(source="urn:orgnr:983887457:x"),
        "not_the_owner",
        "/source",
    ),
    (
        "response.submitted",
        changed(source=f"urn:orgnr:{NAV}:x"),
        "owner_may_not",
        "/source",
    ),
    (
        "response.submitted",
        changed(subject=f"{RIKSREVISJONEN}:x"),
        "unknown_organisation",
        "/subject",
    ),
    (
        "initiative.lock.recorded",
        changed(visibility="own"),
        "visibility",
        "/visibility",
    ),
    ("initiative.shared", changed(visibility="own"), "visibility", "/visibility"),
    ("response.submitted", changed(visibility="secret"), "ill_formed", "/visibility"),
    ("response.submitted", changed(visibility="named"), "recipients", "/recipients"),
    ("response.submitted", changed(recipients=NAV), "recipients", "/recipients"),
    (
        "response.submitted",
        changed(visibility="named", recipients="923609016"),
        "unknown_organisation",
        "/recipients",
    ),
    (
        "response.submitted",
        changed(visibility="named", recipients=f"{KS} {NAV}"),
        "order",
        "/recipients",
    ),
    ("initiative.shared", changed(audience=None), "audience", "/audience"),
    ("initiative.shared", changed(audience="all"), "unknown_channel", "/audience"),
    ("initiative.shared", changed(audience="state municipal"), "order", "/audience"),
    ("initiative.shared", changed(audience="public  state"), "order", "/audience"),
    ("initiative.shared", changed(audience="state state"), "order", "/audience"),
    (
        "initiative.shared",
        changed(audience="org:923609016"),
        "unknown_organisation",
        "/audience",
    ),
    ("initiative.registered", changed(audience="state"), "audience", "/audience"),
    ("initiative.registered", data(title=""), "string_too_short", "/data/title"),
    ("initiative.registered", data(title=5), "string_type", "/data/title"),
    ("initiative.registered", data(titel="x"), "extra_forbidden", "/data/titel"),
    (
        "initiative.registered",
        data(municipalities=["1806", "9999"]),
        "unknown_municipality",
        "/data/municipalities/1",
    ),
    (
        "initiative.registered",
        data(municipalities=["1806", "1806"]),
        "value_error",
        "/data/municipalities",
    ),
    (
        "initiative.amended",
        lambda e: e["data"].update(changes={}),
        "value_error",
        "/data/changes",
    ),
    (
        "initiative.amended",
        lambda e: e["data"].update(changes={"title": None}),
        "string_type",
        "/data/changes/title",
    ),
    (
        "initiative.amended",
        lambda e: e["data"].update(changes={"municipalities": ["0000"]}),
        "unknown_municipality",
        "/data/changes/municipalities/0",
    ),
    (
        "initiative.shared",
        data(not_before="2026-10-07T10:00:00"),
        "timezone_aware",
        "/data/not_before",
    ),
    (
        "share.ended",
        data(grant={"source": f"urn:orgnr:{KS}:x", "id": "1"}),
        "grant",
        "/data/grant/source",
    ),
]


@pytest.mark.parametrize(("name", "change", "code", "pointer"), REFUSED)
def test_what_the_contract_does_not_allow_is_refused_and_shown_where(
    name: str, change: Callable[[Event], None], code: str, pointer: str
) -> None:
    event = example(name)
    change(event)

    refusal = judged(event)

    assert isinstance(refusal, Refusal)
    assert (code, pointer) in {(f.code, f.pointer) for f in refusal.faults}


@pytest.mark.parametrize(
    "attribute",
    ["partyline", "acceptedtime", "agreementid", "ruleset", "datasalt", "datahash"],
)
def test_only_intake_adds_what_intake_adds(attribute: str) -> None:
    event = example("initiative.registered") | {attribute: "x"}

    faults, _ = faults_of(read(orjson.dumps(event)), ruleset(NEWEST), NOW)

    assert [fault.code for fault in faults] == ["added_by_intake"]


FORGED: list[tuple[dict[str, Any], str]] = [
    ({"line": "municipal"}, "partyline"),
    ({"line": None}, "partyline"),
    ({"agreement": "outside_agreement"}, "agreementid"),
    ({"salt": b"short"}, "datahash"),
    ({"ruleset": 0}, "ruleset"),
]


@pytest.mark.parametrize(("other", "code"), FORGED)
def test_a_record_that_intake_did_not_write_is_refused(
    other: dict[str, Any], code: str
) -> None:
    refusal = judged(example("initiative.registered"), **other)

    assert isinstance(refusal, Refusal)
    assert refusal.reason == code


def test_data_that_were_changed_after_acceptance_are_refused() -> None:
    event = example("initiative.registered")
    record = stamped(event).replace("søknad".encode(), b"soknad")

    refusal = admit(record, (), STATE.name, event["subject"].encode())

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "datahash"


@pytest.mark.parametrize(
    ("topic", "key", "code"),
    [
        (MUNICIPAL.name, INITIATIVE, "topic"),
        (TRACKER.name, INITIATIVE, "topic"),
        (STATE.name, "889640782:other", "key"),
    ],
)
def test_a_fact_lies_on_its_lines_topic_under_its_initiative(
    topic: str, key: str, code: str
) -> None:
    record = stamped(example("initiative.registered"))

    refusal = admit(record, (), topic, key.encode())

    assert isinstance(refusal, Refusal)
    assert refusal.reason == code


@pytest.mark.parametrize(
    ("record", "headers", "code"),
    [
        (None, [], "tombstone"),
        (b"", [], "not_json"),
        (b"[]", [], "not_an_object"),
        (b"{}", [], "ruleset"),
        (b"\x00" * 1_000_000, [], "too_large"),
        (b"{}", [("content-type", b"application/avro")], "content_type"),
        (b"{}", [("content-type", None)], "content_type"),
    ],
)
def test_poison_is_refused_with_a_reason(
    record: bytes | None, headers: list[tuple[str, bytes | None]], code: str
) -> None:
    refusal = admit(record, headers, STATE.name, b"889640782:x")

    assert isinstance(refusal, Refusal)
    assert refusal.reason == code


def test_a_rule_set_that_the_code_does_not_know_waits_for_newer_code() -> None:
    event = example("initiative.registered") | {"type": "no.tidlig.from.later.v9"}

    assert judged(event, ruleset=NEWEST + 1) == Newer(NEWEST + 1)


def test_31_december_2026_passes_and_facts_are_tagged_not_refused() -> None:
    last = datetime(2026, 12, 31, 22, 59, 59, tzinfo=UTC)
    first = datetime(2026, 12, 31, 23, 0, tzinfo=UTC)

    before = judged(example("initiative.registered"), accepted=last)
    after = judged(example("initiative.registered"), accepted=first)

    assert isinstance(before, Fact)
    assert isinstance(after, Fact)
    assert before.agreement != "outside_agreement"
    assert after.agreement == "outside_agreement"


def test_what_intake_adds_is_no_part_of_what_was_said() -> None:
    event = example("initiative.registered")
    later = datetime(2027, 1, 2, tzinfo=UTC)
    again = stamped(event, accepted=later, salt=b"fedcba9876543210")

    assert content_hash(stamped(event)) == content_hash(again)
    assert content_hash(again) != content_hash(stamped(event | {"visibility": "own"}))


def test_the_trackers_own_facts_are_facts_and_say_who_reads_them() -> None:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    grant = Ref(f"urn:orgnr:{NAV}:saksys", "2")
    shared = (grant, "initiative.shared")
    records = [
        tracker.readable(INITIATIVE, "municipal", [shared], "A" * 22, at),
        tracker.received(INITIATIVE, KS, at),
        tracker.share_opened(INITIATIVE, grant, at),
    ]

    facts = [admit(value, (), TRACKER.name, key) for key, value in records]

    assert all(isinstance(found, Fact) for found in facts), facts
    assert [found.recipients for found in facts if isinstance(found, Fact)] == [
        ("municipal", f"org:{NAV}"),
        (f"org:{NAV}", f"org:{KS}"),
        (),
    ]


def test_a_party_cannot_speak_as_the_tracker() -> None:
    key, value = tracker.received(
        INITIATIVE, KS, datetime(2026, 11, 24, 12, tzinfo=UTC)
    )

    refusal = admit(value, (), MUNICIPAL.name, key)

    assert isinstance(refusal, Refusal)
    assert refusal.reason == "topic"


@given(st.binary(max_size=300))
def test_no_bytes_make_admission_fail(value: bytes) -> None:
    assert isinstance(admit(value, (), STATE.name, None), Refusal)


@given(st.data())
def test_no_change_of_a_record_makes_admission_fail(choice: st.DataObject) -> None:
    _, event = choice.draw(st.sampled_from(list(examples())))
    record = bytearray(stamped(event))
    for _ in range(choice.draw(st.integers(1, 4))):
        place = choice.draw(st.integers(0, len(record) - 1))
        record[place] = choice.draw(st.integers(0, 255))

    judged_again = admit(bytes(record), (), topic_of(event), event["subject"].encode())

    assert isinstance(judged_again, Fact | Refusal | Newer)


def test_the_bytes_of_data_are_kept() -> None:
    event = example("initiative.registered")

    assert fact(event).data_bytes in stamped(event)
