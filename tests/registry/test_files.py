"""Lists as files: the same as over HTTP, and nothing that a spreadsheet would run."""

import csv
from io import StringIO

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry import export, files
from tests.schemas.said import AID, KS, NAV

from .conftest import Desk
from .hand import announced_and_shared, oslo
from .test_api import PROBLEM, problem_of, shared_with
from .test_lists import described

JANUARY = "2026-01-20T09:00:00+01:00"


def rows_in(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text[1:]), delimiter=";"))


async def test_a_spreadsheet_gets_a_line_for_each_with_its_figures(desk: Desk) -> None:
    story = announced_and_shared()
    story.locked("2026-05-05")
    await desk.tell(*story.told, *shared_with("state", KS, "b").told)

    answer = await desk.get("/initiatives.csv", KS)

    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == 'attachment; filename="tiltak.csv"'
    rows = {row["id"]: row for row in rows_in(answer.content.decode())}
    assert rows.keys() == {story.subject, f"{KS}:b"}
    row = rows[story.subject]
    assert list(row) == list(export.COLUMNS)
    assert (row["title"], row["phase"], row["partial"]) == ("t", "idea", "false")
    assert (row["lead_days"], row["class"], row["basis"]) == (
        "120",
        "timely",
        "realised",
    )
    assert (row["owner"], row["line"], row["summary"]) == (NAV, "state", "")


async def test_json_lines_are_each_what_it_is_alone(desk: Desk) -> None:
    stories = [announced_and_shared(), shared_with("state", KS, "b")]
    await desk.tell(*(told for story in stories for told in story.told))

    answer = await desk.get("/initiatives.jsonl", KS)

    found = [orjson.loads(line) for line in answer.content.splitlines()]
    assert sorted(found, key=lambda each: str(each["id"])) == [
        await desk.read(f"/initiatives/{story.subject}", KS) for story in stories
    ]


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_it_holds_what_was_asked_for_over_several_stretches(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(files, "AT_ONCE", 2)
    stories = [described(f"n{n}", "rød" if n % 2 else "blå") for n in range(11)]
    hidden = shared_with(f"org:{AID}", local="skjult")
    await desk.tell(*(told for story in [*stories, hidden] for told in story.told))

    answer = await desk.get(f"/initiatives.{kind}", KS, params={"q": "rød"})

    for n, story in enumerate(stories):
        assert (story.subject in answer.text) == bool(n % 2)
    assert "skjult" not in answer.text


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_as_of_a_moment_it_tells_whether_it_can_still_change(
    desk: Desk, kind: str
) -> None:
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00", "nytt")
    await desk.tell(*story.told)
    path, params = f"/initiatives.{kind}", {"as_of": JANUARY}

    before = await desk.get(path, KS, params=params)
    upto = oslo("2026-02-01T09:00:00")
    await desk.pool.execute("INSERT INTO horizon (upto) VALUES ($1)", upto)
    after = await desk.get(path, KS, params=params)

    assert "nytt" not in before.text
    assert before.headers["tidlig-complete"] == "false"
    assert after.headers["tidlig-complete"] == "true"
    assert "tidlig-complete" not in (await desk.get(path, KS)).headers


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
async def test_what_is_asked_wrongly_is_a_problem_and_no_file(
    desk: Desk, kind: str
) -> None:
    found = await desk.get(f"/initiatives.{kind}", KS, params={"phase": "x"})

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+47", "-2", "@SUM(A1)", "\tx", "\rx", '=HYPERLINK("x")', " =1", "＝1"],
)
def test_what_a_spreadsheet_would_run_is_text(text: str) -> None:
    (row,) = csv.reader(
        StringIO(export.csv_lines([[export.cell(text)]]).decode(), newline=""),
        delimiter=";",
    )

    assert row == ["'" + text]


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_any_text_comes_back_whole_in_its_field(text: str) -> None:
    lines = export.csv_lines([["før", export.cell(text), "etter"]]).decode()

    (row,) = csv.reader(StringIO(lines, newline=""), delimiter=";")

    assert row[0] == "før"
    assert row[2] == "etter"
    assert row[1].removeprefix("'") == text.removeprefix("'")
    assert not row[1].lstrip(" ").startswith(export.FORMULA)


def test_numbers_of_ours_stay_numbers() -> None:
    assert [export.cell(each) for each in (-3, 0.5, True, None, ["a", 1])] == [
        "-3",
        "0.5",
        "true",
        "",
        "a 1",
    ]
