"""A broker that has lost the end of its log: the sender says so at once, and a new one
sends. For two minutes nothing was sent where its thread had ended of it.
"""

import asyncio
import shutil
from pathlib import Path

import pytest
from confluent_kafka import KafkaException

from deploy.local import ports, topics
from deploy.local.folder import make
from deploy.local.kafka import Broker
from deploy.local.part import started
from schemas.topics import STATE
from services.kit.producer import Claim, Sender
from services.kit.relay import Waiting

LIMIT = 30.0


async def answered(sender: Sender, *values: bytes) -> Claim:
    rows = [Waiting(n, STATE.name, b"k", value) for n, value in enumerate(values)]
    claim = sender.send(rows)
    async with asyncio.timeout(LIMIT):
        await claim.done.wait()
    return claim


async def test_rows_are_answered_where_the_broker_has_lost_what_came_before(
    tmp_path: Path,
) -> None:
    broker = Broker(make(tmp_path / "kafka"), *ports.any_free(2))
    broker.prepare()
    data, before = broker.room / "data", tmp_path / "before"
    with started(broker):
        topics.provision(broker.address)
        sender = Sender(broker.address, "test")
        await answered(sender, b"1")
    shutil.copytree(data, before)
    with started(broker):
        for value in (b"2", b"3", b"4", b"5", b"6", b"7"):
            await answered(sender, value)
    shutil.rmtree(data)
    before.rename(data)
    with started(broker):
        refused = await answered(sender, b"8", b"9")
        with pytest.raises(KafkaException):
            sender.send([Waiting(3, STATE.name, b"k", b"10")])
        lives = sender.thread.is_alive()
        await asyncio.to_thread(sender.close)
        again = Sender(broker.address, "test")
        taken = await answered(again, b"8", b"9")
        await asyncio.to_thread(again.close)

    assert refused.published == []
    assert refused.failure is not None
    assert lives
    assert len(taken.published) == 2
