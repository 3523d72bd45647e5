"""Kafka as the services use it: FastStream in batches, nothing committed too early.

The framework's defaults lose records (at most once; a batch dropped on one bad
header), so what matters is set here, once.
"""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from time import time
from typing import TYPE_CHECKING, Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.client import ConnectionGroup
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.record.memory_records import MemoryRecords
from confluent_kafka import TopicCollection
from confluent_kafka.admin import AdminClient
from faststream import AckPolicy
from faststream.kafka import KafkaBroker

if TYPE_CHECKING:
    from .inbox import Inbox

Records = tuple["ConsumerRecord[Any, Any]", ...]

# the framework warns at each start of what is meant here; what fails, work.py logs
LOGGER = logging.getLogger("faststream")
# a batch that takes longer is broken off at a stop, and comes again
GRACE = 15.0
# of many facts some are about one initiative, which is then read and kept once
MAX_RECORDS = 4_000
# an empty poll sleeps this long twice; sparse facts wait no longer
BATCH_TIMEOUT_MS = 10
ASK_LIMIT = timedelta(seconds=10)


def reads_records_fast() -> bool:
    """Whether aiokafka has its compiled parser: without it all is 30 times slower."""
    return str(MemoryRecords.__module__).startswith("aiokafka.record._crecords.")


def kafka(bootstrap: str, client_id: str) -> KafkaBroker:
    """A broker that only consumes; publishing is the relay's."""
    return KafkaBroker(
        # FastStream takes a text for one address, whatever commas it has
        bootstrap.split(","),
        client_id=client_id,
        consumer_only=True,
        allow_auto_create_topics=False,
        apply_types=False,
        graceful_timeout=GRACE,
        logger=LOGGER,
    )


def subscribe(broker: KafkaBroker, inbox: "Inbox", instance: str | None = None) -> None:
    """Let the inbox handle what its topics hold.

    Range assignment gives one process the same partition of each topic, and so all
    facts of an initiative.
    """
    subscriber = broker.subscriber(
        *(topic.name for topic in inbox.topics),
        group_id=inbox.group,
        group_instance_id=instance,
        batch=True,
        max_records=MAX_RECORDS,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        partition_assignment_strategy=(RangePartitionAssignor,),
        # the inbox seeks and commits by itself: FastStream rewinds not all partitions
        # of a batch, and waits without end for a Kafka that is away
        ack_policy=AckPolicy.MANUAL,
        listener=inbox,
        parser=any_headers,
        decoder=as_they_are,
    )
    inbox.subscriber = subscriber
    subscriber(inbox.handle)


def is_alive(subscriber: Any) -> bool:
    """Whether its tasks run. One that has ended is not begun again by itself.

    aiokafka's fetcher has been seen to end of a connection reset in a rebalance.
    """
    consumer = subscriber.consumer
    if consumer is None or all(task.done() for task in subscriber.tasks):
        return False
    coordinating = consumer._coordinator._coordination_task  # noqa: SLF001  # no other way
    fetching = consumer._fetcher._fetch_task  # noqa: SLF001  # nor here
    return not (coordinating.done() or fetching.done())


def silent_partition(consumer: Any, limit: timedelta) -> TopicPartition | None:
    """A partition that is read and that Kafka has not answered for; one is enough."""
    for partition in consumer.assignment() - consumer.paused():
        polled = consumer.last_poll_timestamp(partition)
        if polled is None or time() - polled / 1000 > limit.total_seconds():
            return partition
    return None


def connection_to_leader(consumer: Any, partition: TopicPartition) -> Any:
    """What the partition is read over; None where it is not connected yet.

    Another object after each break: meanwhile Kafka may have become another one.
    """
    client = consumer._client  # noqa: SLF001  # no other way
    leader = client.cluster.leader_for_partition(partition)
    return client._conns.get((leader, ConnectionGroup.DEFAULT))  # noqa: SLF001  # nor here


async def any_headers(records: Records, original: Any) -> Any:
    """Kafka allows null values and any bytes in headers; FastStream's parser does not.

    It reads the first alone; the records themselves are handed on as they came.
    """
    message = await original((replace(records[0], headers=()),))
    message.raw_message = records
    return message


async def as_they_are(message: Any) -> list["ConsumerRecord[Any, Any]"]:
    """No decoding here: every record is judged by admission."""
    return list(message.raw_message)


@cache
def admin(bootstrap: str) -> AdminClient:
    """One client for all questions: each has threads of its own, and ends late."""
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})


async def topic_ids(bootstrap: str, names: Sequence[str]) -> dict[str, str]:
    """The id of each topic, which tells a topic from one made anew under its name.

    Raises KafkaException where one does not exist or the broker cannot be asked.
    """
    asked = admin(bootstrap).describe_topics(
        TopicCollection(list(names)), request_timeout=ASK_LIMIT.total_seconds()
    )
    return {
        name: str((await asyncio.wrap_future(answer)).topic_id)
        for name, answer in asked.items()
    }
