"""What lies on Kafka when something has been said: records, and the facts they are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas.admission import admit
from schemas.envelope import stamp
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS, STATE, TRACKER

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULES = ruleset(NEWEST)
Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Told:
    """A fact where it lies: its topic, its offset there, when it was appended."""

    fact: Fact
    topic: str
    offset: int
    appended: datetime
    value: bytes


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A record that takes no effect: refused, or said before.

    `reason` is the code under which it is refused; empty for what is said again.
    """

    reason: str
    topic: str
    offset: int
    appended: datetime
    value: bytes


Lying = Told | Unwanted


@dataclass
class Teller:
    """Puts what is said on its topic, one after another."""

    subject: str
    told: list[Told]
    unwanted: list[Unwanted] = field(default_factory=list)
    # hours that the clock stood still; fewer than none where the story begins later
    stood: int = 0

    @property
    def now(self) -> datetime:
        passed = len(self.told) + len(self.unwanted) - self.stood
        return BEGIN + timedelta(hours=passed)

    @property
    def lying(self) -> list[Lying]:
        """All records in the order in which they were appended."""
        every: Sequence[Lying] = [*self.told, *self.unwanted]
        return sorted(every, key=lambda each: (each.appended, each.topic, each.offset))

    def say(
        self, speaker: str, name: str, data: dict[str, Any], **attributes: Any
    ) -> Ref:
        event = self.event(speaker, name, **attributes)
        self.put(home_of(speaker), self.stamped(event, orjson.dumps(data)))
        return Ref(event["source"], event["id"])

    def event(self, speaker: str, name: str, **attributes: Any) -> dict[str, Any]:
        """What a speaker sends, without `data`."""
        return {
            "specversion": "1.0",
            "id": f"{speaker}-{len(self.told)}",
            "source": f"urn:orgnr:{speaker}:system",
            "type": f"no.tidlig.{name}.v1",
            "subject": self.subject,
            "time": (self.now - timedelta(minutes=3)).isoformat(),
            **attributes,
        }

    def stamped(self, event: dict[str, Any], data: bytes) -> bytes:
        rules = ruleset(NEWEST)
        return stamp(
            event,
            data,
            line=rules.line_of(str(event["source"]).split(":")[2]),
            accepted=self.now,
            agreement=rules.agreement_at(self.now),
            ruleset=NEWEST,
            salt=b"0123456789abcdef",
        )

    def observe(self, record: tuple[bytes, bytes]) -> None:
        """What the tracker says; its ids are derived, so saying it twice is once."""
        fact = admitted(record[1], TRACKER.name)
        if any(told.fact.ref == fact.ref for told in self.told):
            self.put_unwanted("", TRACKER.name, record[1])
        else:
            self.put(TRACKER.name, record[1])

    def put(self, topic: str, value: bytes) -> None:
        fact = admitted(value, topic)
        place = (topic, self.next_offset(topic), self.now)
        self.told.append(Told(fact, *place, value))

    def put_unwanted(self, reason: str, topic: str, value: bytes) -> None:
        """What is not to take effect, whoever judges it."""
        place = (topic, self.next_offset(topic), self.now)
        self.unwanted.append(Unwanted(reason, *place, value))

    def next_offset(self, topic: str) -> int:
        every: Sequence[Lying] = [*self.told, *self.unwanted]
        return sum(1 for lying in every if lying.topic == topic)


def admitted(value: bytes, topic: str) -> Fact:
    key = orjson.loads(value)["subject"].encode()
    fact = admit(value, (), topic, key)
    assert isinstance(fact, Fact), (fact, value)
    return fact


def home_of(speaker: str) -> str:
    """The topic of the speaker's line; what has none lies anywhere."""
    line = ruleset(NEWEST).line_of(speaker)
    return STATE.name if line is None else PARTY_TOPICS[line].name
