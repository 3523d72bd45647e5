"""Records as they lie on the topics, read from beginning to end."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import cast

from confluent_kafka import Consumer, Message, TopicPartition

from schemas import topics
from tests.stack import ends_of

# topic and partition
Spot = tuple[str, int]
# and offset
Coordinates = tuple[str, int, int]
READ_LIMIT = 60.0


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it lies on a topic; `timestamp` is in milliseconds."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]]

    @property
    def at(self) -> Coordinates:
        return self.topic, self.partition, self.offset


def read_topics(bootstrap: str) -> list[Record]:
    """Every record of every topic, each partition in its order."""
    ends = ends_of(bootstrap, topics.BY_NAME)
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "tidlig-checker",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    wanted = {place for place, end in ends.items() if end}
    consumer.assign([TopicPartition(topic, n, 0) for topic, n in sorted(wanted)])
    try:
        found = [record_of(each) for each in messages(consumer, wanted, ends)]
    finally:
        consumer.close()
    return sorted(found, key=lambda each: each.at)


def messages(
    consumer: Consumer, wanted: Collection[Spot], ends: Mapping[Spot, int]
) -> Iterator[Message]:
    """All below the ends of the partitions that are wanted. Raises `TimeoutError`."""
    left, last = set(wanted), monotonic()
    while left:
        some = consumer.consume(1_000, timeout=0.2)
        if some:
            last = monotonic()
        elif monotonic() - last > READ_LIMIT:
            raise TimeoutError(f"topics are not read to their ends: {left}")
        for each in some:
            spot = str(each.topic()), int(each.partition() or 0)
            offset = int(each.offset() or 0)
            if offset < ends[spot]:
                yield each
            if offset + 1 >= ends[spot]:
                left.discard(spot)


def record_of(message: Message) -> Record:
    return Record(
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        message.timestamp()[1],
        message.key(),
        message.value(),
        headers_of(message),
    )


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """As they lie there: any bytes, or none."""
    return cast("list[tuple[str, bytes | None]]", list(message.headers() or ()))
