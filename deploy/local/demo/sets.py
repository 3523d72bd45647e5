"""Four sets of identities that must agree: accepted, in Kafka, archived, received."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg
import orjson
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

from schemas.topics import PARTY_TOPICS

from .says import Identity

ARCHIVED = "SELECT value FROM registry.archive WHERE topic = ANY($1::text[])"
TOPICS = [topic.name for topic in PARTY_TOPICS.values()]


@dataclass(frozen=True, slots=True)
class Sets:
    """Who has which facts; the tracker's own are left out."""

    accepted: set[Identity]
    in_kafka: list[Identity]
    archived: list[Identity]
    received: set[Identity]
    expected: set[Identity]

    @property
    def lost(self) -> set[Identity]:
        """Accepted, and not everywhere where it should be."""
        everywhere = set(self.in_kafka) & set(self.archived)
        return (self.accepted - everywhere) | (self.expected - self.received)

    @property
    def leaked(self) -> set[Identity]:
        """Received by KS, which may not read it."""
        return self.received - self.expected

    @property
    def out_of_nothing(self) -> set[Identity]:
        """In Kafka or the archive, and never accepted."""
        return (set(self.in_kafka) | set(self.archived)) - self.accepted

    @property
    def twice(self) -> int:
        """Facts that took effect more than once."""
        return len(self.archived) - len(set(self.archived))

    @property
    def faults(self) -> list[str]:
        """What does not agree, in words; nothing where all is well."""
        named = {
            "lost": self.lost,
            "leaked to KS": self.leaked,
            "never accepted": self.out_of_nothing,
        }
        found = [
            f"{what}: {', '.join(f'{s} {i}' for s, _, i in sorted(which))}"
            for what, which in named.items()
            if which
        ]
        return found + ([f"{self.twice} archived twice"] if self.twice else [])


def identities(values: Iterable[bytes]) -> list[Identity]:
    found = []
    for value in values:
        event = orjson.loads(value)
        found.append((event["subject"], event["source"], event["id"]))
    return found


def in_kafka(bootstrap: str) -> list[Identity]:
    """Every record of the party topics, read by a consumer of its own."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "demo",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "log_level": 0,
        }
    )
    open_ends = {
        (topic.name, n)
        for topic in PARTY_TOPICS.values()
        for n in range(topic.partitions)
    }
    consumer.assign([TopicPartition(*end, OFFSET_BEGINNING) for end in open_ends])
    values: list[bytes] = []
    while open_ends:
        for message in consumer.consume(500, timeout=1):
            error = message.error()
            if error is None:
                values.append(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001  # its public name
                open_ends.discard((str(message.topic()), int(message.partition() or 0)))
    consumer.close()
    return identities(values)


def archived(database: str) -> list[Identity]:
    """Every fact of a party in the registry's archive."""

    async def ask() -> list[bytes]:
        conn = await asyncpg.connect(database)
        try:
            return [row["value"] for row in await conn.fetch(ARCHIVED, TOPICS)]
        finally:
            await conn.close()

    return identities(asyncio.run(ask()))
