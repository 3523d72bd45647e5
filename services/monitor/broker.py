"""Questions to the broker: groups, their commits, the logs' ends. Admin calls only.

The offsets topic is never decoded: its record format changes between releases.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, Self, TypeVar

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    IsolationLevel,
    KafkaError,
    KafkaException,
    TopicCollection,
    TopicPartition,
)
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # its public names
    AdminClient,
    OffsetSpec,
)

from .report import Member
from .rules import Log, Place

K = TypeVar("K")
# a topic that was deleted between two questions, or a partition that never was
GONE = frozenset(
    {
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001  # librdkafka's own codes
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
    }
)
# what a group is called that was deleted between two questions
DEAD = "DEAD"
EARLIEST: OffsetSpec = OffsetSpec.earliest()  # type: ignore[no-untyped-call]
LATEST: OffsetSpec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
READABLE = IsolationLevel.READ_COMMITTED
WRITTEN = IsolationLevel.READ_UNCOMMITTED
# librdkafka takes no time limit of 0
SHORTEST = 0.1


@dataclass(frozen=True, slots=True)
class Commits:
    """What the broker knows of a group; `offsets` has None where none is committed."""

    group: str
    state: str = "UNKNOWN"
    members: int | None = None
    offsets: Mapping[Place, int | None] = field(default_factory=dict)
    holders: Mapping[Place, Member] = field(default_factory=dict)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Existing:
    """A topic as it stands; its id tells it from one made anew under its name."""

    id: str
    partitions: int


@dataclass(frozen=True, slots=True)
class Broker:
    """The broker, for questions that must all be answered by a deadline."""

    admin: AdminClient
    deadline: float

    @classmethod
    def within(cls, admin: AdminClient, limit: timedelta) -> Self:
        """For questions that begin now."""
        return cls(admin, monotonic() + limit.total_seconds())

    @property
    def left(self) -> float:
        return max(SHORTEST, self.deadline - monotonic())

    async def groups(self) -> list[str]:
        """Every group on the cluster. Raises KafkaException where not all can be."""
        listed = await asyncio.wrap_future(
            self.admin.list_consumer_groups(request_timeout=self.left)
        )
        if listed.errors:
            # a KafkaError, which is a BaseException and not meant to be raised
            raise KafkaException(listed.errors[0])
        return sorted(group.group_id for group in listed.valid)

    async def commits(self, groups: list[str]) -> list[Commits]:
        """Offsets and members of each group; a group that fails spoils no other."""
        if not groups:
            return []
        described = self.admin.describe_consumer_groups(
            groups, request_timeout=self.left
        )
        offsets: dict[str, Future[Any]] = {}
        for group in groups:
            offsets |= self.admin.list_consumer_group_offsets(
                [ConsumerGroupTopicPartitions(group)], request_timeout=self.left
            )
        members, committed = await asyncio.gather(all_of(described), all_of(offsets))
        found = (commits_of(name, members[name], committed[name]) for name in groups)
        return [commits for commits in found if commits.state != DEAD]

    async def topics(self, names: Collection[str]) -> dict[str, Existing | str]:
        """Those of `names` that exist; a word where one could not be asked."""
        if not names:
            return {}
        asked = self.admin.describe_topics(
            TopicCollection(sorted(names)), request_timeout=self.left
        )
        answers = await all_of(asked)
        return {
            name: existing(answer)
            for name, answer in answers.items()
            if error_code(answer) not in GONE
        }

    async def logs(self, places: Collection[Place]) -> dict[Place, Log | str]:
        """The ends of each partition, in three calls for all of them.

        A partition that is gone is absent; a word where one could not be asked.
        """
        earliest, ends, latest = await asyncio.gather(
            self.offsets(places, EARLIEST),
            self.offsets(places, LATEST),
            self.offsets(places, LATEST, WRITTEN),
        )
        found = {
            place: log_of(earliest[place], ends[place], latest[place])
            for place in places
        }
        return {place: log for place, log in found.items() if log is not None}

    async def since(
        self, places: Collection[Place], moment: datetime
    ) -> dict[Place, int]:
        """The first offset appended at or after `moment`; absent where there is none.

        Raises KafkaException where a partition could not be asked.
        """
        milliseconds = int(moment.timestamp() * 1000)
        spec = OffsetSpec.for_timestamp(milliseconds)
        found = await self.offsets(places, spec)
        for answer in found.values():
            if isinstance(answer, BaseException) and error_code(answer) not in GONE:
                raise answer
        return {at: n for at, n in found.items() if isinstance(n, int) and n >= 0}

    async def offsets(
        self, places: Iterable[Place], spec: OffsetSpec, level: Any = READABLE
    ) -> dict[Place, int | BaseException]:
        wanted = {TopicPartition(*place): spec for place in sorted(set(places))}
        if not wanted:
            return {}
        asked = self.admin.list_offsets(
            wanted, isolation_level=level, request_timeout=self.left
        )
        answers = await all_of({(tp.topic, tp.partition): f for tp, f in asked.items()})
        return {
            place: answer if isinstance(answer, BaseException) else answer.offset
            for place, answer in answers.items()
        }


async def all_of(futures: Mapping[K, "Future[Any]"]) -> dict[K, Any]:
    """Every answer; a failed one is its exception."""
    answers = await asyncio.gather(
        *(asyncio.wrap_future(future) for future in futures.values()),
        return_exceptions=True,
    )
    return dict(zip(futures, answers, strict=True))


def commits_of(group: str, described: Any, committed: Any) -> Commits:
    """Members and commits together: a live member's partition may have none yet."""
    for answer in (described, committed):
        if isinstance(answer, BaseException):
            return Commits(group, error=word_of(answer))
    holders = holders_of(described)
    offsets: dict[Place, int | None] = dict.fromkeys(holders)
    for part in committed.topic_partitions:
        if part.error is not None:
            return Commits(group, error=str(part.error.name()))
        offsets[part.topic, part.partition] = part.offset if part.offset >= 0 else None
    return Commits(
        group, described.state.name, len(described.members), offsets, holders
    )


def holders_of(described: Any) -> dict[Place, Member]:
    return {
        (part.topic, part.partition): Member(
            host=member.host,
            consumer_id=member.member_id,
            client_id=member.client_id,
        )
        for member in described.members
        if member.assignment is not None
        for part in member.assignment.topic_partitions
    }


def existing(answer: Any) -> Existing | str:
    if isinstance(answer, BaseException):
        return word_of(answer)
    return Existing(str(answer.topic_id), len(answer.partitions))


def log_of(*answers: int | BaseException) -> Log | str | None:
    match answers:
        case int() as earliest, int() as end, int() as latest:
            return Log(earliest, end, latest)
    error = next(each for each in answers if isinstance(each, BaseException))
    return None if error_code(error) in GONE else word_of(error)


def error_code(answer: object) -> int | None:
    if isinstance(answer, KafkaException) and answer.args:
        return int(answer.args[0].code())
    return None


def word_of(error: BaseException) -> str:
    """The error's name alone: its text may hold internal connection data."""
    if isinstance(error, KafkaException) and error.args:
        return str(error.args[0].name())
    return type(error).__name__
