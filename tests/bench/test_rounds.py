"""Runs that take turns, their median and spread, and verdicts on them."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.keys import ALL, Bound, at_least, at_most
from bench.rounds import Figure, Prepared, Run, Told, take_turns

ORDER: list[str] = []


def one(name: str, values: Iterator[float]) -> Prepared:
    @contextmanager
    def prepared() -> Iterator[Run]:
        ORDER.append(f"begin {name}")
        yield lambda: said(name, values)
        ORDER.append(f"end {name}")

    return prepared


def said(name: str, values: Iterator[float]) -> Told:
    ORDER.append(name)
    value = next(values)
    if value < 0:
        raise RuntimeError("it broke")
    return {name: value}


def silent(_: str) -> None:
    pass


def settle() -> None:
    ORDER.append("-")


def test_runs_take_turns_each_once_what_the_last_left_behind_is_done() -> None:
    ORDER.clear()
    measures = {"a": one("a", iter([1, 2])), "b": one("b", iter([5, 6]))}

    take_turns(measures, 2, silent, settle)

    begun, ended = ["begin a", "begin b"], ["end b", "end a"]
    assert [*begun, *"-a-b-a-b", *ended] == ORDER


def test_a_figure_is_the_median_of_its_runs_with_their_spread() -> None:
    found = take_turns({"a": one("a", iter([9, 1, 3, 2, 4]))}, 5, silent, settle)

    figure = found.figures["a"]
    assert (figure.median, figure.low, figure.high) == (3, 1, 9)
    assert figure.spread == pytest.approx(8 / 3)
    assert figure.runs == (9, 1, 3, 2, 4)


def test_a_run_that_fails_is_told_of_and_the_others_go_on() -> None:
    measures = {"a": one("a", iter([1, -1, 3])), "b": one("b", iter([5, 6, 7]))}

    found = take_turns(measures, 3, silent, settle)

    runs = {name: list(figure.runs) for name, figure in found.figures.items()}
    assert runs == {"a": [1, 3], "b": [5, 6, 7]}
    (fault,) = found.faults
    assert fault.startswith("round 2, a:")
    assert "it broke" in fault


def test_of_memory_that_two_tell_of_the_greater_counts() -> None:
    one_of = one("rss", iter([80.0]))
    other = one("rss", iter([120.0]))

    found = take_turns({"a": one_of, "b": other}, 1, silent, settle)

    assert found.figures["rss"].runs == (120.0,)


@pytest.mark.parametrize(
    ("bound", "found", "holds"),
    [
        (at_least(10), 10, True),
        (at_least(10), 9.99, False),
        (at_most(10), 10, True),
        (at_most(10), 10.01, False),
        (at_least(-0.15), -0.2, False),
        (at_most(0), 0, True),
    ],
)
def test_a_bound_holds_at_its_own_value(
    bound: Bound,
    found: float,
    holds: bool,
) -> None:
    assert bound.holds(found) is holds


def test_twice_as_good_is_twice_whichever_side_the_bound_has() -> None:
    assert at_least(10).times_better(20) == 2
    assert at_most(10).times_better(5) == 2
    assert at_most(10).times_better(0) == float("inf")


def test_no_key_is_named_twice() -> None:
    names = [key.name for key in ALL]

    assert len(names) == len(set(names))


def test_where_nothing_was_found_there_is_no_spread_to_divide_by() -> None:
    assert Figure((0.0, 0.0)).spread == 0
