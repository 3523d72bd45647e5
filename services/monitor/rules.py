"""Arithmetic of lag and the verdict. Pure: no I/O, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from .report import GroupLag, PartitionLag, Rejected, ServiceState, Verdict, age

# topic and partition
Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Log:
    """A partition's log: the first offset kept, where committed records end, and the
    offset that the next record gets. `end` is less than `latest` while a transaction
    is open.
    """

    earliest: int
    end: int
    latest: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What lies between a group and the end of a log; no number is ever negative.

    `start` is where reading goes on, `expired` what was deleted before it was read,
    `ahead` how far a position lies beyond the log.
    """

    start: int
    records: int
    expired: int
    ahead: int


@dataclass(frozen=True, slots=True)
class Oldest:
    """The first record that a reader would get from a start on, and when it came.

    `appended` is None where there is none before `offset`: markers of transactions
    and aborted records take offsets too.
    """

    offset: int
    appended: datetime | None

    def holds_for(self, end: int) -> bool:
        """A record that was the oldest stays so; "none" holds until more is there."""
        return self.appended is not None or self.offset >= end


def gap(position: int | None, log: Log) -> Gap:
    """How far a position is from the end.

    A group that has never committed begins where the log begins.
    """
    at = log.earliest if position is None else position
    start = max(at, log.earliest)
    return Gap(
        start=start,
        records=max(0, log.end - start),
        expired=max(0, log.earliest - at),
        ahead=max(0, at - log.latest),
    )


def unread(
    found: Gap, log: Log, oldest: Oldest | None, now: datetime
) -> tuple[int, float | None]:
    """Records and seconds behind. Without the oldest record the seconds are unknown."""
    if found.records == 0:
        return 0, 0.0
    if oldest is None:
        return found.records, None
    if oldest.appended is None or oldest.offset >= log.end:
        return 0, 0.0
    return log.end - max(oldest.offset, found.start), age(oldest.appended, now)


def records_of(partitions: Sequence[PartitionLag]) -> int:
    return sum(part.records for part in partitions)


def seconds_of(partitions: Sequence[PartitionLag]) -> float | None:
    """The greatest age; None where an unread record's age is not known."""
    ages = [part.seconds for part in partitions]
    known = [seconds for seconds in ages if seconds is not None]
    return max(known, default=0.0) if len(known) == len(ages) else None


def rejected(
    recent: Mapping[Place, int | None], logs: Mapping[Place, Log | str]
) -> Rejected | None:
    """How many records the topic holds, and how many from each `recent` offset on.

    None where the ends of a partition are not known.
    """
    ends = {place: logs.get(place) for place in recent}
    known = {place: log for place, log in ends.items() if isinstance(log, Log)}
    if len(known) < len(ends):
        return None
    return Rejected(
        recent=sum(
            max(0, log.end - start)
            for place, log in known.items()
            if (start := recent[place]) is not None
        ),
        kept=sum(log.end - log.earliest for log in known.values()),
    )


def worst_first(groups: Sequence[GroupLag]) -> tuple[GroupLag, ...]:
    """Unknown, then by age and records; those who are caught up by name."""
    return tuple(sorted(groups, key=badness))


def badness(group: GroupLag) -> tuple[bool, bool, bool, float, int, str]:
    return (
        group.error is None,
        not is_behind(group),
        group.seconds is not None,
        -(group.seconds or 0.0),
        -(group.records or 0),
        group.name,
    )


def verdict(
    groups: Sequence[GroupLag],
    services: Sequence[ServiceState],
    rejected: Rejected | None,
    unanswered: Sequence[str],
) -> Verdict:
    """Nothing behind is said only when everything was asked."""
    if unanswered or rejected is None:
        return "unknown"
    behind = any(map(is_behind, groups)) or any(map(is_held_up, services))
    return "behind" if behind or rejected.recent else "caught_up"


def is_behind(group: GroupLag) -> bool:
    """Something is unread, or was deleted unread, or the log was cut."""
    return any(map(has_something_to_say, group.partitions))


def has_something_to_say(part: PartitionLag) -> bool:
    return bool(part.records or part.expired or part.ahead)


def is_held_up(service: ServiceState) -> bool:
    """A partition stands, a fact is parked, or one waits to be sent."""
    waiting = service.outbox is not None and service.outbox.waiting
    failing = [fact for fact in service.parked or () if not fact.set_aside]
    return bool(service.stopped or failing or waiting)
