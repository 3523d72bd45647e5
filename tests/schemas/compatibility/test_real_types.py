"""Every small change to every real type is judged as its nature demands."""

import json
from collections import Counter

import jsoncompat
import jsonschema_rs
import pytest

from schemas.compatibility.forms import knowing_reader, reader_form, writer_form
from schemas.compatibility.judge import Forms, changes, forms_of
from schemas.compatibility.made_up import try_values
from schemas.compatibility.places import resolves
from schemas.compatibility.released import as_it_is, releases
from schemas.compatibility.verdicts import Change, Verdict, overall
from schemas.types import TYPES, TYPES_OF, EventType

from .mutants import EDITS, mutants

ROWS = list(TYPES.values())
NEWEST = max(TYPES_OF)


def schema_of(row: EventType) -> dict[str, object]:
    return row.model.model_json_schema()


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_small_change_is_judged_by_its_nature(row: EventType) -> None:
    before = forms_of(schema_of(row))

    for mutant in mutants(schema_of(row)):
        after = forms_of(mutant.schema)
        found = changes(before, after)

        assert overall(found) is mutant.verdict, (mutant.name, found)
        assert all(leads_somewhere(one, before, after) for one in found), mutant.name
        if mutant.verdict in (Verdict.COMPATIBLE, Verdict.MEANING):
            assert jsoncompat_takes(before, after), mutant.name


def leads_somewhere(change: Change, before: Forms, after: Forms) -> bool:
    document = after.writer if change.where == "today" else before.writer
    return resolves(document, change.pointer)


def jsoncompat_takes(before: Forms, after: Forms) -> bool:
    """Whether an independent judge of inclusion has no quarrel with either side."""
    sides = (
        (before.writer, knowing_reader(after.reader)),
        (after.writer, before.reader),
    )
    return all(
        jsoncompat.check_compat(json.dumps(writer), json.dumps(reader), "deserializer")
        for writer, reader in sides
    )


def test_every_kind_of_change_was_made_somewhere() -> None:
    made = Counter(
        mutant.name.rpartition(" at ")[0]
        for row in ROWS
        for mutant in mutants(schema_of(row))
    )

    assert sum(made.values()) >= 300
    assert {edit.__name__ for edit, _ in EDITS} - made.keys() <= {
        "minimum -1",
        "maximum -1",
        "maximum +1",
        "minimum +1",
    }


def test_a_type_is_compatible_with_itself() -> None:
    for forms in as_it_is(NEWEST).forms.values():
        assert changes(forms, forms) == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_readers_take_what_writers_say_and_more(row: EventType) -> None:
    writer, reader = writer_form(schema_of(row)), reader_form(schema_of(row))
    takes = jsonschema_rs.validator_for(reader, validate_formats=True)
    says = jsonschema_rs.validator_for(writer, validate_formats=True)

    def attempt(value: dict[str, object]) -> None:
        assert takes.is_valid(value) >= says.is_valid(value)
        assert not says.is_valid(value | {"of_tomorrow": 1})
        assert takes.is_valid(value | {"of_tomorrow": 1}) >= says.is_valid(value)

    try_values(writer, 20, attempt)


def test_released_forms_are_json_schema_by_its_own_standard() -> None:
    for release in releases():
        for forms in release.forms.values():
            jsonschema_rs.meta.validate(dict(forms.writer))
            jsonschema_rs.meta.validate(dict(forms.reader))


def test_a_new_word_is_read_as_unknown_and_an_old_one_never_is() -> None:
    reader = as_it_is(1).forms["no.tidlig.response.submitted.v1"].reader
    position = reader["properties"]["position"]

    assert "enum" not in position
    assert position["x-unknown-reads-as"] == "unknown"
    assert "opposes" in position["x-known-values"]
    exact = knowing_reader(reader)["properties"]["position"]
    assert exact["enum"] == position["x-known-values"]


def test_a_verdict_of_none_is_compatible() -> None:
    assert overall([]) is Verdict.COMPATIBLE
