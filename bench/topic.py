"""A topic as the benchmark uses it: bare produce, bare consume, when each came."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread
from time import monotonic
from typing import Self

import orjson
from confluent_kafka import (
    Consumer,
    KafkaError,
    KafkaException,
    Message,
    Producer,
    TopicPartition,
)

from deploy.local import topics
from schemas.topics import Topic

PATIENCE = 120.0
Keyed = tuple[bytes, bytes]


@dataclass(frozen=True, slots=True)
class Seen:
    """Records that were read: their keys, and the first and last moment on Kafka."""

    keys: list[bytes]
    first_ms: int
    last_ms: int

    @property
    def per_second(self) -> float:
        """Between the first and the last, so without anybody's start."""
        return len(self.keys) / max(1, self.last_ms - self.first_ms) * 1000


def provision(bootstrap: str, name: str) -> None:
    """A topic like those of facts: as many partitions, Kafka's own time."""
    topics.provision(bootstrap, [Topic(name, "", "", "", (), "")])


def bare_producer(bootstrap: str) -> Producer:
    """With the relay's settings, and nothing else of it."""
    return Producer(
        {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "acks": "all",
            "linger.ms": 0,
            "compression.type": "zstd",
            "partitioner": "murmur2_random",
            "log_level": 0,
        }
    )


def produce(producer: Producer, topic: str, records: Iterable[Keyed]) -> None:
    """Send all, and wait until each is acknowledged. Raises KafkaException."""
    failed: list[KafkaError] = []

    def answered(error: KafkaError | None, _: Message) -> None:
        if error is not None:
            failed.append(error)

    for n, (key, value) in enumerate(records):
        while True:
            try:
                producer.produce(topic, value, key, on_delivery=answered)
                break
            except BufferError:
                producer.poll(0.1)
        if n % 2_000 == 0:
            producer.poll(0)
    producer.flush(PATIENCE)
    if failed:
        raise KafkaException(failed[0])


def consumer_at_the_end(bootstrap: str, topic: str) -> Consumer:
    """Assigned to every partition, at where it ends now."""
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "bench-reader",
            "enable.auto.commit": False,
            "log_level": 0,
            "fetch.wait.max.ms": 100,
        }
    )
    found = consumer.list_topics(topic, timeout=20).topics[topic].partitions
    consumer.assign(
        [TopicPartition(topic, n, end_of(consumer, topic, n)) for n in found]
    )
    consumer.consume(1, timeout=0.2)
    return consumer


def end_of(consumer: Consumer, topic: str, partition: int) -> int:
    """Where a partition ends; a new one may have no leader for a moment."""
    deadline = monotonic() + 20
    while True:
        try:
            place = TopicPartition(topic, partition)
            return int(consumer.get_watermark_offsets(place, timeout=20)[1])
        except KafkaException:
            if monotonic() > deadline:
                raise
            time.sleep(0.1)


def read(consumer: Consumer, wanted: int) -> Seen:
    """So many records from where it stands. Raises TimeoutError."""
    keys: list[bytes] = []
    first = last = 0
    deadline = monotonic() + PATIENCE
    while len(keys) < wanted:
        if monotonic() > deadline:
            raise TimeoutError(f"{len(keys)} of {wanted} records on the topic")
        for message in consumer.consume(2_000, timeout=0.5):
            if message.error() is not None:
                raise KafkaException(message.error())
            _, at = message.timestamp()
            first, last = min(first or at, at), max(last, at)
            keys.append(bytes(message.key() or b""))
    return Seen(keys, first, last)


def key_of(message: Message) -> bytes:
    return bytes(message.key() or b"")


def id_of(message: Message) -> bytes:
    """The fact's own id, for facts that share a key."""
    return str(orjson.loads(message.value() or b"{}")["id"]).encode()


@dataclass
class Watch:
    """Notes when each name is seen, in a thread, by the clock of `time.monotonic`.

    Records are named by their keys, or as `name` says.
    """

    consumer: Consumer
    name: Callable[[Message], bytes] = key_of
    seen: dict[bytes, float] = field(default_factory=dict)
    again: int = 0
    ended: Event = field(default_factory=Event)

    def __enter__(self) -> Self:
        self.thread = Thread(target=self.look, name="watch", daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join(5)

    def look(self) -> None:
        while not self.ended.is_set():
            message = self.consumer.poll(0.05)
            if message is None or message.error() is not None:
                continue
            name = self.name(message)
            self.again += name in self.seen
            self.seen.setdefault(name, monotonic())

    def wait_for(self, keys: Sequence[bytes], seconds: float = 30) -> None:
        """Until all were seen. Raises TimeoutError."""
        deadline = monotonic() + seconds
        while not all(key in self.seen for key in keys):
            if monotonic() > deadline:
                missing = sum(key not in self.seen for key in keys)
                raise TimeoutError(f"{missing} of {len(keys)} never came")
            time.sleep(0.02)


def percentile_ms(seconds: Iterable[float], share: float) -> float:
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000
