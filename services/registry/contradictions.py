"""What does not fit together in what was said: shown by its rule's name, not refused.

Each rule looks at what the reader may read, and only where all of it is open to it.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

from schemas.identity import Ref
from schemas.rulesets import NEWEST, oslo_day, ruleset

from .policies import GATE_ORDER, ContradictionPolicy
from .rules import DESCRIPTION, Projection
from .state import Entry


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A rule that what was said does not keep, the facts it is seen in, and how."""

    rule: str
    facts: tuple[Ref, ...]
    detail: str


def contradictions(
    seen: Projection, policy: ContradictionPolicy
) -> list[Contradiction]:
    """All of them, by rule and then by time: no order rests on who said it."""
    if not seen.whole:
        return []
    found = [
        *gates_before_it_exists(seen),
        *gates_out_of_order(seen),
        *municipalities_not_valid(seen),
        *shares_that_do_not_add_up(seen, policy),
        *back_dated(seen, policy),
    ]
    said = {each.ref: (each.accepted, each.ref.id) for each in seen.standing.values()}

    def place(each: Contradiction) -> tuple[object, ...]:
        return (each.rule, [said[ref] for ref in each.facts], each.detail, each.facts)

    return sorted(found, key=place)


def gates_before_it_exists(seen: Projection) -> Iterator[Contradiction]:
    """A gate that was decided on a day before the initiative was announced."""
    if seen.announced is None:
        return
    day = oslo_day(seen.announced.accepted)
    for gate in seen.owners("gate").values():
        name, decided = gate.value["gate"], gate.value["date"]
        if decided < day.isoformat():
            yield Contradiction(
                "gate_before_it_exists",
                (gate.ref,),
                f"{name} was decided on {decided}; it was announced on {day}",
            )


def gates_out_of_order(seen: Projection) -> Iterator[Contradiction]:
    """A gate that was passed on an earlier day than the one before it."""
    passed = {
        each.value["gate"]: each
        for each in seen.owners("gate").values()
        if each.value["outcome"] == "approved"
    }
    in_order = [passed[gate] for gate in GATE_ORDER if gate in passed]
    for earlier, later in pairwise(in_order):
        if later.value["date"] < earlier.value["date"]:
            yield Contradiction(
                "gates_out_of_order",
                (earlier.ref, later.ref),
                f"{later.value['gate']} before {earlier.value['gate']}",
            )


def municipalities_not_valid(seen: Projection) -> Iterator[Contradiction]:
    """A municipality that does not exist on the day that is meant.

    Judged on that day, by the table of codes with their validity, never by today's.
    """
    codes = ruleset(NEWEST)
    for said, named, day in touched(seen):
        for code in named:
            if not codes.is_municipality_on(code, day):
                yield Contradiction(
                    "municipality_not_valid",
                    (said.ref,),
                    f"{code} is no municipality on {day}",
                )


def touched(seen: Projection) -> Iterator[tuple[Entry, list[str], date]]:
    """What names municipalities, which, and the day that it is about."""
    described = seen.owners(DESCRIPTION).get("municipalities")
    if described is not None:
        yield described, described.value or [], oslo_day(described.accepted)
    for scope in seen.owners("scope").values():
        begins = scope.value.get("valid_from")
        day = date.fromisoformat(begins) if begins else oslo_day(scope.accepted)
        yield scope, scope.value.get("municipalities") or [], day


def shares_that_do_not_add_up(
    seen: Projection, policy: ContradictionPolicy
) -> Iterator[Contradiction]:
    """Shares of one budget year that are more than the whole of its need."""
    by_year: dict[int, list[Entry]] = defaultdict(list)
    for line in seen.everybodys("funding"):
        counts = line.type != "funding.refused"
        if counts and line.value.get("share_percent") is not None:
            by_year[line.value["budget_year"]].append(line)
    for year, lines in sorted(by_year.items()):
        whole = sum(line.value["share_percent"] for line in lines)
        if whole > policy.whole_percent:
            yield Contradiction(
                "shares_do_not_add_up",
                tuple(line.ref for line in lines),
                f"{whole} per cent of the need in {year}",
            )


def back_dated(
    seen: Projection, policy: ContradictionPolicy
) -> Iterator[Contradiction]:
    """What claims to have been said long before it was accepted."""
    limit = timedelta(days=policy.back_dated_days)
    said = {each.ref: each for each in seen.standing.values()}
    for ref, each in sorted(said.items()):
        if each.accepted - each.time > limit:
            days = (each.accepted - each.time).days
            yield Contradiction(
                "back_dated", (ref,), f"said to be of {days} days before its acceptance"
            )
