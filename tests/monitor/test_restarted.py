"""A broker that is restarted is asked again, without a restart of the monitor."""

from datetime import timedelta
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition

from deploy.local import ports, topics
from deploy.local.folder import make
from deploy.local.kafka import Broker
from deploy.local.part import started
from schemas.topics import STATE
from services.monitor.app import asking
from services.monitor.settings import LagSettings, Sources
from tests.stack import until


def commit(bootstrap: str, group: str) -> None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group})
    place = TopicPartition(STATE.name, 0, 0)
    consumer.commit(offsets=[place], asynchronous=False)
    consumer.close()


async def test_after_a_restart_of_kafka_the_groups_are_told_again(
    tmp_path: Path, watched: tuple[str, str]
) -> None:
    broker = Broker(make(tmp_path / "kafka"), *ports.any_free(2))
    broker.prepare()
    sources = Sources(kafka_bootstrap=broker.address, database_url=watched[1])
    settings = LagSettings(sources=sources, ask_limit=timedelta(seconds=2))
    async with asking(broker.address, sources.postgres, settings) as ask:

        async def answered() -> bool:
            return not (await ask()).unanswered

        with started(broker):
            topics.provision(broker.address)
            commit(broker.address, "others")
            await until(answered, what="the first answers")
        away = await answered()
        with started(broker):
            again = await until(answered, seconds=60, what="answers again")

    assert not away
    assert again
