"""An older major is read by a pure function, and the gate tries it."""

from collections.abc import Callable, MutableMapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count

import pytest
from pydantic import BaseModel

from schemas.compatibility.majors import faults
from schemas.compatibility.upcast import UPCASTS, Function, as_version, upcast
from schemas.initiative import InitiativeGateDecided
from schemas.models import Data, Day, Gate, Key, Sentence
from schemas.types import TYPES_OF, EventType

NAME = "initiative.gate.decided"
V1 = TYPES_OF[1][f"no.tidlig.{NAME}.v1"]


class GateDecidedV2(Data):
    """The same, with the outcome as yes or no and the body by its role."""

    key: Key
    gate: Gate
    went_on: bool
    date: Day
    body: Sentence
    note: Sentence | None = None


V2 = replace(V1, version=2, model=GateDecidedV2)
ROWS = {row.full_name: row for row in (V1, V2)}


def as_v2(said: InitiativeGateDecided) -> GateDecidedV2:
    return GateDecidedV2(
        key=said.key,
        gate=said.gate,
        went_on=said.outcome == "approved",
        date=said.date,
        body=said.body,
    )


def found(function: Function, rows: dict[str, EventType] = ROWS) -> list[str]:
    return list(faults(rows, {(NAME, 1): function}))


def test_a_right_upcast_has_no_fault() -> None:
    assert found(as_v2) == []


def test_two_majors_without_an_upcast_are_a_fault() -> None:
    assert list(faults(ROWS, {})) == [
        f"no.tidlig.{NAME}.v1: no upcast to .v2; declare one with @upcast"
    ]


def fails_on_some(said: InitiativeGateDecided) -> GateDecidedV2:
    if said.outcome == "postponed":
        raise ValueError
    return as_v2(said)


def moves_the_key(said: InitiativeGateDecided) -> GateDecidedV2:
    return as_v2(said).model_copy(update={"key": said.gate.lower()})


def says_what_v2_refuses(said: InitiativeGateDecided) -> GateDecidedV2:
    return as_v2(said).model_copy(update={"body": ""})


TIMES = count()


def counts(said: InitiativeGateDecided) -> GateDecidedV2:
    return as_v2(said).model_copy(update={"note": f"no. {next(TIMES)}"})


def reads_the_clock(said: InitiativeGateDecided) -> GateDecidedV2:
    return as_v2(said).model_copy(update={"note": str(datetime.now(UTC).year)})


def of_another_model(said: InitiativeGateDecided) -> BaseModel:
    return as_v2(said)


@pytest.mark.parametrize(
    ("function", "fault"),
    [
        (fails_on_some, "fails on"),
        (moves_the_key, "changes `key`"),
        (says_what_v2_refuses, "fails on"),
        (counts, "says another thing when asked again"),
        (reads_the_clock, "uses now; not pure"),
        (of_another_model, "is not InitiativeGateDecided -> GateDecidedV2"),
    ],
)
def test_a_wrong_upcast_is_caught(
    function: Callable[[InitiativeGateDecided], BaseModel], fault: str
) -> None:
    assert any(fault in one for one in found(function))


@pytest.mark.parametrize("column", ["group", "family", "readers"])
def test_all_majors_of_a_type_share_its_columns(column: str) -> None:
    other = replace(V2, **{column: "another"})  # type: ignore[arg-type]

    said = found(as_v2, {V1.full_name: V1, other.full_name: other})

    assert any(f"`{column}` differs" in one for one in said)


def test_a_major_is_followed_by_the_next() -> None:
    third = replace(V2, version=3)

    said = list(faults({V1.full_name: V1, third.full_name: third}, {}))

    assert said == [f"{NAME}: .v1 is followed by no .v2"]


def test_an_upcast_for_a_type_that_has_no_next_major_is_a_fault() -> None:
    said = found(as_v2, {V1.full_name: V1})

    assert said == [f"{NAME}: an upcast from .v1, and not both majors"]


def test_an_upcast_is_declared_once_next_to_its_type() -> None:
    declared: MutableMapping[tuple[str, int], Function] = {}
    declare = upcast(NAME, version=1, declared=declared)

    assert declare(as_v2) is as_v2
    assert declared == {(NAME, 1): as_v2}
    with pytest.raises(ValueError, match=f"{NAME}.v1 has an upcast already"):
        upcast(NAME, version=1, declared=declared)(as_v2)
    assert (NAME, 1) not in UPCASTS


def test_an_older_fact_is_read_as_the_newest_major_step_by_step() -> None:
    said = InitiativeGateDecided.model_validate_json(
        b'{"key":"bp2","gate":"BP2","outcome":"rejected","date":"2026-09-01",'
        b'"body":"Direktoratsledelsen"}'
    )
    steps: dict[tuple[str, int], Function] = {
        (NAME, 1): as_v2,
        (NAME, 2): lambda read: read.model_copy(update={"note": "v3"}),
    }

    read = as_version(NAME, said, 1, 3, steps)

    assert isinstance(read, GateDecidedV2)
    assert (read.went_on, read.note) == (False, "v3")
    assert as_version(NAME, said, 1, 1, steps) is said
    with pytest.raises(KeyError):
        as_version(NAME, said, 1, 4, steps)
