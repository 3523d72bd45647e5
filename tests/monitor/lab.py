"""A place to let groups fall behind: whatever is made here is gone afterwards."""

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic, time
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import asyncpg
from confluent_kafka import (
    OFFSET_END,
    Consumer,
    ConsumerGroupTopicPartitions,
    Producer,
    TopicPartition,
)
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas.topics import BY_NAME, REJECTED, Topic
from services.kit.migrations import INBOX, OUTBOX, migrate
from services.monitor.app import asking
from services.monitor.broker import Broker
from services.monitor.groups import places_of, services
from services.monitor.report import GroupLag, Report
from services.monitor.settings import LagSettings, Sources
from services.monitor.watch import Ask
from tests.stack import fresh_database

LIMIT = timedelta(seconds=10)
TABLES = ("checkpoint", "stopped", "outbox")
WATCHER = "tidlig_test_watcher"


async def watched_database(admin_url: str) -> tuple[str, str]:
    """Every service migrated, and a role that may do what the monitor may."""
    url = await fresh_database(admin_url, services())
    for service in services():
        await migrate(url, service, [OUTBOX, INBOX])
    conn = await asyncpg.connect(url)
    await conn.execute(f"CREATE ROLE {WATCHER} LOGIN PASSWORD '{WATCHER}'")
    for service in services():
        await conn.execute(
            f"GRANT USAGE ON SCHEMA {service}_ops TO {WATCHER};"
            f"GRANT SELECT ON ALL TABLES IN SCHEMA {service}_ops TO {WATCHER}"
        )
    await conn.close()
    return url, login(url, WATCHER)


def login(url: str, role: str) -> str:
    parts = urlsplit(url)
    where = parts.netloc.rpartition("@")[2]
    return parts._replace(netloc=f"{role}:{role}@{where}").geturl()


@dataclass
class Lab:
    """A broker and a database under the monitor's eyes."""

    bootstrap: str
    admin: AdminClient
    admin_url: str
    watcher_url: str
    made_groups: set[str] = field(default_factory=set)
    made_topics: list[str] = field(default_factory=list)
    members: list[Consumer] = field(default_factory=list)

    def settings(self, **given: Any) -> LagSettings:
        sources = Sources(
            kafka_bootstrap=given.pop("bootstrap", self.bootstrap),
            database_url=given.pop("url", self.watcher_url),
        )
        return LagSettings(sources=sources, **{"ask_limit": LIMIT, **given})

    async def report(self, **given: Any) -> Report:
        """What one cycle finds."""
        async with self.asking(**given) as ask:
            return await ask()

    def asking(self, **given: Any) -> AbstractAsyncContextManager[Ask]:
        """A way to ask that remembers from one cycle to the next."""
        how = self.settings(**given)
        return asking(how.sources.kafka_bootstrap, how.sources.postgres, how)

    async def group(self, name: str) -> GroupLag:
        found = (await self.report()).group(name)
        assert found is not None
        return found

    async def execute(self, statement: str, *arguments: object) -> None:
        """As a service would, in its own tables."""
        conn = await asyncpg.connect(self.admin_url)
        await conn.execute(statement, *arguments)
        await conn.close()

    async def catch_up(self) -> None:
        """Every checkpoint at the end, nothing stopped, waiting or rejected."""
        self.empty(REJECTED)
        broker = Broker.within(self.admin, LIMIT)
        found = await broker.topics(BY_NAME)
        ids = {
            name: topic.id
            for name, topic in found.items()
            if not isinstance(topic, str)
        }
        ends = await broker.logs(places_of(BY_NAME, found))
        conn = await asyncpg.connect(self.admin_url)
        for service in services():
            tables = (f"{service}.{table}" for table in TABLES)
            await conn.execute(f"TRUNCATE {', '.join(tables)}")
            await conn.executemany(
                f"INSERT INTO {service}.checkpoint VALUES ($1, $2, $3, $4, $5, now())",
                [
                    (service, topic, ids[topic], n, log.end)
                    for (topic, n), log in ends.items()
                    if not isinstance(log, str)
                ],
            )
        await conn.close()

    def empty(self, topic: Topic) -> None:
        """Delete all that is kept of it."""
        everything = [
            TopicPartition(topic.name, n, OFFSET_END) for n in range(topic.partitions)
        ]
        for deleted in self.admin.delete_records(everything).values():
            deleted.result(20)

    def topic(self, name: str = "") -> str:
        """A topic of somebody else, whose records have their producer's time."""
        name = name or f"other-{uuid4().hex[:8]}"
        new = NewTopic(name, num_partitions=1, replication_factor=1)
        self.admin.create_topics([new])[name].result(20)
        self.made_topics.append(name)
        return name

    def produce(
        self, topic: str, count: int = 1, *, partition: int = 0, age: float = 0
    ) -> None:
        """Write records that are `age` seconds old, where the topic lets us say so."""
        producer = self.producer()
        when = int((time() - age) * 1000)
        for _ in range(count):
            producer.produce(topic, b"{}", partition=partition, timestamp=when)
        assert producer.flush(20) == 0

    def producer(self, **more: object) -> Producer:
        return Producer({"bootstrap.servers": self.bootstrap, "linger.ms": 0, **more})

    def commit(
        self, topic: str, offset: int, *, group: str = "", partition: int = 0
    ) -> str:
        """Let a group have read up to an offset, and be gone; its name."""
        group = group or f"other-{uuid4().hex[:8]}"
        self.made_groups.add(group)
        place = TopicPartition(topic, partition, offset)
        wanted = [ConsumerGroupTopicPartitions(group, [place])]
        for done in self.admin.alter_consumer_group_offsets(wanted).values():
            assert [p.error for p in done.result(20).topic_partitions] == [None]
        return group

    def join(self, topic: str, protocol: str = "classic") -> str:
        """A group with one member that holds the topic and commits nothing."""
        group = f"other-{uuid4().hex[:8]}"
        self.made_groups.add(group)
        consumer = self.consumer(group, **{"group.protocol": protocol})
        consumer.subscribe([topic])
        self.members.append(consumer)
        deadline = monotonic() + 20
        while not consumer.assignment():
            assert monotonic() < deadline, "nothing was assigned"
            consumer.poll(0.05)
        return group

    def consumer(self, group: str, **more: object) -> Consumer:
        return Consumer(
            {
                "bootstrap.servers": self.bootstrap,
                "group.id": group,
                "client.id": "somebody",
                "enable.auto.commit": False,
                "auto.offset.reset": "earliest",
                **more,
            }
        )

    def delete_group(self, group: str) -> None:
        self.made_groups.discard(group)
        self.admin.delete_consumer_groups([group])[group].result(20)

    def delete_topic(self, topic: str) -> None:
        self.made_topics.remove(topic)
        self.admin.delete_topics([topic])[topic].result(20)

    def clean_up(self) -> None:
        for consumer in self.members:
            consumer.close()
        for group in tuple(self.made_groups):
            self.delete_group(group)
        for topic in tuple(self.made_topics):
            self.delete_topic(topic)
