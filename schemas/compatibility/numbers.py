"""Bounds on numbers: least, greatest, multiples. Exact: no floating point."""

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor

from .alternatives import Alternative

Bound = tuple[Fraction, bool]


def refusals(said: Alternative, taken: Alternative) -> Iterator[tuple[str, str]]:
    """Numbers that the writer's bounds allow and the reader's do not."""
    ours, theirs = least(said), least(taken)
    if theirs is not None and (ours is None or ours < theirs):
        yield "minimum", f"writers say {words(ours)}, readers take {words(theirs)}"
    ours, theirs = greatest(said), greatest(taken)
    if theirs is not None and (ours is None or ours > theirs):
        yield "maximum", f"writers say {words(ours)}, readers take {words(theirs)}"
    step, takes_step = step_of(said), step_of(taken)
    if takes_step is not None and (step is None or step % takes_step != 0):
        yield "multipleOf", f"writers' step is {step}, readers' is {takes_step}"


def least(one: Alternative) -> Bound | None:
    """The lower bound; the second part is True where it is itself left out."""
    found = [(exact(one.get(k)), k != "minimum") for k in LOWER if k in one.bounds]
    if not found:
        return None
    bound, without = max(found)
    if one.kind == "integer":
        return Fraction(floor(bound) + 1 if without else ceil(bound)), False
    return bound, without


def greatest(one: Alternative) -> Bound | None:
    """The upper bound; the second part is False where it is itself left out."""
    found = [(exact(one.get(k)), k == "maximum") for k in UPPER if k in one.bounds]
    if not found:
        return None
    bound, included = min(found)
    if one.kind == "integer":
        return Fraction(floor(bound) if included else ceil(bound) - 1), True
    return bound, included


def step_of(one: Alternative) -> Fraction | None:
    step = exact(one.get("multipleOf")) if "multipleOf" in one.bounds else None
    if one.kind == "integer":
        # whole multiples of 3/2 are those of 3
        return Fraction(1 if step is None else step.numerator)
    return step


def exact(number: float) -> Fraction:
    return Fraction(str(number))


def words(bound: Bound | None) -> str:
    return "any" if bound is None else str(float(bound[0]))


LOWER = ("minimum", "exclusiveMinimum")
UPPER = ("maximum", "exclusiveMaximum")
