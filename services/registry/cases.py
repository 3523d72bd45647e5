"""Joint initiatives: two that name each other are one case with two sides. Pure.

Each owner keeps its own record, and a grant opens the granter's side only; so a case is
seen by who may read both sides. One-sided, joined is the speaker's claim.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from .rules import Projection


@dataclass(frozen=True, slots=True)
class Joint:
    """An initiative that another is joined with, as one reader sees both.

    `diverged` names the gates that the two have decided differently; None where it is
    one-sided, or gates are not open to the reader.
    """

    subject: str
    mutual: bool
    diverged: tuple[str, ...] | None


def joint_with(seen: Projection, others: Mapping[str, Projection]) -> list[Joint]:
    """What an initiative is joined with; `others` are what the reader sees of those."""
    found = []
    for subject in in_order_said(seen):
        other = others.get(subject)
        mutual = other is not None and is_mutual(seen, other)
        diverged = diverging(seen, other) if other is not None and mutual else None
        found.append(Joint(subject, mutual, diverged))
    return found


def in_order_said(seen: Projection) -> list[str]:
    """What the owner has joined it with, in the order in which it said so."""
    joined = seen.owners("joined")
    return sorted(joined, key=lambda subject: joined[subject].order)


def is_mutual(one: Projection, other: Projection) -> bool:
    """Whether both owners say, to this reader, that the two are one undertaking."""
    return (
        one.subject != other.subject
        and other.subject in one.owners("joined")
        and one.subject in other.owners("joined")
    )


def diverging(one: Projection, other: Projection) -> tuple[str, ...] | None:
    """Gates at which the two lines have decided differently, or one has not decided."""
    if not (one.whole and other.whole):
        return None
    mine, theirs = one.outcomes, other.outcomes
    return tuple(
        gate
        for gate in sorted(mine.keys() | theirs.keys())
        if mine.get(gate) != theirs.get(gate)
    )


def once_per_case(
    found: Sequence[Projection],
    others: Mapping[str, Projection],
    place: Callable[[str], bytes],
) -> dict[str, list[str]]:
    """The lines of a list, each with the other sides of its case, if it is one.

    `others` are what the same list finds of what these are joined with. A case stands
    once, under the side whose `place` comes first.
    """
    lines: dict[str, list[str]] = {}
    for seen in found:
        mutual = [
            subject
            for subject in in_order_said(seen)
            if subject in others and is_mutual(seen, others[subject])
        ]
        if all(place(seen.subject) < place(each) for each in mutual):
            lines[seen.subject] = mutual
    return lines
