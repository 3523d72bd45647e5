"""What one round of asking found. Its JSON is what `lag --json` and the API give.

A number is None where it is not known: what could not be asked never looks like 0.
"""

from datetime import datetime
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

Source = Literal["checkpoint", "kafka"]
Verdict = Literal["caught_up", "behind", "unknown"]


class Told(BaseModel):
    """A part of the report; the docstrings are its public description."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)


class Member(Told):
    """The consumer that holds a partition, as the broker knows it."""

    host: str
    consumer_id: str
    client_id: str


class PartitionLag(Told):
    """Where a group stands in a partition."""

    topic: str
    partition: int
    next: int | None
    """The next offset it will apply; null where it has never committed, and is
    counted from the beginning of the log."""
    committed: int | None
    """Kafka's own note, which may trail a checkpoint."""
    earliest: int
    """The first offset that is kept."""
    end: int
    """Where a reader of committed records comes to the end."""
    records: int
    """Offsets from its oldest unread record to the end: 0 only where no record is
    unread. Markers of transactions among them count."""
    seconds: float | None
    """The age of its oldest unread record: 0 where none is unread, null where it could
    not be read in time."""
    expired: int
    """Offsets that were deleted before they were read."""
    ahead: int
    """How far its position lies beyond the log, which must then have been cut."""
    member: Member | None


class GroupLag(Told):
    """A consumer group, and what of it is not known."""

    name: str
    source: Source
    """`checkpoint`: from the service's own transactions. `kafka`: from the offsets
    committed to Kafka."""
    state: str
    """Kafka's word for it; ABSENT where Kafka has never heard of the group, UNKNOWN
    also while it rebalances."""
    members: int | None
    records: int | None
    seconds: float | None
    error: str | None
    """Why it could not be asked, or not all of it."""
    partitions: tuple[PartitionLag, ...]


class Stopped(Told):
    """A partition that a service cannot get past: only the error's class and place."""

    group: str
    topic: str
    partition: int
    offset: int
    error_class: str
    place: str
    since: AwareDatetime


class Parked(Stopped):
    """A fact that a service's code cannot apply, and how many wait behind it.

    The others go on. Set aside, it has no effect anywhere until it is reinstated.
    """

    set_aside: bool
    waiting_behind: int


class Outbox(Told):
    """Facts on their way to Kafka, and the age of the oldest."""

    waiting: int
    oldest_seconds: float


class ServiceState(Told):
    """What a service tells of itself; null where it could not be asked."""

    name: str
    outbox: Outbox | None
    stopped: tuple[Stopped, ...] | None
    parked: tuple[Parked, ...] | None
    """At most 200 of them, the longest parked first."""
    error: str | None


class Rejected(Told):
    """Records on the rejected topic: of the last 24 hours, and all that are kept."""

    recent: int
    kept: int


class TopicEnds(Told):
    """The first offset kept of a partition, and the one the next record gets."""

    topic: str
    partition: int
    earliest: int
    latest: int


class Report(Told):
    """One round of asking."""

    measured: AwareDatetime
    took_seconds: float
    verdict: Verdict
    groups: tuple[GroupLag, ...]
    """The worst first."""
    services: tuple[ServiceState, ...]
    rejected: Rejected | None
    partitions: tuple[TopicEnds, ...]
    unanswered: tuple[str, ...]
    """In sentences, what could not be asked, and what to mend."""

    def group(self, name: str) -> GroupLag | None:
        return next((group for group in self.groups if group.name == name), None)

    @property
    def stopped(self) -> tuple[Stopped, ...]:
        """Every partition that stands, of every service that could be asked."""
        return tuple(stop for each in self.services for stop in each.stopped or ())

    @property
    def parked(self) -> tuple[Parked, ...]:
        """Every fact that fails, of every service that could be asked."""
        return tuple(fact for each in self.services for fact in each.parked or ())


def age(since: datetime, now: datetime) -> float:
    """Seconds since then; 0 where the two clocks disagree."""
    return max(0.0, (now - since).total_seconds())
