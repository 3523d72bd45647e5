"""A stretch of topics, read once as it lies there: in no group, and noted nowhere."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from time import monotonic
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from .batch import Record

POLL = timedelta(milliseconds=200)
# a Kafka that answers nothing for so long is away
LONGEST_SILENCE = timedelta(seconds=30)
AT_ONCE = 1_000
# what one partition gives in one answer; a record that is larger comes all the same
LARGE, SMALL = 1024 * 1024, 16 * 1024
Offsets = Mapping[TopicPartition, int]


@asynccontextmanager
async def reader(
    bootstrap: str, client_id: str, *, answers: int = LARGE
) -> AsyncIterator[Any]:
    """A consumer of its own. Raises what Kafka raises where it is away."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id=client_id,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=answers,
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def ends(
    consumer: Any, partitions: Collection[TopicPartition]
) -> dict[TopicPartition, int]:
    """Where they end now."""
    found: dict[TopicPartition, int] = await consumer.end_offsets(list(partitions))
    return found


async def between(
    consumer: Any, begin: Offsets, end: Offsets
) -> AsyncIterator[Sequence[Record]]:
    """All records from `begin` up to `end`, each partition in its order.

    Raises TimeoutError where Kafka gives nothing for long.
    """
    left = {partition for partition in end if begin[partition] < end[partition]}
    if not left:
        return
    consumer.assign(list(left))
    for partition in left:
        consumer.seek(partition, begin[partition])
    heard = monotonic()
    while left:
        polled = await consumer.getmany(
            *left, timeout_ms=int(POLL.total_seconds() * 1000), max_records=AT_ONCE
        )
        if polled:
            heard = monotonic()
        elif monotonic() - heard > LONGEST_SILENCE.total_seconds():
            raise TimeoutError
        for partition, records in polled.items():
            yield [each for each in records if each.offset < end[partition]]
        # markers of transactions take offsets too: the position passes them
        left = {at for at in left if await consumer.position(at) < end[at]}


async def records_at(
    bootstrap: str, client_id: str, offsets: Offsets
) -> dict[TopicPartition, Record]:
    """The record at each offset. Left out where there is none: it is kept no more, or a
    marker of a transaction. Raises as `between`, and what Kafka raises.
    """
    found: dict[TopicPartition, Record] = {}
    async with reader(bootstrap, client_id, answers=SMALL) as consumer:
        kept: Offsets = await consumer.beginning_offsets(list(offsets))
        begin = {at: offset for at, offset in offsets.items() if kept[at] <= offset}
        end = {at: offset + 1 for at, offset in begin.items()}
        async for records in between(consumer, begin, end):
            for each in records:
                at = TopicPartition(each.topic, each.partition)
                if each.offset == offsets[at]:
                    found[at] = each
    return found
