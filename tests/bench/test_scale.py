"""The slope of growth, and ratios of what was measured in one round."""

from pathlib import Path

import pytest

from bench.project import Where
from bench.rounds import Rounds
from bench.scale import Crowd, add_slopes, slope


def test_a_rate_that_halves_with_every_tenfold_has_its_slope() -> None:
    assert slope([(10_000, 800.0), (100_000, 400.0)]) == pytest.approx(-0.301, abs=1e-3)
    assert slope([(10_000, 500.0), (100_000, 500.0), (1_000_000, 500.0)]) == 0


def test_each_round_has_its_own_slope() -> None:
    halved = {"scale_1e4_per_s": 800.0, "scale_1e5_per_s": 400.0}
    spoiled = {"scale_1e4_per_s": 800.0, "scale_1e5_per_s": 0.0}
    rounds = Rounds([halved, {"scale_1e4_per_s": 800.0}, spoiled])

    add_slopes(rounds)

    assert rounds.told[0]["scale_slope"] < -0.3
    assert "scale_slope" not in rounds.told[1]
    assert "scale_slope" not in rounds.told[2]


def test_a_ratio_is_of_one_round_and_of_the_best_of_the_others() -> None:
    rounds = Rounds(
        [{"ours": 30.0, "a": 10.0, "b": 15.0}, {"ours": 40.0, "a": 10.0}, {"a": 1.0}]
    )

    rounds.compare("ratio", "ours", "a", "b")

    assert rounds.figures["ratio"].runs == (2.0, 4.0)


def test_a_peer_whose_run_is_spoiled_is_not_beaten() -> None:
    rounds = Rounds([{"ours": 30.0, "a": 0.0}])

    rounds.compare("ratio", "ours", "a")

    assert "ratio" not in rounds.figures


def test_what_is_said_of_a_crowd_is_drawn_from_all_of_it_and_sampled() -> None:
    crowd = Crowd(Where("", "", Path()), initiatives=5_000)
    changes = crowd.changes()
    said = [next(changes) for _ in range(2_000)]

    announced = {line.key for line in crowd.announcements()}

    assert len(announced) == 5_000
    assert {line.key for line in said} <= announced
    assert len({line.key for line in said}) > 1_500
    assert len(crowd.sampled) == 1_000
