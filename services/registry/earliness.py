"""How early an initiative was shared: readable by the other side before its first lock.

Early exchange of information is the first duty of the agreement KS-AID 2023-2026; what
counts is when the other side could read, not when something was sent. A lock is the
first step that binds and touches the other line. Pure: `at` is given.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

from schemas.channels import PUBLIC, orgnr_in
from schemas.policy import reaches as grant_reaches
from schemas.rulesets import NEWEST, oslo_day, ruleset
from schemas.topics import Line

from .policies import EarlinessPolicy
from .rules import Projection
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

    `due` is when the owner's word should have opened it: what lies between is the
    tracker's own delay. `share` is the grant that is due first.
    """

    channel: str
    since: datetime
    due: datetime
    share: Share


@dataclass(frozen=True, slots=True)
class Earliness:
    """One initiative's figures; None where there is nothing to compute from.

    `bodies` are the other line's channels, `first` the earliest that holds the whole
    line or its central body. `lead_days` are Norwegian calendar days to the lock.
    `lead_class_readable` is the other end of the range where the tracker was late.
    """

    from_line: Line
    to_line: Line
    announced: datetime | None
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
    announced. A reader whose grant has ended keeps the first readable time, but gets
    no class: its locks are closed to it, and nobody computes on half the truth.
    """
    line = ruleset(NEWEST).line_of(seen.owner)
    if seen.partial or line is None:
        return None
    other, counted = policy.counterpart[line]
    bodies = tuple(sorted(readings(seen, other, policy), key=in_time))
    if seen.discovered or (seen.announced is None and not bodies):
        return None
    first = earliest([each for each in bodies if each.channel in counted])
    shares = [each for each in seen.shares.values() if reaches(each, counted)]
    lock = first_lock(seen, policy) if seen.whole else None
    lead, by_readable = lead_days(first, lock, policy)
    return Earliness(
        from_line=line,
        to_line=other,
        announced=None if seen.announced is None else seen.announced.accepted,
        bodies=bodies,
        first=first,
        lock=lock,
        basis=None if lock is None else basis_on(lock.date, at),
        lead_days=lead,
        lead_class=class_of(lead, policy),
        lead_class_readable=class_of(by_readable, policy),
        open_decisions=None if first is None else open_at(first.share),
        decisions=len(policy.decisions),
        ended_after_days=None if first is None else ended_after(first, shares, policy),
        policy=policy.version,
    )


def readings(
    seen: Projection, other: Line, policy: EarlinessPolicy
) -> Iterator[Reading]:
    """Each of the other line's channels to which a grant opened the description."""
    for channel in seen.readable:
        if not is_of(channel, other):
            continue
        now = present_readings(seen, channel)
        past = past_readings(seen, channel, policy.tracker_delay)
        if (body := earliest([*now, *past])) is not None:
            yield body


def is_of(channel: str, other: Line) -> bool:
    """Whether the channel holds the other line, a body of it, or everybody."""
    orgnr = orgnr_in(channel)
    if orgnr is not None:
        return ruleset(NEWEST).line_of(orgnr) == other
    return channel in (other, PUBLIC)


def present_readings(seen: Projection, channel: str) -> Iterator[Reading]:
    """Since when the parts of the description that the reader has could be read.

    What was `named` never rests on a grant. What is `public` everybody could read
    before; there it counts from when a grant opened it.
    """
    for ref, since in seen.readable[channel].items():
        said = seen.first_said.get(ref)
        if said is None or said.visibility not in ("shared", "public"):
            continue
        opening = (s for s in seen.shares.values() if has_opened(s, said, channel))
        if (share := due_first(opening)) is None:
            continue
        public = said.visibility == channel == PUBLIC
        began = max(since, share.begun) if public else since
        due = max(said.accepted, share.due)
        yield Reading(channel, began, min(due, began), share)


def has_opened(share: Share, said: Entry, channel: str) -> bool:
    """Whether the grant was live, for the channel, once this was said too."""
    if not reaches(share, {channel}):
        return False
    if share.ended is None:
        return True
    if share.ended.order < max(share.said.order, said.order):
        return False
    # an embargo may have ended before the tracker opened it
    return share.not_before is None or share.ended.accepted > share.begun


def reaches(share: Share, channels: Collection[str]) -> bool:
    """Whether the grant has opened to one of the channels, live or ended."""
    return share.grant.open and grant_reaches(share.grant, channels)


def past_readings(seen: Projection, channel: str, skew: timedelta) -> Iterator[Reading]:
    """What a grant opened once, and is closed to this reader again.

    It has no words left to go by, so that no delay of the tracker can be told of it.
    """
    if seen.whole:
        return
    grants = [each for each in seen.shares.values() if reaches(each, {channel})]
    for ref, since in seen.readable[channel].items():
        live = (each for each in grants if was_live(each, since, skew))
        if ref not in seen.first_said and (share := due_first(live)) is not None:
            yield Reading(channel, since, since, share)


