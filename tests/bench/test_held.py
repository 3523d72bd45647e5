"""The README's table of what holds: made between two marks, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from bench import held, results
from bench.held import END, FAULTS, NOTHING, START, NoMarks, fill
from bench.rounds import Figure

ROOT = Path(__file__).parents[2]
CHAOS: dict[str, Any] = {
    "events": 120_000,
    "kills": 61,
    "broker_restarts": 6,
    "postgres_restarts": 4,
    "pauses": 22,
    "lost": 0,
    "duplicated": 1,
    "order_violations": 0,
    "leaks": 0,
    "heal_seconds_max": 41.2,
    "mutants_caught": 11,
    "mutants_total": 12,
    "seed": 7,
}


@pytest.fixture
def readme(tmp_path: Path) -> Path:
    path = tmp_path / "README.md"
    path.write_text(f"before\n\n{START}\nstale\n{END}\n\nafter <!-- end -->\n", "utf-8")
    return path


@pytest.fixture
def bench(tmp_path: Path) -> dict[str, Any]:
    place = tmp_path / "bench.json"
    figures = {
        "project_events_per_s": Figure((9_000.0, 12_000.0, 11_000.0)),
        "relay_p99_ms": Figure((25.0,)),
        "floor_fsyncs_per_s": Figure((6_000.0,)),
    }
    why = {"project_ratio_debezium": "its jars could not be had"}
    results.save(figures, 1, [], place, skipped=why)
    return results.read(place)


def test_the_table_comes_between_the_marks_and_the_rest_stays(
    readme: Path, bench: dict[str, Any]
) -> None:
    fill(readme, bench, CHAOS)
    once = readme.read_text("utf-8")
    fill(readme, bench, CHAOS)

    assert readme.read_text("utf-8") == once
    assert once.startswith(f"before\n\n{START}\n| what |")
    assert once.endswith("\n\nafter <!-- end -->\n")
    assert "stale" not in once


def test_each_figure_stands_with_target_spread_and_verdict(
    readme: Path, bench: dict[str, Any]
) -> None:
    fill(readme, bench, {})

    said = readme.read_text("utf-8")
    good = line_with(said, "`project_events_per_s`")
    assert good.endswith("| ≥ 10,000 /s | 11,000 /s (9,000 to 12,000) | holds |")
    short = line_with(said, "`relay_p99_ms`")
    assert short.endswith("| ≤ 10 ms | 25 ms | **falls short** |")
    assert "8 KiB, each on disk before the next: 6,000 /s" in said
    assert "`project_ratio_debezium` was skipped, because its jars could" in said


def test_what_the_faults_did_is_told_good_and_bad(readme: Path) -> None:
    fill(readme, {}, CHAOS)

    said = readme.read_text("utf-8")
    assert line_with(said, "`lost`").endswith("| ≤ 0 | 0 | holds |")
    assert line_with(said, "`duplicated`").endswith("| ≤ 0 | 1 | **falls short** |")
    assert line_with(said, "`events`").endswith("| ≥ 100,000 | 120,000 | holds |")
    caught = line_with(said, "`mutants_caught`")
    assert caught.endswith("| all | 11 of 12 | **falls short** |")
    assert all(f"`{each.name}`" in said for each in FAULTS)


def test_without_a_measurement_nothing_is_claimed(readme: Path) -> None:
    fill(readme, {}, {})

    assert f"{START}\n{NOTHING}\n{END}" in readme.read_text("utf-8")


def test_a_readme_without_marks_is_told_what_it_lacks(tmp_path: Path) -> None:
    bare = tmp_path / "README.md"
    bare.write_text("no table\n", "utf-8")

    with pytest.raises(NoMarks, match="made by `make held`"):
        fill(bare, {}, {})

    assert bare.read_text("utf-8") == "no table\n"


def test_the_readme_has_the_marks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "README.md"
    copy.write_bytes((ROOT / "README.md").read_bytes())
    monkeypatch.setattr(held, "README", copy)
    monkeypatch.setattr(results, "RESULT", tmp_path / "none.json")

    assert held.main() == 0


def line_with(said: str, part: str) -> str:
    (found,) = [line for line in said.splitlines() if part in line and "|" in line]
    return found
