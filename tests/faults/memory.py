"""Changes what Kafka remembers of a group: it decides nothing, and may be anything."""

from random import Random
from time import monotonic, sleep

from confluent_kafka import (
    ConsumerGroupTopicPartitions,
    KafkaException,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient

from tests.stack import ends_of

from . import healing

# a member that was killed is remembered as long as a session lasts
EMPTY_LIMIT = 30.0


def change(bootstrap: str, group: str, random: Random) -> int:
    """Set each offset to the beginning, the end or between, once nobody is in it.

    It blocks. Returns how many; raises `KafkaException` where somebody stays.
    """
    names = healing.GROUPS[group]
    offsets = [
        TopicPartition(topic, n, random.choice([0, end, random.randint(0, end)]))
        for (topic, n), end in sorted(ends_of(bootstrap, names).items())
    ]
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    ends = monotonic() + EMPTY_LIMIT
    while True:
        asked = admin.alter_consumer_group_offsets(
            [ConsumerGroupTopicPartitions(group, offsets)]
        )
        try:
            asked[group].result(20)
        except KafkaException:
            if monotonic() > ends:
                raise
            sleep(0.5)
        else:
            return len(offsets)
