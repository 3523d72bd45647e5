"""Scores of items, from their last round by a version of the criteria."""

from collections.abc import Iterable, Mapping, Sequence

from schemas.topics import Line

from .policies import Criteria
from .rules import Item
from .rules.ground import LINES
from .rules.ranking import Scored, score
from .rules.state import Round


def last_round(item: Item, by: Criteria) -> Round | None:
    """The last round by this version that has been opened."""
    for each in reversed(item.rounds):
        if each.criteria == by.version and not each.open:
            return each
    return None


def cards_of(
    items: Iterable[Item], by: Criteria
) -> dict[str, Mapping[Line, Mapping[str, int]]]:
    """Both lines' scorecards of each item that has them."""
    found: dict[str, Mapping[Line, Mapping[str, int]]] = {}
    for item in items:
        opened = last_round(item, by)
        if opened is not None and len(opened.cards) == 2:
            found[item.id] = {line: opened.cards[line].scorecard for line in LINES}
    return found


def scored_in(
    items: Sequence[Item], by: Criteria
) -> tuple[list[Scored], list[dict[str, object]]]:
    """Items with both lines' scores; and those without, each with who has none."""
    cards = cards_of(items, by)
    scored = [
        Scored(name, score(card["state"], by), score(card["municipal"], by))
        for name, card in cards.items()
    ]
    without: list[dict[str, object]] = []
    for item in items:
        opened = last_round(item, by)
        if opened is not None and item.id not in cards:
            without.append({"item": item.id, "no_scores": list(opened.no_scores)})
    return scored, without
