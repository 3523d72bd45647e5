"""The two services without their I/O: records in, what stands and is available out.

The inbox's judgement, the registry's fold and delivery's steps are the real ones; only
databases and Kafka are left out.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

import orjson

from schemas.policy import Reader
from services.kit.batch import Arrived, Batch
from services.kit.checkpoint import Checkpoint, Place
from services.registry.earliness import earliness
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.rules import Projection, everything, evolve, fold, project
from services.registry.state import State, to_bytes
from services.registry.view import Json, earliness_json, summary, view
from tests.delivery.log import Log
from tests.histories import BEGIN, Lying, Told

from . import table

# long after every embargo of these stories
AT = BEGIN.replace(month=7)
# of a topic of which nothing has been read
BEFORE = Checkpoint(0, datetime.min.replace(tzinfo=UTC))


@dataclass
class Lies:
    """A record as aiokafka hands it over."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    partition: int = 0
    headers: Sequence[tuple[str, bytes | None]] = ()


@dataclass
class Services:
    """Registry and delivery, and what became of each record they were given."""

    subject: str
    facts: list[Arrived] = field(default_factory=list)
    outcomes: dict[tuple[str, int], str] = field(default_factory=dict)
    ends: dict[Place, Checkpoint] = field(default_factory=dict)
    values: dict[bytes, bytes] = field(default_factory=dict)
    log: Log = field(default_factory=Log)
    state: State = field(init=False)

    def __post_init__(self) -> None:
        self.state = State(self.subject)

    def take(self, lying: Sequence[Lying]) -> None:
        """One batch: judge, drop what was said before, fold, make available."""
        batch = self.judged(lying)
        self.note(batch)
        arrivals = batch.facts
        self.facts += arrivals
        if to_be_folded_again(arrivals):
            self.state = folded(self.subject, self.facts)
        else:
            for each in arrivals:
                self.state = evolve(self.state, each.fact, each.offset)
        self.log.step([told_of(each) for each in arrivals])

    def judged(self, lying: Sequence[Lying]) -> Batch:
        batch = Batch()
        by_topic: dict[str, list[Lies]] = {}
        for each in lying:
            by_topic.setdefault(each.topic, []).append(self.record(each))
        for topic, records in by_topic.items():
            place = Place(topic, "id", 0)
            batch.judge(place, records, self.ends.get(place, BEFORE))
        self.ends |= batch.now
        batch.keep_first_sayings(self.values)
        return batch

    def record(self, each: Lying) -> Lies:
        appended = round(each.appended.timestamp() * 1000)
        key = self.subject.encode()
        return Lies(each.topic, each.offset, appended, key, each.value)

    def note(self, batch: Batch) -> None:
        for fact in batch.facts:
            self.values[fact.fact.mark] = fact.value
            self.outcomes[fact.place.topic, fact.offset] = "fact"
        for again in batch.duplicates:
            self.outcomes[again.place.topic, again.offset] = ""
        for refused in batch.refused:
            key = (refused.place.topic, refused.offset)
            self.outcomes[key] = refused.refusal.reason

    def shown(self, reader: Reader) -> Json:
        return shown(project(self.state, reader))

    @property
    def state_hash(self) -> bytes:
        """Over what the class that sees everything sees."""
        return sha256(orjson.dumps(shown(everything(self.state)))).digest()

    def given(self, reader: Reader) -> set[bytes]:
        """The facts that delivery has made available to a reader."""
        open_to = reader.channels
        return {mark for channel, mark in self.log.standing if channel in open_to}


def to_be_folded_again(arrivals: Iterable[Arrived]) -> bool:
    """As the registry does where a fact names another: it may uncover an older one."""
    return any(each.fact.named is not None for each in arrivals)


def folded(subject: str, facts: Iterable[Arrived]) -> State:
    return fold(subject, [(each.fact, each.offset) for each in facts])


def told_of(each: Arrived) -> Told:
    return Told(each.fact, each.place.topic, each.offset, each.appended, each.value)


def taken(subject: str, batches: Iterable[Sequence[Lying]]) -> Services:
    services = Services(subject)
    for batch in batches:
        services.take(batch)
    return services


def shown(seen: Projection) -> Json:
    """All that one reader is shown of an initiative."""
    return {
        "view": view(seen, phase_policy(), contradiction_policy()),
        "summary": summary(seen, phase_policy()),
        "earliness": earliness_json(earliness(seen, table.POLICY, AT)),
    }


def everybodys(services: Services) -> dict[str, bytes]:
    """What each reader is shown, byte for byte, and which facts it is given."""
    found = {}
    for name, reader in table.READERS.items():
        given = sorted(mark.hex() for mark in services.given(reader))
        found[name] = orjson.dumps([services.shown(reader), given])
    return found


def bytes_of(services: Services) -> tuple[bytes, bytes, set[tuple[str, bytes]]]:
    """The state, its hash, and the log: for all readers at once."""
    return to_bytes(services.state), services.state_hash, services.log.standing
