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
    """What is known of an initiative: when it locks, and what its owner has joined it
    with.
    """

    initiative: str
    locks: tuple[date, ...] = ()
    is_live: bool = True
    joined: tuple[str, ...] = ()


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

    An item that concerns several initiatives stands once, and so do initiatives that
    are joined, with all their sides.
    """
    horizon = today + timedelta(days=ground.windows.agenda_horizon_days)
    found: list[Suggestion] = []
    concerned: set[str] = set()
    for item in items:
        if item.is_over:
            continue
        case = with_sides(item.initiatives, signals)
        concerned.update(case)
        dated = [*dates_of(item, case, signals, calendars, today, horizon)]
        reasons = {reason for reason, _ in dated} | {
            *of_item(item, today, ground, steps)
        }
        if reasons:
            before = min((day for _, day in dated), default=None)
            found.append(Suggestion(item.id, case, tuple(sorted(reasons)), before))
    for name in signals:
        case = with_sides((name,), signals)
        days = [*locks_ahead(case, signals, today, horizon)]
        if concerned.isdisjoint(case) and days:
            concerned.update(case)
            found.append(Suggestion(None, case, ("before_a_lock",), min(days)))
    return sorted(found, key=urgency)


def may_stand_out(item: Item) -> bool:
    """Whether an item may be on the agenda on some day for what lies in itself: all
    others are there only before a lock of what they are about.
    """
    return bool(
        item.stage == "prepared"
        or item.deferrals
        or item.overdue
        or item.disagreements
        or item.assessments
        or (item.budget_year is not None and item.advice is None)
    )


def with_sides(
    initiatives: Iterable[str], signals: Mapping[str, Signal]
) -> tuple[str, ...]:
    """These, and what is joined with them: where both owners say that it is."""
    case, left = set(initiatives), [*initiatives]
    while left:
        name = left.pop()
        for other in signals[name].joined if name in signals else ():
            said_by_both = other in signals and name in signals[other].joined
            if said_by_both and other not in case:
                case.add(other)
                left.append(other)
    return tuple(sorted(case))


def locks_ahead(
    case: Iterable[str], signals: Mapping[str, Signal], today: date, horizon: date
) -> Iterator[date]:
    """The days on which any of them locks that is neither stopped nor completed."""
    for name in case:
        signal = signals.get(name, Signal(name))
        if signal.is_live:
            yield from (day for day in signal.locks if today <= day <= horizon)


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
    case: Iterable[str],
    signals: Mapping[str, Signal],
    calendars: Mapping[Line, Sequence[BudgetStep]],
    today: date,
    horizon: date,
) -> Iterator[tuple[Reason, date]]:
    """Locks and budget dates ahead, until advice has been given."""
    if item.advice is not None:
        return
    for day in locks_ahead(case, signals, today, horizon):
        yield "before_a_lock", day
    if item.budget_year is None:
        return
    for line in LINES:
        for step in budget_dates(item.budget_year, line, calendars[line]):
            if today <= step.day <= horizon:
                yield "before_a_budget_date", step.day
