"""A batch of records, judged: which are facts, which are refused, where to stop."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

import msgspec
from aiokafka import TopicPartition

from schemas.admission import admit
from schemas.fact import Fact, Fault, Newer, Refusal, content_hash
from schemas.topics import Topic

from .checkpoint import Checkpoint, Place

if TYPE_CHECKING:
    from .parked import Parked


class Record(Protocol):
    """A record as aiokafka hands it over; `timestamp` is in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]


ByPartition = Mapping[TopicPartition, Sequence[Record]]


class Arrived(msgspec.Struct, frozen=True):
    """A fact as it lies on Kafka; `appended` never goes back within a partition.

    `late` where it was parked: facts that lie behind it may have been applied before.
    """

    fact: Fact
    place: Place
    offset: int
    appended: datetime
    value: bytes
    late: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A record that no consumer can admit, and why."""

    refusal: Refusal
    place: Place
    offset: int
    key: bytes | None
    value: bytes | None


@dataclass
class Batch:
    """What one poll gave. `was` and `now` are the checkpoints before and after it.

    `gaps` are places where it began beyond the checkpoint: nothing of them is judged.
    """

    facts: list[Arrived] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    duplicates: list[Arrived] = field(default_factory=list)
    parked: list["Parked"] = field(default_factory=list)
    newer: list[tuple[Record, Newer]] = field(default_factory=list)
    was: dict[Place, Checkpoint] = field(default_factory=dict)
    now: dict[Place, Checkpoint] = field(default_factory=dict)
    gaps: dict[Place, Checkpoint] = field(default_factory=dict)

    @property
    def held_up(self) -> set[TopicPartition]:
        """Partitions of which a later record must not be judged before an earlier."""
        newer = {TopicPartition(each.topic, each.partition) for each, _ in self.newer}
        return newer | {partition_at(place) for place in self.gaps}

    def judge(self, place: Place, records: Sequence[Record], was: Checkpoint) -> None:
        """Admit what has not been applied, up to where newer code is due."""
        now, last = was, None
        for record in records:
            if record.offset < now.next:
                continue
            verdict = admit(record.value, record.headers, record.topic, record.key)
            if isinstance(verdict, Newer):
                self.newer.append((record, verdict))
                break
            appended = max(now.appended, moment_of(record))
            now, last = Checkpoint(record.offset + 1, appended), record
            if isinstance(verdict, Refusal):
                self.refused.append(refused(verdict, place, record))
            else:
                self.facts.append(arrived(verdict, place, record, appended))
        if last is not None:
            self.was[place] = was
            self.now[place] = replace(now, last=hash_of(last))

    def keep_first_sayings(self, known: Mapping[bytes, bytes]) -> None:
        """Drop what was said before; the same identity with other words is refused.

        `known` holds earlier records by mark. The first stands for everybody: facts
        of one initiative share a partition.
        """
        first = dict(known)
        arrivals, self.facts = self.facts, []
        for each in arrivals:
            if each.fact.mark not in first:
                first[each.fact.mark] = each.value
                self.facts.append(each)
            elif says_the_same(first[each.fact.mark], each):
                self.duplicates.append(each)
            else:
                self.refused.append(id_reused(each))


def partition_at(place: Place) -> TopicPartition:
    return TopicPartition(place.topic, place.partition)


def partitions_of(topics: Iterable[Topic]) -> list[TopicPartition]:
    """Every partition of these topics."""
    return [
        TopicPartition(topic.name, n)
        for topic in topics
        for n in range(topic.partitions)
    ]


def partitions_in(records: Sequence[Record]) -> dict[TopicPartition, list[Record]]:
    """Records by partition, in the order of their offsets."""
    found: dict[TopicPartition, list[Record]] = {}
    for record in records:
        place = TopicPartition(record.topic, record.partition)
        found.setdefault(place, []).append(record)
    return found


def arrived(fact: Fact, place: Place, record: Record, appended: datetime) -> Arrived:
    return Arrived(fact, place, record.offset, appended, record.value or b"")


def refused(refusal: Refusal, place: Place, record: Record) -> Refused:
    return Refused(refusal, place, record.offset, record.key, record.value)


def id_reused(each: Arrived) -> Refused:
    fault = Fault("id_reused", "/id", "said before with other content")
    key = each.fact.subject.encode()
    return Refused(Refusal((fault,)), each.place, each.offset, key, each.value)


def moment_of(record: Record) -> datetime:
    return datetime.fromtimestamp(record.timestamp / 1000, UTC)


def hash_of(record: Record) -> bytes:
    """Tells a record from another one at its offset: by when it was appended, too."""
    parts = (b"%d" % record.timestamp, record.key, record.value)
    told = (b"-" if each is None else b"%d:%b" % (len(each), each) for each in parts)
    return sha256(b"".join(told)).digest()[:16]


def says_the_same(first: bytes, again: Arrived) -> bool:
    """Of the tracker's own facts the identity alone counts."""
    if again.fact.type.group == "tracker" or first == again.value:
        return True
    return content_hash(first) == content_hash(again.value)
