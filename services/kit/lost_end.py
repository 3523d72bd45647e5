"""Whether a log is still the one that was applied, or has lost its end and grown anew.

Then what was written since has offsets of what was applied, and would be passed over.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import KafkaError

from . import stretch
from .batch import hash_of
from .broker import ASK_LIMIT
from .checkpoint import Checkpoint

Held = Mapping[TopicPartition, Checkpoint]
Lost = dict[TopicPartition, str]


def ends_at(end: int) -> str:
    return f"Kafka ends at {end}"


async def lost_in(consumer: Any, bootstrap: str, group: str, held: Held) -> Lost:
    """Partitions whose log is not the one that we applied, and how that shows.

    Where the last record is kept no more it is not known, and the log is taken for it.
    Raises ConnectionError where Kafka does not tell.
    """
    begun = {at: each for at, each in held.items() if each.next > 0}
    if not begun:
        return {}
    try:
        async with asyncio.timeout(ASK_LIMIT.total_seconds()):
            ends = await consumer.end_offsets(list(begun))
            short = {at: ends_at(n) for at, n in ends.items() if n < begun[at].next}
            whole = {at: each for at, each in begun.items() if at not in short}
            return short | await replaced(bootstrap, group, whole)
    except (KafkaError, TimeoutError) as error:
        raise ConnectionError(type(error).__name__) from error


async def replaced(bootstrap: str, group: str, held: Held) -> Lost:
    """Where another record lies in the place of the last that was applied."""
    last = {at: each.next - 1 for at, each in held.items() if each.last is not None}
    if not last:
        return {}
    lies = await stretch.records_at(bootstrap, f"tidlig-{group}-last", last)
    return {
        at: f"another record lies at {record.offset}"
        for at, record in lies.items()
        if hash_of(record) != held[at].last
    }
