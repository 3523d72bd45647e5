"""The same records read otherwise: in another order, in batches cut anywhere."""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from schemas.fact import Fact

from .choices import Choices, Draw, choices
from .telling import Told


class Placed(Protocol):
    """Lies on a topic."""

    @property
    def topic(self) -> str: ...


P = TypeVar("P", bound=Placed)


def interleaved(draw: Draw, history: Sequence[P]) -> list[P]:
    """The same records read in another order, each topic in its own."""
    return in_turns(choices(draw, len(history)), history)


def in_turns(of: Choices, history: Sequence[P]) -> list[P]:
    by_topic: dict[str, list[P]] = {}
    for told in history:
        by_topic.setdefault(told.topic, []).append(told)
    turns = of.shuffled([told.topic for told in history])
    left = {topic: iter(records) for topic, records in by_topic.items()}
    return [next(left[topic]) for topic in turns]


def cut(draw: Draw, history: Sequence[P]) -> list[list[P]]:
    """The same records in batches, cut anywhere."""
    return in_batches(choices(draw, len(history)), history)


def in_batches(of: Choices, history: Sequence[P]) -> list[list[P]]:
    batches: list[list[P]] = []
    for told in history:
        if not batches or of.one_in(2):
            batches.append([])
        batches[-1].append(told)
    return batches


def named_in(history: Sequence[Told]) -> Callable[[Fact], Fact | None]:
    """Which fact another is about, if it is known and of the type that was said."""
    known = {told.fact.ref: told.fact for told in history}

    def named(fact: Fact) -> Fact | None:
        found = None if fact.named is None else known.get(fact.named)
        right = found is not None and found.type.name == fact.named_type
        return found if right else None

    return named
