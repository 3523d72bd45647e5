"""What became of advice: by line, and what became of the dissents."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from schemas.advice import Followed
from schemas.topics import Line

from .ground import LINES
from .state import Item

OUTCOMES: tuple[Followed, ...] = ("followed", "partly", "not_followed", "pending")


@dataclass(frozen=True, slots=True)
class FollowThrough:
    """Of `given` pieces of advice that stand, how many a line has followed, and so on.

    What a line has said nothing of is pending.
    """

    line: Line
    given: int
    counts: Mapping[Followed, int]


@dataclass(frozen=True, slots=True)
class Calibration:
    """A line's dissents, and what became of them as both lines judge it.

    A dissent that the lines judge differently is disputed, and counts as neither.
    """

    line: Line
    dissents: int
    proved_right: int
    proved_wrong: int
    unclear: int
    disputed: int


def follow_through(items: Iterable[Item]) -> list[FollowThrough]:
    known = [item for item in items if item.advice is not None]
    return [of_line(line, known) for line in LINES]


def of_line(line: Line, items: list[Item]) -> FollowThrough:
    counts = dict.fromkeys(OUTCOMES, 0)
    for item in items:
        counts[outcome_of(item, line)] += 1
    return FollowThrough(line, len(items), counts)


def outcome_of(item: Item, line: Line) -> Followed:
    """What a line said last of the advice that stands."""
    if item.advice is None:
        return "pending"
    said = [
        each.outcome
        for each in item.followups
        if each.line == line and each.hash == item.advice.hash
    ]
    return said[-1] if said else "pending"


def calibration(items: Iterable[Item]) -> list[Calibration]:
    """How often each line was right when it dissented."""
    known = list(items)
    return [calibrated(line, known) for line in LINES]


def calibrated(line: Line, items: list[Item]) -> Calibration:
    verdicts = [*verdicts_of(line, items)]
    counted = {
        name: sum(1 for each in verdicts if each == name)
        for name in ("proved_right", "proved_wrong", "unclear", "disputed")
    }
    return Calibration(line, len(verdicts), **counted)


def verdicts_of(line: Line, items: list[Item]) -> Iterator[str]:
    """One word for each dissent: unclear until somebody has judged it."""
    for item in items:
        for given in item.issued:
            position = given.positions.get(line)
            if position is None or position.position != "dissent":
                continue
            last = {
                each.by: each.outcome
                for each in item.verdicts
                if each.dissent == line and each.hash == given.hash
            }
            words = set(last.values()) or {"unclear"}
            yield words.pop() if len(words) == 1 else "disputed"
