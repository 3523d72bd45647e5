"""A Kafka of one's own: logs, a producer's requests on their way, topics made anew.

What an idempotent producer and its broker may do with a row: take it and say so, take
it and never say so, refuse it and all that follows. A request of one that died may come
late.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from aiokafka import TopicPartition
from aiokafka.partitioner import murmur2
from confluent_kafka import KafkaError

from services.kit.producer import Claim, Row

from .process import current

if TYPE_CHECKING:
    from .process import Process
    from .world import World

STRUCTURED = (("content-type", b"application/cloudevents+json; charset=UTF-8"),)
BEGAN = 1_780_000_000_000
# what a request may come to; the first is that all goes well
OUTCOMES = ("taken",) * 2 + ("taken, unheard", "refused")


@dataclass(frozen=True, slots=True)
class Record:
    """A record as aiokafka hands it over."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes | None]] = STRUCTURED


@dataclass(eq=False)
class Broker:
    """Topics by partition; `noted` are the groups' own offsets."""

    partitions: dict[str, int]
    logs: dict[TopicPartition, list[Record]] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    noted: dict[TopicPartition, int] = field(default_factory=dict)
    # how far its clock is off, in milliseconds
    clock: int = 0
    world: "World | None" = None

    def __post_init__(self) -> None:
        for topic, number in self.partitions.items():
            self.ids[topic] = f"{topic}-1"
            for n in range(number):
                self.logs[TopicPartition(topic, n)] = []

    def append(
        self,
        topic: str,
        key: bytes | None,
        value: bytes | None,
        headers: Sequence[tuple[str, bytes | None]] = STRUCTURED,
    ) -> Record:
        at = TopicPartition(topic, self.partition_of(topic, key))
        assert self.world is not None
        now = BEGAN + self.clock + int(self.world.loop.now * 1000)
        log = self.logs[at]
        record = Record(topic, at.partition, len(log), now, key, value, headers)
        log.append(record)
        return record

    def partition_of(self, topic: str, key: bytes | None) -> int:
        number: int = murmur2(key or b"")
        return (number & 0x7FFFFFFF) % self.partitions[topic]

    def make_anew(self, topic: str) -> None:
        """Under its name, with another id; what it held is written again."""
        name, _, number = self.ids[topic].rpartition("-")
        self.ids[topic] = f"{name}-{int(number) + 1}"
        for at, log in self.logs.items():
            if at.topic == topic:
                held, log[:] = list(log), []
                self.noted.pop(at, None)
                for each in held:
                    self.append(topic, each.key, each.value, each.headers)

    async def records_at(
        self, _: str, __: str, offsets: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, Record]:
        """In the place of the kit's, which has a consumer of its own ask."""
        await current().turn("asks what was applied last")
        return {at: self.logs[at][offset] for at, offset in offsets.items()}

    def records(self) -> list[Record]:
        return [record for at in sorted(self.logs) for record in self.logs[at]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the producer's client is told of a record that was taken."""

    record: Record

    def topic(self) -> str:
        return self.record.topic

    def partition(self) -> int:
        return self.record.partition

    def offset(self) -> int:
        return self.record.offset

    def timestamp(self) -> tuple[int, int]:
        return 1, self.record.timestamp


class Sender:
    """In the place of the kit's `Sender`: its requests travel when the world lets them.

    One partition's requests arrive in their order, and none after one that was refused.
    """

    broker: Broker

    def __init__(self, *_: Any) -> None:
        self.process: Process = current()
        self.world = self.process.world
        self.waiting: dict[TopicPartition, list[tuple[Claim, list[Row]]]] = {}
        self.travelling: dict[TopicPartition, Any] = {}
        self.closed = False
        self.failed = False
        self.process.at_death.append(self.close)

    def connect(self) -> None:
        """It is connected."""

    def send(self, rows: Sequence[Row]) -> Claim:
        claim = Claim(len(rows))
        for row in rows:
            number = self.broker.partition_of(row.topic, row.key)
            at = TopicPartition(row.topic, number)
            queue = self.waiting.setdefault(at, [])
            if not queue or queue[-1][0] is not claim or self.world.choices.one_in(3):
                queue.append((claim, []))
            queue[-1][1].append(row)
        for at in sorted(self.waiting):
            self.go_on(at)
        return claim

    def go_on(self, at: TopicPartition) -> None:
        if at in self.travelling or not self.waiting.get(at):
            return
        label = f"{self.process.name} sends to {at.topic}/{at.partition}"
        arrives = partial(self.arrives, at)
        event = self.world.happens_sometime(label, arrives, self.process)
        self.travelling[at] = event

    def arrives(self, at: TopicPartition) -> None:
        del self.travelling[at]
        claim, rows = self.waiting[at].pop(0)
        outcome = "refused" if self.failed else self.outcome()
        if outcome == "refused":
            self.failed = True
            receipts: list[Receipt] = []
        else:
            receipts = [self.taken(row) for row in rows]
        words = f"rows {[row.seq for row in rows]}"
        if outcome == "taken":
            self.world.note(f"{words} are taken")
        else:
            self.world.wrong(outcome, words)
        if self.closed:
            return
        heard = receipts if outcome == "taken" else []
        label = f"{self.process.name} hears of {at.topic}/{at.partition}"
        self.world.happens_sometime(
            label, partial(self.hears, claim, rows, heard), self.process
        )
        self.go_on(at)

    def outcome(self) -> str:
        if self.world.spared:
            return "taken"
        return self.world.choices.pick(OUTCOMES)

    def taken(self, row: Row) -> Receipt:
        return Receipt(self.broker.append(row.topic, row.key, row.value))

    def hears(self, claim: Claim, rows: list[Row], receipts: list[Receipt]) -> None:
        if self.closed:
            return
        for n, row in enumerate(rows):
            if receipts:
                answer: Any = receipts[n]
                claim.answered(row.seq, None, answer)
            else:
                claim.answered(row.seq, KafkaError(KafkaError.INVALID_MSG), None)  # type: ignore[arg-type]

    def close(self) -> None:
        """What waits is sent no more; what is on its way may still arrive."""
        if self.closed:
            return
        self.closed = True
        for at, event in list(self.travelling.items()):
            self.waiting[at] = self.waiting[at][:1]
            if self.world.choices.one_in(2):
                event.process = None
            else:
                self.world.forget(event)
                del self.travelling[at]
