"""The producer of the relay: idempotent, acks from all, nothing lingers.

librdkafka is measured fastest for whole claims; its answers come in a thread and are
handed to the event loop once per claim.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from schemas.topics import BY_NAME

# what librdkafka takes, less room for a header
LARGEST = 1_000_000 - 1_000
CONNECT_LIMIT = 2.0


class Row(Protocol):
    """A row of the outbox."""

    @property
    def seq(self) -> int: ...
    @property
    def topic(self) -> str: ...
    @property
    def key(self) -> bytes: ...
    @property
    def value(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Published:
    """Where a row of the outbox now stands on Kafka."""

    seq: int
    topic: str
    partition: int
    offset: int
    appended: datetime


class Claim:
    """Rows that were sent together. `done` is set when each has been answered."""

    def __init__(self, size: int) -> None:
        self.published: list[Published] = []
        self.failure: KafkaError | None = None
        self.size = self.left = size
        self.loop = asyncio.get_running_loop()
        self.done = asyncio.Event()
        self.then: Callable[[], None] | None = None
        if not size:
            self.done.set()

    def when_done(self, then: Callable[[], None]) -> None:
        """Call it in the event loop once each row is answered."""
        self.then = then
        if self.done.is_set():
            then()

    def end(self) -> None:
        self.done.set()
        if self.then is not None:
            self.then()

    @property
    def unknown(self) -> int:
        """Rows that Kafka has not acknowledged: they may be there all the same."""
        return self.size - len(self.published)

    def answered(self, seq: int, error: KafkaError | None, message: Message) -> None:
        """Called in the producer's thread."""
        if error is None:
            self.published.append(published(seq, message))
        else:
            self.failure = error
        self.left -= 1
        if not self.left:
            self.loop.call_soon_threadsafe(self.end)


def published(seq: int, message: Message) -> Published:
    _, milliseconds = message.timestamp()
    return Published(
        seq,
        str(message.topic()),
        int(message.partition() or 0),
        int(message.offset() or 0),
        datetime.fromtimestamp(milliseconds / 1000, UTC),
    )


def never_sent(row: Row) -> str | None:
    """Why no broker would ever take the row; None where one would."""
    if row.topic not in BY_NAME:
        return "unknown_topic"
    too_large = len(row.key) + len(row.value) > LARGEST
    return "too_large" if too_large else None


class Sender:
    """One producer and the thread that collects its answers."""

    def __init__(self, bootstrap: str, client_id: str) -> None:
        self.producer = Producer(
            {
                "bootstrap.servers": bootstrap,
                "client.id": client_id,
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 0,
                "compression.type": "zstd",
                # the partition that every Kafka client would choose
                "partitioner": "murmur2_random",
                # a row that timed out would be overtaken by the next of its key
                "message.timeout.ms": 0,
                # and so would one that the broker refused
                "enable.gapless.guarantee": True,
                "reconnect.backoff.max.ms": 1_000,
                "log_level": 0,
            }
        )
        self.closed = Event()
        self.thread = Thread(target=self.collect, name="producer", daemon=True)
        self.thread.start()

    def connect(self) -> None:
        """Know the brokers before the first row, which would wait a second for it.

        It blocks, longer while Kafka is away: call it in a thread.
        """
        with suppress(KafkaException):
            self.producer.list_topics(timeout=CONNECT_LIMIT)

    def send(self, rows: Sequence[Row]) -> Claim:
        """Hand rows over in their order. Raises BufferError where the queue is full."""
        claim = Claim(len(rows))
        for row in rows:
            self.producer.produce(
                row.topic,
                key=row.key,
                value=row.value,
                headers=[("content-type", BY_NAME[row.topic].media_type.encode())],
                on_delivery=answer(claim, row.seq),
            )
        return claim

    def collect(self) -> None:
        while not self.closed.is_set():
            try:
                self.producer.poll(0.1)
            except KafkaException:
                # fatal, as where a broker has lost its end of the log: it sends no
                # more, and what has no answer yet is answered with an error
                self.producer.purge()

    def close(self) -> None:
        """Send nothing more. It blocks: call it in a thread."""
        self.producer.purge()
        self.closed.set()
        self.thread.join(timeout=2)


class Answer(Protocol):
    def __call__(self, error: KafkaError | None, message: Message) -> None: ...


def answer(claim: Claim, seq: int) -> Answer:
    def answered(error: KafkaError | None, message: Message) -> None:
        claim.answered(seq, error, message)

    return answered
