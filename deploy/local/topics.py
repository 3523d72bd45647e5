"""Making the topics that the contract names."""

from collections.abc import Iterable
from datetime import timedelta

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined] # its public names
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)

from schemas.topics import ALL, Topic

from .trouble import CannotRun
from .waiting import until

SECONDS = 30
BROKERS_OWN = -1


def provision(bootstrap: str, topics: Iterable[Topic] = ALL) -> None:
    """Make the topics that are missing, and set what is set on all of them.

    Does no harm when it is done again. The replication is the brokers' own: 1 on the
    local one. Raises `CannotRun`.
    """
    wanted = tuple(topics)
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        create(admin, wanted)
        configure(admin, wanted)
    except KafkaException as error:
        raise CannotRun(
            f"could not make topics on {bootstrap} ({error.args[0].str()}): "
            "look at Kafka's log, and at TIDLIG_KAFKA_BOOTSTRAP if you set it"
        ) from None
    if not until(lambda: all_led(admin, wanted), SECONDS):
        raise CannotRun(f"topics on {bootstrap} have no leader: look at Kafka's log")
    if not until(lambda: coordinates(bootstrap, wanted[0]), SECONDS):
        raise CannotRun(f"{bootstrap} serves no groups: look at Kafka's log")


def create(admin: AdminClient, topics: Iterable[Topic]) -> None:
    """Create each topic unless it is there."""
    new = [
        NewTopic(
            topic.name,
            num_partitions=topic.partitions,
            replication_factor=BROKERS_OWN,
            config=settings(topic),
        )
        for topic in topics
    ]
    for future in admin.create_topics(new, operation_timeout=SECONDS).values():
        try:
            future.result()
        except KafkaException as error:
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise


def configure(admin: AdminClient, topics: Iterable[Topic]) -> None:
    """Bring the settings of topics made earlier up to date."""
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            topic.name,
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in settings(topic).items()
            ],
        )
        for topic in topics
    ]
    for future in admin.incremental_alter_configs(resources).values():
        future.result()


def settings(topic: Topic) -> dict[str, str]:
    """Facts are kept as they were sent, under the time at which Kafka took them."""
    return {
        "message.timestamp.type": "LogAppendTime",
        "compression.type": "producer",
        "retention.ms": str(milliseconds(topic.retention)),
    }


def milliseconds(retention: timedelta | None) -> int:
    """Kafka's number for a retention; -1 is without end."""
    return -1 if retention is None else retention // timedelta(milliseconds=1)


def all_led(admin: AdminClient, topics: Iterable[Topic]) -> bool:
    """Whether every partition can be written. Raises `CannotRun` on a wrong number."""
    known = admin.list_topics(timeout=SECONDS).topics
    if any(topic.name not in known for topic in topics):
        return False
    for topic in topics:
        found = len(known[topic.name].partitions)
        if found != topic.partitions:
            raise CannotRun(
                f"{topic.name} has {found} partitions and the contract says "
                f"{topic.partitions}: keys would move, so make the topic again under "
                "another name, or mend schemas/topics.py"
            )
    return all(
        partition.leader >= 0
        for topic in topics
        for partition in known[topic.name].partitions.values()
    )


def coordinates(bootstrap: str, topic: Topic) -> bool:
    """Whether a consumer group would be served; the first question makes its topic.

    Asked by a consumer: an admin client that asks too early can never be closed.
    """
    consumer = Consumer(
        {"bootstrap.servers": bootstrap, "group.id": "tidlig-setup", "log_level": 0}
    )
    try:
        consumer.committed([TopicPartition(topic.name, 0)], timeout=2)
    except KafkaException as error:
        return bool(error.args[0].code() == KafkaError.GROUP_AUTHORIZATION_FAILED)
    finally:
        consumer.close()
    return True
