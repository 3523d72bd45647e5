"""The joint report: how early each line shares with the other, always with n. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from schemas.topics import Line

from .earliness import Basis
from .policies import EarlinessPolicy


class Lead(Protocol):
    """What is counted of an initiative; `first` and `lock` are None where missing."""

    @property
    def from_line(self) -> Line: ...
    @property
    def first(self) -> object | None: ...
    @property
    def lock(self) -> object | None: ...
    @property
    def basis(self) -> Basis | None: ...
    @property
    def lead_days(self) -> int | None: ...
    @property
    def lead_class(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Counted:
    """The same, without what lies behind it."""

    from_line: Line
    first: datetime | None
    lock: date | None
    basis: Basis | None
    lead_days: int | None
    lead_class: str | None


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Lead times of one basis; days are None where n is 0."""

    n: int
    classes: dict[str, int]
    median: int | None
    p10: int | None
    p90: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one direction, with the number of initiatives behind each.

    `n_without_lock` of `n_shared` have no lock that the reader may read.
    """

    from_line: Line
    to_line: Line
    n: int
    n_shared: int
    n_without_lock: int
    realised: LeadTimes
    forecast: LeadTimes


def figures(found: Sequence[Lead], from_line: Line, policy: EarlinessPolicy) -> Figures:
    """What is reported for one direction; forecast and realised stand apart."""
    mine = [each for each in found if each.from_line == from_line]
    shared = [each for each in mine if each.first is not None]
    return Figures(
        from_line,
        policy.counterpart[from_line][0],
        len(mine),
        len(shared),
        sum(1 for each in shared if each.lock is None),
        lead_times([e for e in shared if e.basis == "realised"], policy),
        lead_times([e for e in shared if e.basis == "forecast"], policy),
    )


def lead_times(found: Sequence[Lead], policy: EarlinessPolicy) -> LeadTimes:
    """Of initiatives that all have a lead time."""
    classes = {name: 0 for name, _ in policy.classes}
    for each in found:
        classes[str(each.lead_class)] += 1
    leads = sorted(each.lead_days for each in found if each.lead_days is not None)
    return LeadTimes(
        len(leads),
        classes,
        percentile(leads, 50),
        percentile(leads, 10),
        percentile(leads, 90),
    )


def percentile(ordered: Sequence[int], percent: int) -> int | None:
    """The nearest rank, so that it is always a lead time that occurred."""
    if not ordered:
        return None
    rank = -(-percent * len(ordered) // 100)
    return ordered[max(rank, 1) - 1]
