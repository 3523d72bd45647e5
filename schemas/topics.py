"""Every topic: the only place where a topic's name is written."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Line = Literal["state", "municipal"]


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic on Kafka, who writes it and who is upset if it changes.

    `retention` is None where facts are kept without end.
    """

    name: str
    holds: str
    key: str
    producer: str
    consumers: tuple[str, ...]
    owner: str
    partitions: int = 12
    retention: timedelta | None = None
    media_type: str = "application/cloudevents+json; charset=UTF-8"


STATE = Topic(
    name="tidlig.state.v1",
    holds="what organisations of the state line say",
    key="initiative id",
    producer="intake",
    consumers=("registry", "consultation", "delivery"),
    owner="Tidlig, for the state line",
)
MUNICIPAL = Topic(
    name="tidlig.municipal.v1",
    holds="what organisations of the municipal line say",
    key="initiative id",
    producer="intake",
    consumers=("registry", "consultation", "delivery"),
    owner="Tidlig, for the municipal line",
)
TRACKER = Topic(
    name="tidlig.tracker.v1",
    holds="what the tracker observed: readable, received, opened, silence, overdue",
    key="initiative id",
    producer="delivery",
    consumers=("intake", "registry", "consultation", "delivery"),
    owner="Tidlig",
)
ARENA = Topic(
    name="tidlig.arena.v1",
    holds="what is done in the joint arena: meetings, items, advice, positions",
    key="item or meeting id",
    producer="consultation",
    consumers=("registry", "delivery"),
    owner="Tidlig, for both lines",
)
REJECTED = Topic(
    name="tidlig.rejected.v1",
    holds="records that no consumer can admit, with hash, coordinates and reason",
    key="the record's own key",
    producer="registry",
    consumers=("monitor",),
    owner="Tidlig, operations",
    retention=timedelta(days=30),
    media_type="application/json",
)

ALL = (STATE, MUNICIPAL, TRACKER, ARENA, REJECTED)
BY_NAME = {topic.name: topic for topic in ALL}
PARTY_TOPICS: dict[Line, Topic] = {"state": STATE, "municipal": MUNICIPAL}


def party_topic(line: Line) -> Topic:
    """The topic that holds what organisations of `line` say."""
    return PARTY_TOPICS[line]