def was_live(share: Share, at: datetime, skew: timedelta) -> bool:
    """Whether it had begun and not ended, by clocks that differ by `skew` at most."""
    ended = share.ended
    return share.begun - skew <= at and (ended is None or at <= ended.accepted + skew)


def due_first(shares: Iterable[Share]) -> Share | None:
    """The grant that the owner meant to open first; of two the one said first."""
    return min(shares, key=lambda each: (each.due, each.said.order), default=None)


def earliest(found: Sequence[Reading]) -> Reading | None:
    """Of several the first that could be read, and what was due first."""
    if not found:
        return None
    read = min(found, key=in_time)
    owed = min(found, key=lambda each: (each.due, each.share.said.order))
    return Reading(read.channel, read.since, owed.due, owed.share)


def in_time(each: Reading) -> tuple[datetime, datetime, int, int, str]:
    """By time; at one moment a line before everybody, and both before single bodies.

    The lines' names would favour one; those of bodies bring order to a set.
    """
    kind = 1 if each.channel == PUBLIC else 2 if orgnr_in(each.channel) else 0
    return (each.since, each.due, each.share.said.order, kind, each.channel)


def lead_days(
    first: Reading | None, lock: Lock | None, policy: EarlinessPolicy
) -> tuple[int | None, int | None]:
    """Days by which the owner is classed; and by the first reading where it was late.

    Late is what came more than the policy's delay (a minute) after it was due: that is
    the tracker's doing, and the owner is never classed by it.
    """
    if first is None or lock is None:
        return None, None
    by_readable = days(first.since, lock.date)
    if first.since - first.due <= policy.tracker_delay:
        return by_readable, None
    return days(first.due, lock.date), by_readable


def class_of(lead: int | None, policy: EarlinessPolicy) -> str | None:
    return None if lead is None else policy.class_of(lead)


def days(begun: datetime, lock: date) -> int:
    """Calendar days in Norway from when it could be read to the lock."""
    return (lock - oslo_day(begun)).days


def first_lock(seen: Projection, policy: EarlinessPolicy) -> Lock | None:
    """The first of all locks; of one day the kind that comes first in the alphabet."""
    return min(
        (*recorded_locks(seen), *gate_locks(seen, policy)),
        key=lambda lock: (lock.date, lock.kind),
        default=None,
    )


def recorded_locks(seen: Projection) -> Iterator[Lock]:
    for each in seen.owners("lock").values():
        yield Lock(date.fromisoformat(each.value["date"]), each.value["kind"])


def gate_locks(seen: Projection, policy: EarlinessPolicy) -> Iterator[Lock]:
    """The gate that chooses the concept (Prosjektveiviseren: BP2), where it binds.

    Approved, it locks on the day of the decision; else on the day it is planned for,
    unless the plan was overtaken: the gate was rejected or postponed after it.
    """
    gate = policy.locking_gate
    decided = [e for e in seen.owners("gate").values() if e.value["gate"] == gate]
    approved = [e for e in decided if e.value["outcome"] == "approved"]
    for each in approved:
        yield Lock(date.fromisoformat(each.value["date"]), policy.locking_kind)
    plan = seen.owners("gateplan").get(gate)
    if approved or plan is None or plan.value["date"] is None:
        return
    if all(each.order < plan.order for each in decided):
        yield Lock(date.fromisoformat(plan.value["date"]), policy.locking_kind)


def basis_on(lock: date, at: datetime) -> Basis:
    return "realised" if lock <= oslo_day(at) else "forecast"


def open_at(share: Share) -> int | None:
    """How many of the fixed decisions the share said were open; None if it did not."""
    said = share.said.value.get("open_decisions")
    return None if said is None else len(said)


def ended_after(
    first: Reading, shares: Iterable[Share], policy: EarlinessPolicy
) -> int | None:
    """Days until the other line's first unbroken cover ended; None while it lasts.

    A share that comes later does not hide that there was a gap.
    """
    # intake's clock, which dates the grant, may be ahead of delivery's
    begun = min(first.share.begun, first.since + policy.tracker_delay)
    end = covered_until(max(first.since, begun), shares)
    return None if end is None else (oslo_day(end) - oslo_day(first.since)).days


def covered_until(begun: datetime, shares: Iterable[Share]) -> datetime | None:
    """When the last of the grants that take over from each other ended, if it has."""
    until = begun
    for share in sorted(shares, key=lambda each: each.begun):
        if share.begun > until:
            break
        if share.ended is None:
            return None
        until = max(until, share.ended.accepted)
    return until
