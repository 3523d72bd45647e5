"""The list that KS imports in the demonstration: what no owner has announced."""

import csv

from rich.console import Console

from deploy.local.demo import roadmap, table
from deploy.local.demo.importer import LIST, MAPPING
from deploy.local.demo.says import DIGDIR, KS, Json
from services.intake.importing.mapping import read_mapping
from services.intake.importing.rows import read_rows
from services.intake.importing.wanting import Sorted, sort_rows


def sorted_list() -> Sorted:
    mapping = read_mapping(MAPPING)
    return sort_rows(read_rows(LIST, mapping), mapping, KS)


def items() -> dict[str, dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as rows:
        return {row["item_id"]: row for row in csv.DictReader(rows)}


def test_every_row_is_imported_or_left_out_with_a_reason() -> None:
    found = sorted_list()

    assert found.bad == []
    assert len(items()) == len(found.wanted) + len(found.left)


def test_rows_that_ks_owns_a_part_of_are_left_out() -> None:
    imported = {each.key for each in sorted_list().wanted}
    of_ks = {key for key, row in items().items() if "KS" in row["owner"]}

    assert of_ks
    assert imported.isdisjoint(of_ks)


def test_what_is_left_out_as_announced_is_just_what_its_owner_announces() -> None:
    announced = {
        saying.event["subject"].removeprefix(f"{DIGDIR}:")
        for saying in roadmap.sayings()
    }
    left = [row for row in sorted_list().left if "announced" in row.because]

    assert {each.key.lower() for each in left} == announced


def test_an_imported_row_has_no_class_and_is_counted_beside_the_figures() -> None:
    seen: Json = {"description": {"imported": True}, "earliness": None}
    console = Console(width=150)
    figures: Json = {
        "from_line": "municipal",
        "to_line": "state",
        "n": 1,
        "n_shared": 1,
        "n_without_lock": 0,
        "forecast": {"n": 1, "median": 120},
        "realised": {"n": 0, "median": None},
    }

    with console.capture() as shown:
        table.show_figures(console, [figures], 16)

    assert "importert" in table.cells(table.Shown("Tiltak", "KS", seen))
    lines = [line.split("│") for line in shown.get().splitlines()]
    told = [[cell.strip() for cell in line[1:-1]] for line in lines if len(line) > 2]
    assert told == [
        ["kommune til stat", "1", "1", "0", "prognose 120 (1), faktisk – (0)"],
        ["importert fra liste, meldt av ingen", "16", "", "", "utenfor tallene"],
    ]
