"""The parts that inclusion rests on: patterns as automata, unions, what is unjudged."""

import json
from pathlib import Path

import pytest

from schemas.compatibility.alternatives import Unjudged, alternatives
from schemas.compatibility.inclusion import refused
from schemas.compatibility.places import Place, at_pointer, resolves, root
from schemas.compatibility.regular import NotRegular, within


@pytest.mark.parametrize(
    ("pattern", "other", "fits"),
    [
        ("^[0-9]{4}$", "^[0-9]+$", True),
        ("^[0-9]+$", "^[0-9]{4}$", False),
        ("^a|b$", "[ab]", True),
        ("^a$", "^(a|b)$", True),
        ("abc", "b", True),
        (r"^a\$$", r"^a\$", True),
        ("^[|^$]$", "^.$", True),
        ("^org:[0-9]{9}$", r"\S", True),
        (r"\S", r"^\S+$", False),
        ("^$", "", True),
    ],
)
def test_one_pattern_is_within_another(pattern: str, other: str, fits: bool) -> None:
    assert within(pattern, other) is fits


@pytest.mark.parametrize("pattern", ["a^b", r"\bnav", "(a", r"(a)\1"])
def test_a_pattern_without_an_automaton_is_not_guessed_at(pattern: str) -> None:
    with pytest.raises(NotRegular):
        within(pattern, "a")


def test_bounds_on_two_levels_are_not_judged() -> None:
    schema = {"maxLength": 3, "anyOf": [{"type": "string", "maxLength": 2}]}

    with pytest.raises(Unjudged):
        alternatives(root(schema))


def test_what_is_not_judged_is_refused_unless_nothing_changed() -> None:
    schema = {"allOf": [{"type": "string"}, {"maxLength": 3}]}
    other = {"allOf": [{"type": "string"}, {"maxLength": 4}]}

    assert refused(schema, schema) == []
    assert [one.rule for one in refused(schema, other)] == ["unjudged"]


def test_a_reference_to_another_document_is_named() -> None:
    with pytest.raises(ValueError, match="only references within the document"):
        root({"$ref": "other.json"}).target()


def test_a_pointer_is_escaped_and_read_back() -> None:
    document = {"properties": {"a/b~c": {"type": "string"}}}

    place = root(document).at("properties", "a/b~c")

    assert place.pointer == "/properties/a~1b~0c"
    assert at_pointer(document, place.pointer) == {"type": "string"}
    assert not resolves(document, "/properties/a")


def test_true_and_one_are_two_values_and_one_and_one_point_zero_are_one() -> None:
    assert refused({"enum": [1, True]}, {"enum": [True, 1.0]}) == []
    assert refused({"enum": [True]}, {"enum": [1]}) != []


def test_a_kind_given_further_out_holds_within_a_union() -> None:
    whole = {"type": "integer", "anyOf": [{"minimum": 5}, {"maximum": 2}]}

    assert refused({"type": "integer", "minimum": 6}, whole) == []
    assert refused({"type": "number", "minimum": 6}, whole) != []


def test_a_subschema_stands_alone_with_its_definitions() -> None:
    place = Place({"$defs": {"A": {"type": "string"}}}, "", {"$ref": "#/$defs/A"})

    assert place.whole == {"$defs": {"A": {"type": "string"}}, "$ref": "#/$defs/A"}


def test_the_corpus_is_json_that_people_can_read() -> None:
    for path in (Path(__file__).parent / "corpus").glob("*.json"):
        assert isinstance(json.loads(path.read_text("utf-8")), list)
