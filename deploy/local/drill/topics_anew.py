"""After Kafka has lost records: its topics made anew, from all that the services know.

A topic made anew has another id, so every group begins it at 0 and drops what it has.
What is written is the archive, and what delivery or intake know to have been there and
the archive does not have yet. Each record comes to its partition, in the order and with
the time of its first appending. Services stand still meanwhile.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from confluent_kafka import Producer
from confluent_kafka.admin import (  # type: ignore[attr-defined] # its public names
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from deploy.local import topics
from deploy.local.stack import Stack
from deploy.local.trouble import CannotRun
from deploy.local.waiting import until
from schemas.topics import ARENA, BY_NAME, MUNICIPAL, STATE, TRACKER

from .asked import ask

# those that groups read; what was rejected is told to people, and stays as it is
ANEW = (STATE, MUNICIPAL, TRACKER, ARENA)
SECONDS = 30.0
# who knows a record; what an earlier one has, its coordinates are those
ARCHIVE, DELIVERY, INTAKE = 1, 2, 3
KNOWN = """
WITH known AS (
    SELECT 1 AS who, mark, topic, partition, position, appended, subject, value
      FROM registry.archive
     UNION ALL
    SELECT 1, mark, topic, partition, position, appended, subject, value
      FROM registry.arena_fact
     UNION ALL
    SELECT 2, mark, topic, partition, position, appended, subject, value
      FROM delivery.fact
     UNION ALL
    SELECT 3, mark, topic, partition, position, appended, subject, record
      FROM intake.receipt JOIN intake.published USING (outbox_seq)),
once AS (
    SELECT DISTINCT ON (mark) * FROM known ORDER BY mark, who)
SELECT who, topic, partition, appended, subject, value
  FROM once
 ORDER BY topic, partition, appended, position
"""


@dataclass(frozen=True, slots=True)
class Known:
    """A record that once was on a topic, and the first who knows it."""

    who: int
    topic: str
    partition: int
    appended: datetime
    subject: str
    value: bytes


def known(stack: Stack) -> list[Known]:
    """Every record that was on the topics, in their order there."""
    return [Known(*row) for row in ask(stack, KNOWN)]


def make_anew(bootstrap: str, records: Sequence[Known]) -> None:
    """Delete the topics, make them, write these records. Raises `CannotRun`.

    Done again after it was broken off, it begins anew.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    names = {topic.name for topic in ANEW}
    for gone in admin.delete_topics(sorted(names & there(admin))).values():
        gone.result(SECONDS)
    if not until(lambda: not names & there(admin), SECONDS):
        raise CannotRun("Kafka does not delete the topics: look at its log")
    topics.provision(bootstrap)
    keep_times_of(admin, "CreateTime")
    write(bootstrap, records)
    keep_times_of(admin, "LogAppendTime")


def there(admin: AdminClient) -> set[str]:
    return set(admin.list_topics(timeout=SECONDS).topics)


def keep_times_of(admin: AdminClient, kind: str) -> None:
    """Whether records keep the time they come with, or get that of their appending."""
    entry = ("message.timestamp.type", kind)
    asked = admin.incremental_alter_configs(
        [
            ConfigResource(
                ResourceType.TOPIC,
                topic.name,
                incremental_configs=[
                    ConfigEntry(*entry, incremental_operation=AlterConfigOpType.SET)
                ],
            )
            for topic in ANEW
        ]
    )
    for done in asked.values():
        done.result(SECONDS)


def write(bootstrap: str, records: Iterable[Known]) -> None:
    """Each to its partition, in this order. Raises `CannotRun`."""
    refused: list[str] = []
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "log_level": 0,
        }
    )
    for each in records:
        producer.produce(
            each.topic,
            key=each.subject.encode(),
            value=each.value,
            headers=[("content-type", BY_NAME[each.topic].media_type.encode())],
            partition=each.partition,
            timestamp=round(each.appended.timestamp() * 1000),
            on_delivery=lambda error, _: refused.append(str(error)) if error else None,
        )
        producer.poll(0)
    if producer.flush(SECONDS) or refused:
        raise CannotRun(
            f"Kafka did not take every record ({refused[:1]}): run it again"
        )
