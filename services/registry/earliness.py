"""How early an initiative was shared: readable by the other side before the first lock.

A lock is the first step that binds and touches the other line. Pure: `at` is given.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from schemas.policy import Grant
from schemas.rulesets import NEWEST, oslo_day, ruleset
from schemas.topics import Line

from .policies import EarlinessPolicy
from .rules import DESCRIPTION, Projection
from .state import Entry, Share

# a lock that lies ahead makes the lead time a forecast; the two are never mixed
Basis = Literal["forecast", "realised"]


@dataclass(frozen=True, slots=True)
class Lock:
    """A step that binds: a recorded lock, or the gate that chooses the concept."""

    date: date
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """Since when a channel could read the description under a grant.

    `due` is when the owner's share should have opened it: what lies between is the
    tracker's own delay, and the owner is not classed by it.
    """

    channel: str
    since: datetime
    due: datetime
    share: Share


@dataclass(frozen=True, slots=True)
class Earliness:
    """One initiative's figures; None where there is nothing to compute from.

    `lead_days` and `lead_class` rest on when the owner shared; `lead_class_readable`
    on when the other side could read, where the tracker was over a minute late.
    """

    from_line: Line
    to_line: Line
    announced: datetime
    bodies: tuple[Reading, ...]
    first: Reading | None
    lock: Lock | None
    basis: Basis | None
    lead_days: int | None
    lead_class: str | None
    lead_class_readable: str | None
    open_decisions: int | None
    decisions: int
    ended_after_days: int | None
    policy: str


def earliness(
    seen: Projection, policy: EarlinessPolicy, at: datetime
) -> Earliness | None:
    """The figures as one reader sees them, on the day of `at`.

    None for a reader to whom the initiative was never shared, and while nothing was
    announced.
    """
    line = ruleset(NEWEST).line_of(seen.owner)
    if seen.partial or seen.announced is None or line is None:
        return None
    other, counted = policy.counterpart[line]
    bodies = tuple(sorted(readings(seen), key=lambda r: (r.since, r.channel)))
    first = next((each for each in bodies if each.channel in counted), None)
    lock = first_lock(seen, policy)
    lead = None if first is None or lock is None else days(first.due, lock.date)
    read = None if first is None or lock is None else days(first.since, lock.date)
    late_tracker = first is not None and first.since - first.due > policy.tracker_delay
    return Earliness(
        from_line=line,
        to_line=other,
        announced=seen.announced.accepted,
        bodies=bodies,
        first=first,
        lock=lock,
        basis=None if lock is None else basis_of(lock, at),
        lead_days=lead,
        lead_class=None if lead is None else policy.class_of(lead),
        lead_class_readable=policy.class_of(read)
        if late_tracker and read is not None
        else None,
        open_decisions=open_at_share(first),
        decisions=len(policy.decisions),
        ended_after_days=ended_after(first),
        policy=policy.version,
    )


def readings(seen: Projection) -> Iterable[Reading]:
    """Each channel to which a grant opened the description."""
    described = descriptions(seen)
    for channel, facts in seen.readable.items():
        opening = [share for share in seen.shares.values() if opens(share, channel)]
        if not opening or not facts:
            continue
        share = min(opening, key=due)
        since = min(facts.values())
        if channel == "public" and all(f.visibility == "public" for f in described):
            # public words need no grant: it counts from the grant on
            since = max(since, due(share))
        begun = max(
            due(share), min((f.accepted for f in described), default=due(share))
        )
        yield Reading(channel, since, min(begun, since), share)


def descriptions(seen: Projection) -> list[Entry]:
    found = [e for (_, family, _), e in seen.standing.items() if family == DESCRIPTION]
    return found if seen.announced is None else [seen.announced, *found]


def opens(share: Share, channel: str) -> bool:
    grant: Grant = share.grant
    return grant.open and channel in grant.audience


def due(share: Share) -> datetime:
    """When the owner meant the share to open: accepted, or its embargo's end."""
    if share.shared is None:
        raise ValueError("a grant that was never read opens nothing")
    accepted = share.shared.accepted
    return accepted if share.not_before is None else max(accepted, share.not_before)


def first_lock(seen: Projection, policy: EarlinessPolicy) -> Lock | None:
    return min(
        locks(seen, policy), key=lambda lock: (lock.date, lock.kind), default=None
    )


def locks(seen: Projection, policy: EarlinessPolicy) -> Iterable[Lock]:
    """Recorded locks, and the gate that locks: decided, or else as it is planned."""
    decided = False
    planned: Lock | None = None
    for (speaker, family, key), entry in seen.standing.items():
        value = entry.value
        if speaker != seen.owner:
            continue
        if family == "lock":
            yield Lock(date.fromisoformat(value["date"]), value["kind"])
        elif family == "gate" and value["gate"] == policy.locking_gate:
            if value["outcome"] == "approved":
                decided = True
                yield Lock(date.fromisoformat(value["date"]), policy.locking_kind)
        elif family == "gateplan" and key == policy.locking_gate and value["date"]:
            planned = Lock(date.fromisoformat(value["date"]), policy.locking_kind)
    if planned is not None and not decided:
        yield planned


def days(begun: datetime, lock: date) -> int:
    """Calendar days in Norway from when it could be read to the lock."""
    return (lock - oslo_day(begun)).days


def basis_of(lock: Lock, at: datetime) -> Basis:
    return "realised" if lock.date <= oslo_day(at) else "forecast"


def open_at_share(first: Reading | None) -> int | None:
    """How many of the fixed decisions the share said were open; None if it did not."""
    if first is None or first.share.shared is None:
        return None
    said = first.share.shared.value.get("open_decisions")
    return None if said is None else len(said)


def ended_after(first: Reading | None) -> int | None:
    if first is None or first.share.ended is None:
        return None
    return (oslo_day(first.share.ended.accepted) - oslo_day(first.since)).days


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one direction, with the number of initiatives behind each."""

    from_line: Line
    to_line: Line
    n: int
    n_shared: int
    n_without_lock: int
    realised: "LeadTimes"
    forecast: "LeadTimes"


@dataclass(frozen=True, slots=True)
class LeadTimes:
    """Lead times of one basis; days are None where n is 0."""

    n: int
    classes: dict[str, int]
    median: int | None
    p10: int | None
    p90: int | None


def figures(
    found: Sequence[Earliness], from_line: Line, policy: EarlinessPolicy
) -> Figures:
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


def lead_times(found: Sequence[Earliness], policy: EarlinessPolicy) -> LeadTimes:
    classes = {name: 0 for name, _ in policy.classes}
    for each in found:
        classes[str(each.lead_class)] += 1
    leads = sorted(each.lead_days for each in found if each.lead_days is not None)
    return LeadTimes(
        len(leads),
        classes,
        quantile(leads, 0.5),
        quantile(leads, 0.1),
        quantile(leads, 0.9),
    )


def quantile(ordered: Sequence[int], share: float) -> int | None:
    """The nearest rank, so that it is always a lead time that occurred."""
    if not ordered:
        return None
    return ordered[min(len(ordered) - 1, max(0, round(share * len(ordered) + 0.5) - 1))]
