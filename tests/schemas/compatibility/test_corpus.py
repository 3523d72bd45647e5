"""Every labelled change is judged right, and a mistake in the gate is seen here."""

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from schemas.compatibility import arrays, gate, inclusion, judge, numbers, texts
from schemas.compatibility.alternatives import Alternative
from schemas.compatibility.places import resolves
from schemas.compatibility.verdicts import Verdict

from .cases import Case, cases, judged, wrong

CASES = list(cases())
Patch = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_labelled_change_is_judged_as_people_judged_it(case: Case) -> None:
    assert wrong(case) is None


def test_the_corpus_is_large_and_has_every_verdict_often() -> None:
    found = Counter(case.verdict for case in CASES)

    assert len({case.name for case in CASES}) == len(CASES) >= 60
    assert all(found[verdict] >= 10 for verdict in Verdict), found


def test_every_case_says_why_in_a_line() -> None:
    assert all(14 <= len(case.why) <= 120 and "\n" not in case.why for case in CASES)


@pytest.mark.parametrize("source", ["karapace", "apicurio"])
def test_what_other_registries_got_wrong_is_in_the_corpus(source: str) -> None:
    found = [case for case in CASES if case.name.startswith(f"{source}: ")]

    assert len(found) >= {"karapace": 4, "apicurio": 2}[source]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_pointer_leads_into_its_document(case: Case) -> None:
    for change in judged(case):
        documents = (
            [case.today.writer]
            if change.where == "today"
            else [forms.writer for forms in case.released]
        )
        assert any(resolves(document, change.pointer) for document in documents)


def test_every_verdict_comes_with_advice_in_words() -> None:
    for case in CASES:
        for change in judged(case):
            assert change.advice.endswith(".")
            assert change.breaks == ("new major version (" in change.advice)


def one_side_only(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judge, "forward", lambda *_: [])


def sides_swapped(patch: pytest.MonkeyPatch) -> None:
    backward, forward = judge.backward, judge.forward
    patch.setattr(judge, "backward", forward)
    patch.setattr(judge, "forward", backward)


def last_release_only(patch: pytest.MonkeyPatch) -> None:
    compare = gate.compare

    def against_the_last(current: Any, known: Any, *rest: Any) -> gate.Report:
        return compare(current, known[-1:], *rest)

    patch.setattr("tests.schemas.compatibility.cases.compare", against_the_last)


def nothing_recorded_as_required(patch: pytest.MonkeyPatch) -> None:
    found = Alternative.get

    def forgetful(self: Alternative, keyword: str, default: Any = None) -> Any:
        return default if keyword == "required" else found(self, keyword, default)

    patch.setattr(Alternative, "get", forgetful)


def repeating_never_looked_at(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(arrays, "refusals", lambda *_: ())


def steps_the_wrong_way_round(patch: pytest.MonkeyPatch) -> None:
    refusals = numbers.refusals

    def other_way(said: Alternative, taken: Alternative) -> Iterator[tuple[str, str]]:
        return refusals(taken, said)

    patch.setattr(numbers, "refusals", other_way)


def patterns_taken_for_the_same(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(texts, "pattern_refusals", lambda *_: ())


def formats_ignored(patch: pytest.MonkeyPatch) -> None:
    found = Alternative.get

    def blind(self: Alternative, keyword: str, default: Any = None) -> Any:
        return default if keyword == "format" else found(self, keyword, default)

    patch.setattr(Alternative, "get", blind)


def fallback_for_what_was_said(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judge, "knowing_reader", lambda reader: reader)


def variants_never_told_apart(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(inclusion, "overlapping", lambda _: False)


def meaning_not_asked_for(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(judge, "noticed", lambda *_: ())


def names_used_again_unseen(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(gate, "used_again", lambda *_: {})


MISTAKES: list[tuple[Patch, str]] = [
    (one_side_only, "a pattern takes more"),
    (sides_swapped, "a required property is added"),
    (last_release_only, "a name comes back as another kind, one release later"),
    (nothing_recorded_as_required, "an optional property becomes required"),
    (repeating_never_looked_at, "karapace: a list may not repeat a value any more"),
    (steps_the_wrong_way_round, "karapace: a step is doubled"),
    (patterns_taken_for_the_same, "a pattern is added"),
    (formats_ignored, "a day becomes a moment"),
    (fallback_for_what_was_said, "a word is removed from a list of words"),
    (variants_never_told_apart, "exactly one where any was enough"),
    (meaning_not_asked_for, "an amount is said in thousands"),
    (names_used_again_unseen, "a name comes back as it was"),
]


@pytest.mark.parametrize(("mistake", "name"), MISTAKES)
def test_a_mistake_in_the_gate_is_caught_by_a_named_case(
    mistake: Patch, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = next(case for case in CASES if case.name == name)
    assert wrong(case) is None

    mistake(monkeypatch)

    assert wrong(case) is not None
