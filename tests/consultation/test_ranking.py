"""Two lines' scores together: against a reading that tries every weighting."""

from fractions import Fraction
from itertools import pairwise
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.consultation.policies import Criteria, criteria
from services.consultation.rules import ranking
from services.consultation.rules.ranking import Scored, precedes, rank, score, why

POINTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12
)
EVERYDAY = settings(max_examples=300, deadline=None)


def scored(points: list[tuple[int, int]]) -> list[Scored]:
    return [Scored(f"item:nav:{n}-26", *point) for n, point in enumerate(points, 1)]


def weightings(items: list[Scored]) -> list[Fraction]:
    """Both ends, every point at which two items tie, and one point between each two."""
    found = {Fraction(0), Fraction(1)}
    for one in items:
        for other in items:
            by_state = one.state - other.state
            by_municipal = one.municipal - other.municipal
            if by_state * by_municipal < 0:
                found.add(Fraction(by_municipal, by_municipal - by_state))
    ends = sorted(found)
    between = [(a + b) / 2 for a, b in pairwise(ends)]
    return ends + between


def place_at(one: Scored, items: list[Scored], weight: Fraction) -> int:
    def total(each: Scored) -> Fraction:
        return weight * each.state + (1 - weight) * each.municipal

    return 1 + sum(total(each) > total(one) for each in items)


@EVERYDAY
@given(POINTS, st.integers(1, 12))
def test_places_are_those_of_every_weighting_tried(
    points: list[tuple[int, int]], k: int
) -> None:
    items = scored(points)
    result = rank(items, k)
    tried = {
        each.item: [place_at(each, items, weight) for weight in weightings(items)]
        for each in items
    }

    assert {p.scored.item: (p.best, p.worst) for p in result.placed} == {
        item: (min(places), max(places)) for item, places in tried.items()
    }
    assert result.robust == {i for i, p in tried.items() if max(p) <= k}
    assert result.zone == {i for i, p in tried.items() if min(p) <= k < max(p)}


@EVERYDAY
@given(POINTS)
def test_a_layer_is_one_below_what_precedes_it(points: list[tuple[int, int]]) -> None:
    items = scored(points)
    layers = ranking.pareto_layers(items)

    for each in items:
        above = [layers[o.item] for o in items if precedes(o, each)]
        assert layers[each.item] == 1 + max(above, default=0)


@EVERYDAY
@given(POINTS, st.integers(1, 12), st.randoms(use_true_random=False))
def test_swapping_the_lines_or_the_order_leaves_the_robust_set(
    points: list[tuple[int, int]], k: int, random: Random
) -> None:
    items = scored(points)
    swapped = [Scored(each.item, each.municipal, each.state) for each in items]
    shuffled = random.sample(items, len(items))

    for other in (swapped, shuffled):
        assert rank(other, k).robust == rank(items, k).robust
        assert rank(other, k).zone == rank(items, k).zone


@EVERYDAY
@given(st.randoms(use_true_random=False), st.integers(2, 8))
def test_permuting_the_criteria_leaves_the_robust_set(random: Random, n: int) -> None:
    """Names and order of criteria carry nothing: only weights and inputs do."""
    policy = criteria("criteria-1")
    names = list(policy.weights)
    onto = dict(zip(names, random.sample(names, len(names)), strict=True))
    permuted = Criteria(
        "criteria-1", 0, 4, {onto[k]: w for k, w in policy.weights.items()}, {}
    )
    cards = [
        [{name: random.randrange(5) for name in names} for _ in range(2)]
        for _ in range(n)
    ]

    def result(by: Criteria, renamed: bool) -> tuple[frozenset[str], frozenset[str]]:
        items = [
            Scored(
                f"item:nav:{number}-26", *(score(moved(c, renamed), by) for c in pair)
            )
            for number, pair in enumerate(cards, 1)
        ]
        found = rank(items, 2)
        return found.robust, found.zone

    def moved(card: dict[str, int], renamed: bool) -> dict[str, int]:
        return {onto[k]: v for k, v in card.items()} if renamed else card

    assert result(policy, renamed=False) == result(permuted, renamed=True)


@pytest.mark.parametrize(
    ("one", "another", "ahead", "tips"),
    [
        ({"state": 4, "municipal": 3}, {"state": 1, "municipal": 3}, "a", None),
        ({"state": 1, "municipal": 2}, {"state": 1, "municipal": 2}, None, None),
        (
            {"state": 4, "municipal": 0},
            {"state": 0, "municipal": 4},
            None,
            Fraction(1, 2),
        ),
        (
            {"state": 3, "municipal": 0},
            {"state": 0, "municipal": 1},
            None,
            Fraction(1, 4),
        ),
    ],
)
def test_of_each_pair_it_is_said_why(
    one: dict[str, int],
    another: dict[str, int],
    ahead: str | None,
    tips: Fraction | None,
) -> None:
    by = Criteria("criteria-1", 0, 4, {"reach": 2}, {})
    cards = {
        name: {line: {"reach": value} for line, value in card.items()}
        for name, card in (("a", one), ("b", another))
    }

    found = why("a", "b", cards, by)  # type: ignore[arg-type]

    assert (found.ahead, found.tips_at) == (ahead, tips)
    assert found.by_line["state"] == 2 * (one["state"] - another["state"])


def test_a_thousand_items_of_ten_criteria_are_ranked_without_a_matrix_of_pairs() -> (
    None
):
    """The target is a second (`arena_rank_s`); a busy machine is given ten."""
    random = Random(7)  # noqa: S311  # no secret is made of it
    policy = criteria("criteria-1")
    cards = [
        [{name: random.randrange(5) for name in policy.weights} for _ in range(2)]
        for _ in range(1000)
    ]
    began = perf_counter()

    items = [
        Scored(f"item:nav:{n}-26", *(score(card, policy) for card in pair))
        for n, pair in enumerate(cards, 1)
    ]
    result = rank(items, 20)

    assert len(result.placed) == 1000
    assert perf_counter() - began < 10
