"""Refused besides schema errors: how an event is written, and what it may not hold."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from schemas.admission import admit, faults_of
from schemas.channels import in_order
from schemas.envelope import read
from schemas.fact import Fact, Refusal
from schemas.rulesets import NEWEST, ruleset
from schemas.strict_json import NotStrict
from schemas.topics import STATE

from .said import KS, NARVIK, NAV, NOW, RIKSREVISJONEN, example, stamped
from .test_admission import judged
from .test_strict_json import national_ids

Event = dict[str, Any]
NUMBER = national_ids()[0]
DEEP = b"[" * 25 + b"]" * 25
WRITTEN: list[tuple[str, bytes]] = [
    ("duplicate_key", b'{"title":"t","title":"t"}'),
    ("duplicate_key", b'{"title":"t","\\u0074itle":"t"}'),
    ("number_not_held", b'{"title":9007199254740993}'),
    ("number_not_held", b'{"title":1e999}'),
    ("nul", b'{"title":"a\\u0000"}'),
    ("lone_surrogate", b'{"title":"\\ud83d"}'),
    ("too_deep", b'{"title":' + DEEP + b"}"),
]


@pytest.mark.parametrize(("code", "data"), WRITTEN)
def test_data_that_readers_could_read_differently_are_no_fact(
    code: str, data: bytes
) -> None:
    """At intake, which reads them first, and by everybody who finds them on Kafka."""
    event = example("initiative.registered")
    said = orjson.dumps({k: v for k, v in event.items() if k != "data"})
    sent = said[:-1] + b',"data":' + data + b"}"
    record = stamped(event).partition(b',"data":')[0] + b',"data":' + data + b"}"

    with pytest.raises(NotStrict) as at_intake:
        read(sent)
    verdict = admit(record, (), STATE.name, event["subject"].encode())

    assert at_intake.value.code == code
    assert isinstance(verdict, Refusal)
    assert verdict.reason == code


def attribute(name: str, value: object) -> Callable[[Event], None]:
    return lambda event: event.update({name: value})


def text(name: str, value: str) -> Callable[[Event], None]:
    return lambda event: event["data"].update({name: value})


HOLDING_A_NUMBER: list[tuple[Callable[[Event], None], str]] = [
    (text("title", f"Sak for {NUMBER}"), "/data/title"),
    (text("title", f"Sak for {NUMBER[:6]} {NUMBER[6:]}."), "/data/title"),
    (text("summary", f"({NUMBER})"), "/data/summary"),
    (attribute("subject", f"{NAV}:{NUMBER}"), "/subject"),
    (attribute("id", f"sak-{NUMBER}"), "/id"),
    (attribute("source", f"urn:orgnr:{NAV}:{NUMBER}"), "/source"),
    (attribute("actor", f"saksbehandler {NUMBER}"), "/actor"),
    (attribute("correlationid", NUMBER), "/correlationid"),
]


@pytest.mark.parametrize(("put", "pointer"), HOLDING_A_NUMBER)
def test_a_national_id_is_refused_wherever_it_stands(
    put: Callable[[Event], None], pointer: str
) -> None:
    event = example("initiative.registered")
    put(event)

    verdict = judged(event)

    assert isinstance(verdict, Refusal)
    assert ("national_id", pointer) in {(f.code, f.pointer) for f in verdict.faults}
    assert NUMBER not in str(verdict)


def test_d_numbers_too_and_only_with_right_digits_and_a_date() -> None:
    def refused(number: str) -> bool:
        event = example("initiative.registered")
        event["data"]["title"] = f"Sak {number}"
        return isinstance(judged(event), Refusal)

    d_number = next(each for each in national_ids() if each[0] == "4")
    wrong = [
        number[:-1] + str((int(number[-1]) + 1) % 10) for number in (NUMBER, d_number)
    ]

    assert refused(NUMBER)
    assert refused(d_number)
    assert [refused(number) for number in wrong] == [False, False]
    assert not refused("99139900000")
    assert not refused("7" + NUMBER)


UNKNOWN = "923609016"
NO_ORGNR = "123456789"
CODES: list[tuple[str, Callable[[Event], None], str]] = [
    ("response.submitted", attribute("subject", f"{UNKNOWN}:x"), "/subject"),
    ("initiative.shared", attribute("audience", f"org:{UNKNOWN}"), "/audience"),
    ("initiative.shared", attribute("audience", f"org:{NO_ORGNR}"), "/audience"),
    (
        "initiative.scope.changed",
        text("municipalities", "9999"),
        "/data/municipalities",
    ),
]


@pytest.mark.parametrize(("name", "put", "pointer"), CODES)
def test_a_code_that_the_rule_set_does_not_know_is_refused(
    name: str, put: Callable[[Event], None], pointer: str
) -> None:
    event = example(name)
    put(event)
    if pointer == "/data/municipalities":
        event["data"] |= {
            "reach": "these_municipalities",
            "municipalities": ["1806", "9999"],
        }
        pointer += "/1"

    verdict = judged(event)

    assert isinstance(verdict, Refusal)
    assert pointer in {fault.pointer for fault in verdict.faults}


IN_DATA = [
    ("initiative.discovered", "believed_owner", UNKNOWN),
    ("initiative.discovered", "believed_owner", NO_ORGNR),
    ("initiative.joined", "with", f"{UNKNOWN}:x"),
    ("initiative.matched", "with", f"{NO_ORGNR}:x"),
]


@pytest.mark.parametrize(("name", "field", "value"), IN_DATA)
def test_an_organisation_in_data_that_the_rule_set_does_not_know_is_refused(
    name: str, field: str, value: str
) -> None:
    event = example(name)
    event["data"][field] = value

    verdict = judged(event)

    assert isinstance(verdict, Refusal)
    assert f"/data/{field}" in {fault.pointer for fault in verdict.faults}


# -- recipients and audience: one string in one form ---------------------------------


@pytest.mark.parametrize(
    ("value", "values"),
    [
        ("a", ("a",)),
        ("a b", ("a", "b")),
        ("", None),
        ("a ", None),
        ("a  b", None),
        ("b a", None),
        ("a a", None),
    ],
)
def test_values_stand_sorted_with_one_space_between_and_none_twice(
    value: str, values: tuple[str, ...] | None
) -> None:
    assert in_order(value) == values


BOTH = f"{KS} {NARVIK}" if KS < NARVIK else f"{NARVIK} {KS}"
TURNED = " ".join(reversed(BOTH.split()))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (BOTH, ""),
        (RIKSREVISJONEN, ""),
        (TURNED, "order"),
        (f"{KS} {KS}", "order"),
        (f" {KS}", "ill_formed"),
        (f"{KS} ", "order"),
        ("", "ill_formed"),
        (BOTH.replace(" ", ","), "unknown_organisation"),
        (f"org:{KS}", "unknown_organisation"),
        ("municipal", "unknown_organisation"),
        ("public", "unknown_organisation"),
        ([KS], "ill_formed"),
    ],
)
def test_a_party_names_recipients_by_their_numbers(value: object, code: str) -> None:
    event = example("initiative.registered")

    verdict = judged(event | {"visibility": "named", "recipients": value})

    codes = {f.code for f in verdict.faults} if isinstance(verdict, Refusal) else {""}
    assert code in codes


@pytest.mark.parametrize("number", [1, 2])
def test_the_arena_is_the_audience_of_no_grant_while_nobody_takes_part(
    number: int,
) -> None:
    event = example("initiative.shared") | {"audience": "arena"}

    verdict = judged(event, ruleset=number)

    assert isinstance(verdict, Refusal)
    assert verdict.reason == "no_members"


def test_the_arena_is_shared_with_where_its_members_are_in_the_rule_set() -> None:
    event = example("initiative.shared") | {"audience": "arena"}

    assert isinstance(judged(event), Fact)
    verdict = judged(event | {"visibility": "named", "recipients": "arena"})
    assert isinstance(verdict, Refusal)


@pytest.mark.parametrize(("number", "members"), [(1, 0), (2, 0), (3, 4)])
def test_who_takes_part_in_the_arena_is_in_the_rule_set(
    number: int, members: int
) -> None:
    known = ruleset(number)

    having = [o for o in known.organisations if "arena" in known.channels_of(o)]

    assert len(having) == members


def test_at_intake_a_faulty_time_is_refused_whatever_else_is_right() -> None:
    for time in (None, "2026-09-14T08:30:00", "2026-09-14", 1_790_000_000):
        event = example("initiative.registered") | {"time": time}
        sent = {name: value for name, value in event.items() if value is not None}

        faults, _ = faults_of(read(orjson.dumps(sent)), ruleset(NEWEST), NOW)

        assert {fault.pointer for fault in faults} == {"/time"}


def test_any_zone_will_do() -> None:
    for zone in ("Z", "+00:00", "+01:00", "-11:30"):
        event = example("initiative.registered") | {
            "time": f"2026-09-14T08:30:00{zone}"
        }

        faults, _ = faults_of(
            read(orjson.dumps(event)),
            ruleset(NEWEST),
            datetime(2026, 10, 1, tzinfo=UTC),
        )

        assert faults == ()
