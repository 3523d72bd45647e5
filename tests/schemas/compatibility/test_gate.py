"""The gate over the real type table: what is released can be read for ever."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from schemas.compatibility import gate as gate_module
from schemas.compatibility.__main__ import main
from schemas.compatibility.envelope import KEPT, SAID, envelopes
from schemas.compatibility.gate import compare, gate, tombstones
from schemas.compatibility.judge import changes, forms_of
from schemas.compatibility.released import (
    HERE,
    Changed,
    Release,
    as_it_is,
    files_of,
    frozen,
    publish,
    releases,
)
from schemas.compatibility.verdicts import Verdict, overall
from schemas.initiative import InitiativeStopped
from schemas.models import Data, Sentence
from schemas.types import TYPES_OF

STOPPED = "no.tidlig.initiative.stopped.v1"
SHARED = "no.tidlig.initiative.shared.v1"


def test_nothing_of_today_breaks_what_is_released() -> None:
    report = gate()

    assert report.passes, (report.faults, report.judgements)
    assert report.compared == frozen()
    assert set(as_it_is(1).forms) >= {SAID, KEPT, STOPPED}


def test_every_frozen_rule_set_is_released_as_the_code_says_it() -> None:
    for number in frozen():
        for path, _ in files_of(as_it_is(number)):
            assert (HERE / str(number) / path).exists()
    assert publish() == []


class StoppedInOtherWords(Data):
    """It breaks: facts that are said already have no lessons."""

    reason: Sentence
    lessons: Sentence


@pytest.fixture
def with_another_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A later rule set in which a released type has another model."""
    newest = TYPES_OF[max(TYPES_OF)]
    changed = replace(newest[STOPPED], model=StoppedInOtherWords)
    monkeypatch.setitem(TYPES_OF, max(TYPES_OF) + 1, newest | {STOPPED: changed})


@pytest.mark.usefixtures("with_another_stopped")
def test_a_breaking_change_of_a_released_type_fails_the_gate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main([])

    said = capsys.readouterr().out
    assert status == 1
    assert f"{STOPPED} against rule set 1" in said
    assert "backward-breaking: /properties/lessons (today)" in said
    assert "writers may leave `lessons` out, readers require it" in said
    assert "Needs a new major version" in said
    assert "1 break (no.tidlig.initiative.stopped.v1)" in said


def test_the_command_says_that_nothing_breaks(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--against", "released"]) == 0
    assert "nothing breaks" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--against", "nowhere"]) == 1
    assert "no folder nowhere" in capsys.readouterr().out


def test_to_release_again_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["release", "--against", str(tmp_path)]) == 0
    first = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}

    assert main(["release", "--against", str(tmp_path)]) == 0

    assert "all is released already" in capsys.readouterr().out
    assert first == {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    assert len(first) == sum(2 * len(as_it_is(n).forms) + 1 for n in frozen())


def test_what_is_released_is_never_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(tmp_path)
    path = tmp_path / "1" / "writer" / f"{STOPPED}.json"
    schema = json.loads(path.read_text("utf-8"))
    schema["properties"]["reason"]["maxLength"] = 7
    path.write_text(json.dumps(schema), "utf-8")
    (tmp_path / "1" / "table.json").unlink()

    with pytest.raises(Changed):
        publish(tmp_path)

    assert json.loads(path.read_text("utf-8")) == schema
    assert not (tmp_path / "1" / "table.json").exists()
    assert main(["release", "--against", str(tmp_path)]) == 1
    assert f"1/writer/{STOPPED}.json" in capsys.readouterr().out


def test_a_better_wording_leaves_the_released_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path)
    path = tmp_path / "1" / "writer" / f"{STOPPED}.json"
    before = path.read_bytes()
    monkeypatch.setattr(InitiativeStopped, "__doc__", "Better words.")
    InitiativeStopped.model_rebuild(force=True)

    assert publish(tmp_path) == []
    assert path.read_bytes() == before


def test_a_frozen_rule_set_that_is_not_released_is_a_fault(tmp_path: Path) -> None:
    publish(tmp_path)
    shutil.rmtree(tmp_path / str(max(frozen())))

    report = gate(tmp_path)

    assert not report.passes
    assert f"rule set {max(frozen())} is frozen" in report.faults[0]


def without(release: Release, name: str) -> Release:
    return Release(
        release.number,
        {one: forms for one, forms in release.forms.items() if one != name},
        {one: row for one, row in release.rows.items() if one != name},
    )


def test_a_type_that_is_gone_breaks_unless_a_next_major_reads_its_facts() -> None:
    first = releases()[0]
    now = without(first, STOPPED)
    forms = now.forms | {STOPPED[:-1] + "2": first.forms[STOPPED]}
    upcasts = {("initiative.stopped", 1): lambda said: said}

    gone = compare(now, [first], {}, {})
    next_without_upcast = compare(replace(now, forms=forms), [first], {}, {})
    retired = compare(replace(now, forms=forms), [first], {}, upcasts)

    assert [gone.passes, next_without_upcast.passes, retired.passes] == [False] * 2 + [
        True
    ]
    assert "sunset" in retired.judgements[0].changes[0].advice


