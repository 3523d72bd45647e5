"""`build/bench.json`, the table and the picture that are made from it."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench import results
from bench.keys import BY_NAME
from bench.picture import NAMES, draw, x_of
from bench.results import Shown
from bench.rounds import Figure
from bench.table import number, show

GOOD = Figure((11_000.0, 12_000.0, 13_000.0))
BAD = Figure((20.0, 30.0, 25.0))


def test_what_is_not_measured_again_stays_in_the_file(tmp_path: Path) -> None:
    place = tmp_path / "build" / "bench.json"
    results.save({"project_events_per_s": GOOD}, 1, [], place)

    results.save({"relay_p99_ms": BAD}, 1, ["round 1, feed: no"], place)

    found = results.read(place)
    assert list(found["keys"]) == ["project_events_per_s", "relay_p99_ms"]
    assert found["keys"]["project_events_per_s"]["holds"] is True
    assert found["keys"]["relay_p99_ms"]["median"] == 25
    assert found["keys"]["relay_p99_ms"]["holds"] is False
    assert found["faults"] == ["round 1, feed: no"]


def test_what_was_skipped_is_so_no_more_once_it_is_measured(tmp_path: Path) -> None:
    place = tmp_path / "bench.json"
    why = {"project_ratio_debezium": "no jars", "scale_slope": "no time"}
    results.save({}, 1, [], place, skipped=why)

    results.save({"project_ratio_debezium": Figure((1.2,))}, 1, [], place)

    assert results.read(place)["skipped"] == {"scale_slope": "no time"}


def test_a_key_that_nobody_has_named_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyError, match="nonsense"):
        results.save({"nonsense": GOOD}, 1, [], tmp_path / "bench.json")


def test_the_table_has_median_spread_target_and_verdict(
    capsys: pytest.CaptureFixture[str],
) -> None:
    good = Shown(BY_NAME["project_events_per_s"], GOOD)
    bad = Shown(BY_NAME["relay_p99_ms"], BAD)

    show([good, bad], {"scale_slope": "there was no time"})

    said = capsys.readouterr().out
    (of_good,) = [line for line in said.splitlines() if "project_events" in line]
    for part in ("12,000 /s", "11,000 … 13,000", "≥ 10,000", "holds"):
        assert part in of_good
    (of_bad,) = [line for line in said.splitlines() if "relay_p99" in line]
    assert "falls short" in of_bad
    assert "scale_slope: skipped, because there was no time" in said


@pytest.mark.parametrize(
    ("value", "said"),
    [(12_345.6, "12,346"), (0.4, "0.400"), (9.96, "9.96"), (45.12, "45.1"), (0, "0")],
)
def test_three_digits_are_shown(value: float, said: str) -> None:
    assert number(value) == said


def test_the_picture_places_each_figure_by_its_bound(tmp_path: Path) -> None:
    shown = [
        Shown(BY_NAME["project_events_per_s"], GOOD),
        Shown(BY_NAME["relay_p99_ms"], BAD),
        Shown(BY_NAME["floor_fsyncs_per_s"], GOOD),
        Shown(BY_NAME["feed_gaps"], Figure((0.0,))),
    ]

    place = draw(shown, "today & <now>", tmp_path / "b" / "b.svg")

    tree = ET.parse(place)  # noqa: S314  # our own
    svg = "{http://www.w3.org/2000/svg}"
    target = x_of(1.0)
    circles = [float(each.attrib["cx"]) for each in tree.iter(f"{svg}circle")]
    # without a bound, or with none to divide by, there is no place on the axis
    assert len(circles) == 2
    assert circles[0] > target > circles[1]
    words = " ".join(each.text or "" for each in tree.iter(f"{svg}text"))
    assert "12,000 /s (target ≥ 10,000)" in re.sub(" +", " ", words)
    assert "floor_fsyncs_per_s" not in words


def test_what_is_off_the_axis_lies_at_its_end() -> None:
    assert x_of(0) == x_of(0.1) == NAMES
    assert x_of(float("inf")) == x_of(100)
