"""Reports made by hand, for what is decided without Kafka or Postgres."""

from datetime import UTC, datetime
from typing import Any

from services.monitor.report import (
    GroupLag,
    Outbox,
    Parked,
    PartitionLag,
    Rejected,
    Report,
    ServiceState,
    Stopped,
    TopicEnds,
)
from services.monitor.rules import records_of, seconds_of, verdict, worst_first

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
TOPIC = "other.topic"


def part(records: int = 0, **given: Any) -> PartitionLag:
    told: dict[str, Any] = {
        "topic": TOPIC,
        "partition": 0,
        "next": 100,
        "committed": 100,
        "earliest": 0,
        "end": 100 + records,
        "records": records,
        "seconds": float(records),
        "expired": 0,
        "ahead": 0,
        "member": None,
    }
    return PartitionLag(**told | given)


def group(name: str, *partitions: PartitionLag, **given: Any) -> GroupLag:
    error = given.get("error")
    told: dict[str, Any] = {
        "name": name,
        "source": "kafka",
        "state": "STABLE",
        "members": 1,
        "records": None if error else records_of(partitions),
        "seconds": None if error else seconds_of(partitions),
        "error": None,
        "partitions": partitions,
    }
    return GroupLag(**told | given)


def service(name: str = "intake", **given: Any) -> ServiceState:
    told: dict[str, Any] = {
        "name": name,
        "outbox": Outbox(waiting=0, oldest_seconds=0),
        "stopped": (),
        "parked": (),
        "error": None,
    }
    return ServiceState(**told | given)


def stop(**given: Any) -> Stopped:
    told: dict[str, Any] = {
        "group": "registry",
        "topic": TOPIC,
        "partition": 0,
        "offset": 17,
        "error_class": "KeyError",
        "place": "services/registry/rules.py:3 evolve",
        "since": datetime(2026, 11, 25, 11, 59, tzinfo=UTC),
    }
    return Stopped(**told | given)


def parked(**given: Any) -> Parked:
    told: dict[str, Any] = {
        "group": "registry",
        "topic": TOPIC,
        "partition": 0,
        "offset": 17,
        "error_class": "KeyError",
        "place": "services/registry/rules.py:3 evolve",
        "since": datetime(2026, 11, 25, 11, 59, tzinfo=UTC),
        "set_aside": False,
        "waiting_behind": 2,
    }
    return Parked(**told | given)


def report(*groups: GroupLag, **given: Any) -> Report:
    told: dict[str, Any] = {
        "measured": NOW,
        "took_seconds": 0.05,
        "groups": worst_first(groups),
        "services": (service(),),
        "rejected": Rejected(recent=0, kept=0),
        "partitions": (TopicEnds(topic=TOPIC, partition=0, earliest=0, latest=100),),
        "unanswered": (),
    }
    told |= given
    judged = verdict(
        told["groups"], told["services"], told["rejected"], told["unanswered"]
    )
    return Report(**told, verdict=judged)
