"""Kafka may be named by several addresses, of which not all need answer."""

from deploy.local import ports
from schemas.topics import STATE
from services.kit.broker import kafka


async def test_a_consumer_finds_a_cluster_by_any_of_its_addresses(
    bootstrap: str,
) -> None:
    (nobody,) = ports.any_free(1)
    broker = kafka(f"127.0.0.1:{nobody},{bootstrap}", "test")
    subscriber = broker.subscriber(STATE.name)
    subscriber(lambda _: None)

    try:
        # raises KafkaConnectionError where it finds no broker
        await broker.start()
        consumer = subscriber.consumer
        assigned = set() if consumer is None else consumer.assignment()
    finally:
        await broker.stop()

    assert {each.topic for each in assigned} == {STATE.name}
