"""What is published is what the code says, and it says all of it."""

from pathlib import Path

import pytest

from deploy import published as services
from schemas import generate
from schemas.names.labels import labels
from schemas.published.catalogue import field_rows, page
from schemas.published.shapes import inlined, writer
from schemas.types import TYPES, EventType

ROOT = Path(__file__).parents[2]
GENERATED = ROOT / "schemas" / "generated"


def test_openapi_of_every_service_is_fresh() -> None:
    stale = [path for path, text in services.products() if current(path) != text]

    assert stale == []


def current(path: Path) -> str | None:
    return path.read_text("utf-8") if path.exists() else None


def test_a_stale_openapi_fails_the_check(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    changed = dict(services.products())
    path = next(iter(changed))
    monkeypatch.setattr(services, "products", lambda: [(path, "{}")])

    assert services.main(["--check"]) == 1
    assert f"stale: {path.relative_to(ROOT)}" in capsys.readouterr().out


def test_nothing_lies_there_that_nobody_makes() -> None:
    made = {path for path, _ in generate.products()}

    assert set(GENERATED.rglob("*.json")) - made == set()


def test_every_service_has_its_openapi() -> None:
    found = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}

    assert services.APPLICATIONS.keys() == found


@pytest.mark.parametrize("row", TYPES.values(), ids=lambda row: row.name)
def test_the_catalogue_tells_a_type_with_meaning_readers_example_and_changes(
    row: EventType,
) -> None:
    whole = page()
    entry = whole[whole.index(f"### {row.full_name}") :].partition("\n### ")[0]

    for name in ("said by", "may be read by", "visibility", "replaces", "changes"):
        assert f"| {name} | " in entry
        assert f"| {name} |  |" not in entry
    assert "| changes | since rule set" in entry
    assert f'"type": "{row.full_name}"' in entry
    for name in row.model.model_json_schema()["properties"]:
        assert f"| `{name}` | {labels()[name]} |" in entry
    assert f"(#{row.full_name.replace('.', '')})" in whole


def test_every_type_and_field_has_one_label_and_no_label_is_left_over() -> None:
    rows = TYPES.values()
    fields = {
        cells[0].strip("`").rpartition(".")[2]
        for row in rows
        for cells in field_rows(inlined(writer(row)))
    }

    unlabelled = ({row.name for row in rows} | fields) - labels().keys()

    assert unlabelled == set(), "add them to schemas/names/labels.csv"
    lines = (ROOT / "schemas/names/labels.csv").read_text("utf-8").splitlines()
    assert len(lines) == len(labels()) + 1


def test_a_field_without_a_label_stops_the_catalogue(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(labels(), "title", "Tittel")
    monkeypatch.delitem(labels(), "title")

    with pytest.raises(KeyError, match="title"):
        page()
