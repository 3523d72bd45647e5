"""The agenda builder: what should be on the next agenda, and why."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from schemas.topics import Line
from services.consultation.policies import BudgetStep

from .disagreements import gaps
from .ground import LINES, Ground
from .schemes import budget_dates
from .state import Item

Reason = Literal[
    "ready",
    "before_a_lock",
    "before_a_budget_date",
    "was_deferred",
    "overdue",
    "factor_gap",
    "disagreement",
]


@dataclass(frozen=True, slots=True)
class Signal:
    """What is known of an initiative: when it locks, and when its money is needed."""

    initiative: str
    locks: tuple[date, ...] = ()
    is_live: bool = True


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item, or an initiative without one, with why and by when."""

    item: str | None
    initiatives: tuple[str, ...]
    reasons: tuple[Reason, ...]
    before: date | None


def suggestions(
    items: Iterable[Item],
    signals: Mapping[str, Signal],
    calendars: Mapping[Line, Sequence[BudgetStep]],
    steps: Mapping[str, int | None],
    today: date,
    ground: Ground,
) -> list[Suggestion]:
    """The most pressing first: by the day before which it should be dealt with.

    An item that concerns several initiatives stands once.
    """
    horizon = today + timedelta(days=ground.windows.agenda_horizon_days)
    found: list[Suggestion] = []
    concerned: set[str] = set()
    for item in items:
        if item.is_over:
            continue
        concerned.update(item.initiatives)
        dated = [*dates_of(item, signals, calendars, today, horizon)]
        reasons = {reason for reason, _ in dated} | {
            *of_item(item, today, ground, steps)
        }
        if reasons:
            before = min((day for _, day in dated), default=None)
            named = tuple(sorted(reasons))
            found.append(Suggestion(item.id, item.initiatives, named, before))
    for name, signal in signals.items():
        ahead = [day for day in signal.locks if today <= day <= horizon]
        if name not in concerned and signal.is_live and ahead:
            found.append(Suggestion(None, (name,), ("before_a_lock",), min(ahead)))
    return sorted(found, key=urgency)


def urgency(each: Suggestion) -> tuple[date, int, str]:
    """By day; without one last, overdue ones first; then by the item's number."""
    day = each.before or date.max
    return day, "overdue" not in each.reasons, running(each.item)


def running(item: str | None) -> str:
    """A key by year and number, so that 3/27 stands before 12/27."""
    if item is None:
        return "~"
    number, _, year = item.rpartition(":")[2].partition("-")
    return f"{year}-{int(number):06}"


def of_item(
    item: Item, today: date, ground: Ground, steps: Mapping[str, int | None]
) -> Iterator[Reason]:
    """Reasons that lie in the item itself."""
    deferred = item.deferred_on(today)
    if item.stage == "prepared" and not deferred:
        yield "ready"
    if item.deferrals and not deferred and not item.meetings:
        yield "was_deferred"
    if item.overdue:
        yield "overdue"
    if any(each.is_open for each in item.disagreements.values()):
        yield "disagreement"
    if any(True for _ in gaps(item, steps, ground.windows.factor_gap_steps)):
        yield "factor_gap"


def dates_of(
    item: Item,
    signals: Mapping[str, Signal],
    calendars: Mapping[Line, Sequence[BudgetStep]],
    today: date,
    horizon: date,
) -> Iterator[tuple[Reason, date]]:
    """Locks and budget dates ahead, until advice has been given."""
    if item.advice is not None:
        return
    for name in item.initiatives:
        for day in signals[name].locks if name in signals else ():
            if today <= day <= horizon:
                yield "before_a_lock", day
    if item.budget_year is None:
        return
    for line in LINES:
        for step in budget_dates(item.budget_year, line, calendars[line]):
            if today <= step.day <= horizon:
                yield "before_a_budget_date", step.day
