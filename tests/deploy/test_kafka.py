"""The broker: on other ports, after a kill, with the contract's topics."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # its public names
    AdminClient,
    ConfigResource,
    ResourceType,
)

from deploy.local import ports, topics
from deploy.local.folder import make
from deploy.local.kafka import Broker
from deploy.local.part import started
from deploy.local.trouble import CannotRun
from deploy.local.waiting import until
from schemas.topics import STATE, Topic


def topic(**changed: object) -> Topic:
    """A topic of this test alone."""
    name = f"test.{uuid4().hex}"
    return replace(STATE, name=name, partitions=1, **changed)  # type: ignore[arg-type]


def send(bootstrap: str, to: Topic, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "acks": "all"})
    producer.produce(to.name, value)
    assert producer.flush(10) == 0


def first(bootstrap: str, of: Topic) -> bytes | None:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test"})
    consumer.assign([TopicPartition(of.name, 0, 0)])
    message = consumer.poll(20)
    consumer.close()
    return message.value() if message else None


@pytest.fixture
def broker(tmp_path: Path) -> Broker:
    broker = Broker(make(tmp_path), *ports.any_free(2))
    broker.prepare()
    return broker


def test_a_killed_broker_starts_again_on_its_data_and_on_other_ports(
    broker: Broker,
) -> None:
    kept = topic()
    child = broker.start()
    assert until(broker.ready, 60)
    topics.provision(broker.address, [kept])
    send(broker.address, kept, b"said before the kill")
    child.kill()
    child.wait()

    port, controller = ports.any_free(2)
    moved = replace(broker, port=port, controller=controller)
    moved.prepare()
    with started(moved):
        found = first(moved.address, kept)

    assert found == b"said before the kill"


def test_making_topics_twice_is_harmless(bootstrap: str) -> None:
    kept = topic()
    topics.provision(bootstrap, [kept])
    send(bootstrap, kept, b"said between")
    topics.provision(bootstrap, [kept])

    assert first(bootstrap, kept) == b"said between"


def test_a_changed_retention_reaches_a_topic_that_is_there(bootstrap: str) -> None:
    without_end = topic()
    topics.provision(bootstrap, [without_end])
    before = retention(bootstrap, without_end)
    topics.provision(bootstrap, [replace(without_end, retention=timedelta(days=1))])

    assert (before, retention(bootstrap, without_end)) == ("-1", "86400000")


def test_another_number_of_partitions_is_refused(bootstrap: str) -> None:
    kept = topic()
    topics.provision(bootstrap, [kept])

    with pytest.raises(CannotRun, match="keys would move"):
        topics.provision(bootstrap, [replace(kept, partitions=2)])


def retention(bootstrap: str, of: Topic) -> str:
    admin = AdminClient({"bootstrap.servers": bootstrap})
    resource = ConfigResource(ResourceType.TOPIC, of.name)
    (answer,) = admin.describe_configs([resource]).values()
    return str(answer.result()["retention.ms"].value)
