"""The JSON Schemas, judged by two validators that are not ours."""

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # no stubs
from pydantic import ValidationError

from schemas.published.events import any_read, any_written, event_read, event_written
from schemas.published.examples import as_read, examples_of
from schemas.published.shapes import reader, writer
from schemas.spoken import SAID_ELSEWHERE
from schemas.types import TYPES, TYPES_OF, EventType

Json = dict[str, Any]
GENERATED = Path(__file__).parents[2] / "schemas" / "generated"
RELEASED = GENERATED.with_name("released")
ROWS = list(TYPES.values())
FILES = sorted(GENERATED.rglob("*.json"))
written = cache(event_written)
ANY_READ, ANY_WRITTEN = any_read(), any_written(ROWS)
by_name = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def accepts(schema: Json, value: object) -> bool:
    """Both validators' verdict, formats asserted; they must agree."""
    validator, another = validators_of(orjson.dumps(schema))
    one, other = validator.is_valid(value), another.is_valid(value)
    assert one == other, f"the validators disagree on {value}"
    return bool(one)


@cache
def validators_of(schema: bytes) -> tuple[Any, jsonschema_rs.Draft202012Validator]:
    """To make one takes longer than to ask it."""
    read = orjson.loads(schema)
    formats = Draft202012Validator.FORMAT_CHECKER
    return (
        Draft202012Validator(read, format_checker=formats),
        jsonschema_rs.Draft202012Validator(read, validate_formats=True),
    )


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.stem != "asyncapi"],
    ids=lambda path: str(path.relative_to(GENERATED)),
)
def test_every_published_schema_is_one_by_the_metaschema(path: Path) -> None:
    schema = json.loads(path.read_text("utf-8"))

    assert schema["$schema"] == Draft202012Validator.META_SCHEMA["$schema"]
    Draft202012Validator.check_schema(schema)
    jsonschema_rs.meta.validate(schema)


def test_a_schema_that_is_none_is_noticed() -> None:
    broken = {**writer(ROWS[0]), "required": "title"}

    with pytest.raises(jsonschema_rs.ValidationError):
        jsonschema_rs.meta.validate(broken)


@by_name
def test_every_example_is_valid_for_writers_and_readers_and_for_no_other_type(
    row: EventType,
) -> None:
    found = examples_of(row)

    assert found, f"no example of {row.name}"
    for _, event in found:
        assert accepts(writer(row), event["data"])
        assert accepts(reader(row), event["data"])
        assert accepts(event_written(row), event)
        assert accepts(event_read(row), as_read(event))
        assert accepts(ANY_READ, as_read(event))
        assert accepts(ANY_WRITTEN, event) == (row.group not in SAID_ELSEWHERE)
    for other in ROWS:
        assert other == row or not accepts(written(other), found[0][1])


@by_name
def test_a_writer_is_held_to_the_fields_of_today_and_a_reader_is_not(
    row: EventType,
) -> None:
    data = examples_of(row)[0][1]["data"]
    more = {**data, "of_tomorrow": 1}

    assert not accepts(writer(row), more)
    assert accepts(reader(row), more)
    for name in row.model.model_json_schema().get("required", ()):
        less = {k: v for k, v in data.items() if k != name}
        assert not accepts(writer(row), less)
        assert not accepts(reader(row), less)


@by_name
def test_inner_fields_too_are_closed_for_writers_and_open_for_readers(
    row: EventType,
) -> None:
    """Wherever the writer's schema closes an object, the reader's does not."""
    closed = [node for node in nodes(writer(row)) if is_closed(node)]
    named = [node for node in nodes(writer(row)) if "properties" in node]

    assert len(closed) == len(named)
    assert not any(is_closed(node) for node in nodes(reader(row)))


def nodes(schema: Any) -> Iterator[Json]:
    if isinstance(schema, dict):
        yield schema
        for inner in schema.values():
            yield from nodes(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from nodes(inner)


def is_closed(node: Json) -> bool:
    return node.get("additionalProperties") is False


@by_name
def test_what_the_writers_schema_refuses_the_model_refuses(row: EventType) -> None:
    """One field of the example at a time replaced by something odd."""
    data = examples_of(row)[0][1]["data"]
    schema = writer(row)
    for name in data:
        for odd in ODD:
            changed = {**data, name: odd}
            taken = model_takes(row, changed)
            assert accepts(schema, changed) or not taken, (name, odd)


ODD: list[Any] = ["", " ", 7, -1, 1.5, None, [], [""], {}, True, "x" * 9000, "2026"]


def model_takes(row: EventType, data: Json) -> bool:
    try:
        row.model.model_validate_json(json.dumps(data))
    except ValidationError:
        return False
    return True


def test_an_event_is_held_to_the_envelope_too() -> None:
    row = TYPES["no.tidlig.initiative.registered.v1"]
    event = examples_of(row)[0][1]
    schema = event_written(row)

    assert accepts(schema, event)
    for change in (
        {"time": "2026-09-14T08:30:00"},
        {"source": "urn:tidlig:delivery"},
        {"subject": "889640782"},
        {"ruleset": 1},
        {"audience": "municipal"},
        {"sequence": "1"},
        {"visibility": "secret"},
    ):
        assert not accepts(schema, {**event, **change}), change
    assert not accepts(schema, {k: v for k, v in event.items() if k != "data"})


def test_a_reader_skips_a_type_that_is_newer_than_its_schema() -> None:
    event = as_read(examples_of(ROWS[0])[0][1])
    newer = {**event, "type": "no.tidlig.initiative.unheard.v1", "data": {"x": 1}}

    assert accepts(any_read(), newer)
    assert not accepts(any_read(), {**event, "data": {"x": 1}})
    assert not accepts(any_read(), {k: v for k, v in newer.items() if k != "ruleset"})


LAST_RELEASED = max(int(one.name) for one in RELEASED.iterdir() if one.is_dir())


@pytest.mark.parametrize(
    "row", TYPES_OF[LAST_RELEASED].values(), ids=lambda row: row.name
)
def test_the_readers_schema_is_the_one_that_the_gate_holds_us_to(
    row: EventType,
) -> None:
    released = json.loads(
        (RELEASED / str(LAST_RELEASED) / "reader" / f"{row.full_name}.json").read_text()
    )

    assert reader(row) == released
