"""Mistakes that favour a line, or whoever has the smaller number."""

from typing import Any

import pytest

from schemas.channels import LINES
from schemas.rulesets import NEWEST, ruleset
from services.registry import earliness, view
from services.registry.earliness import Reading
from services.registry.rules import Projection
from services.registry.state import Entry


def sort_by_a_lines_name(patch: pytest.MonkeyPatch) -> None:
    """The municipal line's words before the state's."""
    everybodys = Projection.everybodys

    def by_line(seen: Projection, family: Any) -> list[Entry]:
        rules = ruleset(NEWEST)
        found = everybodys(seen, family)
        return sorted(found, key=lambda each: str(rules.line_of(each.speaker)))

    patch.setattr(Projection, "everybodys", by_line)


def ties_in_the_order_of_numbers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(view, "in_turn", view.standing)


def corrections_in_the_order_of_numbers(patch: pytest.MonkeyPatch) -> None:
    def by_number(seen: Projection) -> list[Any]:
        return [seen.corrections[ref] for ref in sorted(seen.corrections)]

    patch.setattr(view, "by_time", by_number)


def of_two_channels_the_first_in_the_alphabet(patch: pytest.MonkeyPatch) -> None:
    def by_name(each: Reading) -> tuple[Any, ...]:
        return (each.since, each.channel)

    patch.setattr(earliness, "in_time", by_name)


def the_state_is_never_late(patch: pytest.MonkeyPatch) -> None:
    """A default that rests on the line."""
    lead_days = earliness.lead_days

    def kind(first: Any, *rest: Any) -> Any:
        if first is not None and first.channel == LINES[1]:
            return None, None
        return lead_days(first, *rest)

    patch.setattr(earliness, "lead_days", kind)
