"""What two lines' scores say together, without any number that blends them.

For a weighting w between 0 and 1 an item's sum is w times the state's score and 1 - w
times the municipal one; nobody chooses w. An item's place is one more than how many
are strictly better, so whoever ties shares it and no tie is broken.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from schemas.topics import Line
from services.consultation.policies import Criteria

Scorecard = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Scored:
    """An item with the weighted score of each line, from that line's own scorecard."""

    item: str
    state: int
    municipal: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An item in the result: its layer, and its places over all weightings.

    `best` and `worst` are the interval; there is no number without it.
    """

    scored: Scored
    layer: int
    best: int
    worst: int


@dataclass(frozen=True, slots=True)
class Result:
    """Who is in the top `k`: for every weighting, for some, for none."""

    k: int
    placed: tuple[Placed, ...]
    robust: frozenset[str]
    zone: frozenset[str]


@dataclass(frozen=True, slots=True)
class Why:
    """How two items stand to each other: by each line, by criterion, and where they
    change places.

    `ahead` is None where it depends on the weighting; `tips_at` is the state's part
    of the weight at which they tie.
    """

    ahead: str | None
    by_line: Mapping[Line, int]
    by_criterion: Mapping[Line, Mapping[str, int]]
    tips_at: Fraction | None


def score(scorecard: Scorecard, criteria: Criteria) -> int:
    """The weighted sum of one line's own inputs."""
    return sum(criteria.weights[name] * each for name, each in scorecard.items())


def rank(items: Sequence[Scored], k: int) -> Result:
    """Layers, places over all weightings, the robust top k and the zone between."""
    layers = pareto_layers(items)
    placed = tuple(
        Placed(each, layers[each.item], *places(each, items)) for each in items
    )
    return Result(
        k,
        placed,
        frozenset(p.scored.item for p in placed if p.worst <= k),
        frozenset(p.scored.item for p in placed if p.best <= k < p.worst),
    )


def precedes(one: Scored, another: Scored) -> bool:
    """Robustly: at least as good by both lines, and better by one."""
    return (
        one.state >= another.state
        and one.municipal >= another.municipal
        and (one.state, one.municipal) != (another.state, another.municipal)
    )


def pareto_layers(items: Sequence[Scored]) -> dict[str, int]:
    """The layer of each item: 1 where none precedes it, and so on inward.

    From the state's best down, an item lies one layer below the deepest one whose
    items reach its municipal score; equals lie together.
    """
    layers: dict[str, int] = {}
    at_point: dict[tuple[int, int], int] = {}
    highest: list[int] = []
    for each in sorted(items, key=lambda s: (s.state, s.municipal), reverse=True):
        point = (each.state, each.municipal)
        if point not in at_point:
            at_point[point] = layer_for(each.municipal, highest)
        layers[each.item] = at_point[point]
    return layers


def layer_for(municipal: int, highest: list[int]) -> int:
    """The first layer with no item that reaches this score, noting that one does now.

    `highest` falls from layer to layer, so it is found by halving.
    """
    low, high = 0, len(highest)
    while low < high:
        middle = (low + high) // 2
        if highest[middle] >= municipal:
            low = middle + 1
        else:
            high = middle
    if low == len(highest):
        highest.append(municipal)
    else:
        highest[low] = municipal
    return low + 1


def places(one: Scored, items: Sequence[Scored]) -> tuple[int, int]:
    """The best and the worst place of an item over every weighting.

    Others are better up to the point where both tie, or from it on; between the
    points the number of better ones does not change.
    """
    always = 0
    # for others better at small w: where they cease; at large w: where they begin
    cease: list[float] = []
    begin: list[float] = []
    for other in items:
        by_state = other.state - one.state
        by_municipal = other.municipal - one.municipal
        if by_state > 0 and by_municipal > 0:
            always += 1
        elif by_municipal > 0:
            cease.append(by_municipal / (by_municipal - by_state))
        elif by_state > 0:
            begin.append(by_municipal / (by_municipal - by_state))
    fewest, most = range_of(sorted(cease), sorted(begin))
    return 1 + always + fewest, 1 + always + most


def range_of(cease: Sequence[float], begin: Sequence[float]) -> tuple[int, int]:
    """The fewest and the most that are better, over w from 0 to 1.

    Whole numbers are divided alike, so two that are equal give the same float.
    """
    ceased = begun = 0
    # at w = 0 all of the first are better, and of the second none
    fewest = most = len(cease)
    while ceased < len(cease) or begun < len(begin):
        point = min(
            cease[ceased] if ceased < len(cease) else 2.0,
            begin[begun] if begun < len(begin) else 2.0,
        )
        while ceased < len(cease) and cease[ceased] == point:
            ceased += 1
        # at the point itself: those that cease no longer, those that begin not yet
        fewest = min(fewest, len(cease) - ceased + begun)
        while begun < len(begin) and begin[begun] == point:
            begun += 1
        if point < 1.0:
            here = len(cease) - ceased + begun
            fewest, most = min(fewest, here), max(most, here)
    return fewest, most


def why(
    one: str, another: str, cards: Mapping[str, Mapping[Line, Scorecard]], by: Criteria
) -> Why:
    """Why one item stands before another, or why that depends on the weighting."""
    lines: tuple[Line, Line] = ("state", "municipal")
    by_criterion: dict[Line, Mapping[str, int]] = {
        line: {
            name: weight * (cards[one][line][name] - cards[another][line][name])
            for name, weight in by.weights.items()
        }
        for line in lines
    }
    by_line = {line: sum(parts.values()) for line, parts in by_criterion.items()}
    state, municipal = by_line["state"], by_line["municipal"]
    ahead = None
    if state >= 0 and municipal >= 0 and (state, municipal) != (0, 0):
        ahead = one
    elif state <= 0 and municipal <= 0 and (state, municipal) != (0, 0):
        ahead = another
    tips = Fraction(municipal, municipal - state) if state * municipal < 0 else None
    return Why(ahead, by_line, by_criterion, tips)


def pairs(names: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Each two items once."""
    for n, one in enumerate(names):
        for another in names[n + 1 :]:
            yield one, another
