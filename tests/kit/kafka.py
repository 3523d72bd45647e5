"""Kafka past the kit: what others would write there, and what they would read."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from confluent_kafka import ConsumerGroupTopicPartitions, Message, Producer
from confluent_kafka import TopicPartition as Offset
from confluent_kafka.admin import AdminClient

from schemas import topics
from schemas.topics import Topic

STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
Headers = Sequence[tuple[str, bytes | None]]
Ends = dict[tuple[str, int], int]


@dataclass(frozen=True)
class Written:
    """A record to write; without a partition the key decides."""

    topic: Topic
    key: bytes | None
    value: bytes | None
    headers: Headers = STRUCTURED
    partition: int | None = None


class Writer:
    """Writes what nobody has checked."""

    def __init__(self, bootstrap: str, **more: Any) -> None:
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "partitioner": "murmur2_random",
                "linger.ms": 0,
                "log_level": 0,
                **more,
            }
        )

    async def write(self, *records: Written) -> list[tuple[str, int, int]]:
        """Write them in this order; where each stands."""
        answers: list[Message] = []
        for record in records:
            self.producer.produce(
                record.topic.name,
                key=record.key,
                value=record.value,
                headers=list(record.headers),
                on_delivery=lambda _, message: answers.append(message),
                partition=-1 if record.partition is None else record.partition,
            )
            # in the order of the calls, also between partitions
            await asyncio.to_thread(self.producer.flush, 10)
        return [(m.topic(), m.partition(), m.offset()) for m in answers]  # type: ignore[misc]

    async def close(self) -> None:
        await asyncio.to_thread(self.producer.flush, 10)


@dataclass
class Reader:
    """Reads what lies on the topics since a moment."""

    consumer: Any

    @classmethod
    @asynccontextmanager
    async def of(cls, bootstrap: str) -> AsyncIterator[Self]:
        # a fetch that waits long would hold up what is asked meanwhile
        consumer = AIOKafkaConsumer(bootstrap_servers=bootstrap, fetch_max_wait_ms=20)
        await consumer.start()
        try:
            yield cls(consumer)
        finally:
            await consumer.stop()

    async def ends(self) -> Ends:
        """Where every topic ends now."""
        everywhere = [
            TopicPartition(topic.name, n)
            for topic in topics.ALL
            for n in range(topic.partitions)
        ]
        # not the admin client's: one in fifty of its answers takes seconds
        ends = await self.consumer.end_offsets(everywhere)
        return {(at.topic, at.partition): end for at, end in ends.items()}

    async def since(self, begin: Ends) -> list[Any]:
        """The records since then, partition by partition."""
        ends = await self.ends()
        wanted = {TopicPartition(*at): end for at, end in ends.items()}
        unread = [tp for tp, end in wanted.items() if end > begin[tp]]
        if not unread:
            return []
        self.consumer.assign(unread)
        for tp in unread:
            self.consumer.seek(tp, begin[tp])
        found: list[Any] = []
        async with asyncio.timeout(15):
            while any([await self.consumer.position(t) < wanted[t] for t in unread]):
                for records in (await self.consumer.getmany(timeout_ms=200)).values():
                    found += records
        self.consumer.unsubscribe()
        return sorted(found, key=lambda r: (r.topic, r.partition, r.offset))


def partition_of(key: bytes, partitions: int = 12) -> int:
    """Where aiokafka, written by others, would put the key."""
    everywhere = list(range(partitions))
    chosen: int = DefaultPartitioner()(key, everywhere, everywhere)
    return chosen


def committed(bootstrap: str, group: str) -> dict[tuple[str, int], int]:
    """What Kafka has noted for a group."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    asked = admin.list_consumer_group_offsets([ConsumerGroupTopicPartitions(group)])
    found = asked[group].result(10).topic_partitions or []
    return {(at.topic, at.partition): at.offset for at in found}


def commit(bootstrap: str, group: str, offsets: Iterable[tuple[str, int, int]]) -> None:
    """Let Kafka note something for a group that has no members."""
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    noted = [Offset(*at) for at in offsets]
    admin.alter_consumer_group_offsets([ConsumerGroupTopicPartitions(group, noted)])[
        group
    ].result(10)