def test_a_new_type_has_nothing_to_break() -> None:
    first = releases()[0]

    assert compare(first, [without(first, STOPPED)], {}, {}).passes


def test_a_tombstone_for_a_name_that_was_never_released_is_a_fault() -> None:
    first = releases()[0]

    report = compare(first, [first], {STOPPED: {"/raeson": "a slip"}}, {})

    assert report.faults == [
        f"tombstones.json: no release of {STOPPED} has had `/raeson`"
    ]


def test_the_tombstones_are_by_type_and_path_each_with_a_reason() -> None:
    for name, paths in tombstones().items():
        assert name.startswith("no.tidlig.")
        assert all(path.startswith("/") and why for path, why in paths.items())
    assert gate_module.TOMBSTONES.exists()


@pytest.mark.parametrize(
    ("column", "now", "verdict"),
    [
        ("group", "other", Verdict.MEANING),
        ("family", "lock", Verdict.MEANING),
        ("key", "key", Verdict.MEANING),
        ("readers", "recipients", Verdict.MEANING),
        ("counts_in", "reach", Verdict.MEANING),
        ("visibilities", ["shared"], Verdict.BACKWARD),
        ("visibilities", ["own", "shared", "public"], Verdict.MEANING),
    ],
)
def test_a_changed_row_of_the_type_table_is_judged(
    column: str, now: object, verdict: Verdict
) -> None:
    first = releases()[0]
    rows = first.rows | {STOPPED: first.rows[STOPPED] | {column: now}}

    report = compare(replace(first, rows=rows), [first], {}, {})

    [judgement] = report.judgements
    assert overall(judgement.changes) is verdict
    assert judgement.changes[0].pointer == f"/{STOPPED}/{column}"


@pytest.mark.parametrize(
    ("checks", "verdict"),
    [
        ({"/reply_by": ["ge 1990-01-01", "le 2200-01-01"]}, Verdict.FORWARD),
        (
            {
                "/open_decisions": ["all_different", "in_order"],
                "/reply_by": ["ge 1990-01-01", "le 2200-01-01"],
            },
            Verdict.BACKWARD,
        ),
        (
            {
                "/open_decisions": ["all_different"],
                "/reply_by": ["ge 1990-01-01", "le 2100-01-01"],
            },
            Verdict.BACKWARD,
        ),
        (
            {
                "/open_decisions": ["all_different"],
                "/reply_by": ["ge 1980-01-01", "le 2200-01-01"],
            },
            Verdict.FORWARD,
        ),
    ],
)
def test_a_check_that_no_schema_shows_is_judged(
    checks: dict[str, list[str]], verdict: Verdict
) -> None:
    first = releases()[0]
    rows = first.rows | {SHARED: first.rows[SHARED] | {"checks": checks}}

    report = compare(replace(first, rows=rows), [first], {}, {})

    assert [overall(one.changes) for one in report.judgements] == [verdict]


def test_an_attribute_that_speakers_must_give_from_now_breaks() -> None:
    first = releases()[0]
    said = dict(first.forms[SAID].writer)
    required = forms_of(said | {"required": [*said["required"], "actor"]})
    open_ended = forms_of(
        said | {"properties": said["properties"] | {"sector": {"type": "string"}}}
    )

    assert overall(changes(first.forms[SAID], required)) is Verdict.BACKWARD
    assert overall(changes(first.forms[SAID], open_ended)) is Verdict.COMPATIBLE


def test_the_envelope_may_grow_after_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path)
    grown = envelopes()
    grown[SAID]["properties"]["sector"] = {"type": "string"}
    monkeypatch.setattr("schemas.compatibility.released.envelopes", lambda: grown)

    assert publish(tmp_path) == []
    [judgement] = [one for one in gate(tmp_path).judgements if one.release == 1]
    assert judgement.type == SAID
    assert [change.rules for change in judgement.changes] == [("added",)]


def test_a_new_visibility_is_not_guessed_at() -> None:
    kept = releases()[0].forms[KEPT]
    wider = json.loads(json.dumps(kept.writer))
    wider["properties"]["visibility"]["enum"].append("sector")

    assert overall(changes(kept, forms_of(wider))) is Verdict.FORWARD


def test_checks_in_code_are_found_where_a_schema_shows_none() -> None:
    rows = as_it_is(1).rows

    assert rows[SHARED]["checks"]["/open_decisions"] == ["all_different"]
    assert rows["no.tidlig.initiative.amended.v1"]["checks"]["/changes"] == [
        "say_something"
    ]
