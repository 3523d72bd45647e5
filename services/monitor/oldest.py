"""The age of what is unread: one record is read where reading would go on."""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import monotonic

from confluent_kafka import (
    TIMESTAMP_NOT_AVAILABLE,
    Consumer,
    KafkaError,
    Message,
    TopicPartition,
)

from .rules import Oldest, Place

# a record is at most 65 KiB; the broker sends at least one batch whatever is asked
FETCH_BYTES = 66 * 1024
QUIET = {
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "isolation.level": "read_committed",
    "auto.offset.reset": "error",
    "fetch.message.max.bytes": FETCH_BYTES,
    "fetch.wait.max.ms": 10,
    # by default a partition waits a second after each answer
    "fetch.queue.backoff.ms": 1,
    "queued.min.messages": 1,
    "queued.max.messages.kbytes": 1024,
    "log_level": 0,
}
# to read on over so many offsets is cheaper than to seek
NEAR = 2_000
CHUNK = 500
PATIENCE = 0.01
# a partition that does not answer keeps the others waiting no longer than this
LONGEST_ROUND = 0.3


# topic id, place, start
Key = tuple[str, Place, int]
# None where the record, or its time, could not be read
Answers = dict[Key, Oldest | None]


@dataclass(frozen=True, slots=True)
class Unread:
    """A stretch of a partition that a group has not read: `start` up to `end`."""

    topic_id: str
    place: Place
    start: int
    end: int

    @property
    def key(self) -> Key:
        return self.topic_id, self.place, self.start


class OldestUnread:
    """Reads one record a stretch within a time budget, and remembers it.

    What the budget did not reach is absent from the answer and asked again next time.
    The consumer joins no group and commits nothing.
    """

    def __init__(self, bootstrap: str, budget: timedelta) -> None:
        self.config = {
            **QUIET,
            "bootstrap.servers": bootstrap,
            "group.id": "tidlig-monitor",
        }
        self.budget = budget.total_seconds()
        self.known: dict[Key, Oldest] = {}
        # where reading goes on if time was short, so that nobody is last every time
        self.next: dict[Place, int] = {}
        self.consumer: Consumer | None = None
        self.busy = Lock()

    def find(self, wanted: Iterable[Unread]) -> dict[Unread, Oldest]:
        """The oldest record of each stretch. Blocks for the budget at most."""
        stretches = list(dict.fromkeys(wanted))
        with self.busy:
            self.keep_only(stretches)
            self.read([each for each in stretches if each.key not in self.known])
            return {
                each: self.known[each.key]
                for each in stretches
                if each.key in self.known
            }

    def keep_only(self, stretches: Iterable[Unread]) -> None:
        """Forget what nobody asks for any more, and "none" where more has come."""
        self.known = {
            each.key: oldest
            for each in stretches
            if (oldest := self.known.get(each.key)) and oldest.holds_for(each.end)
        }
        places = {each.place for each in stretches}
        self.next = {at: n for at, n in self.next.items() if at in places}

    def read(self, missing: list[Unread]) -> None:
        """Round by round: a consumer stands at one offset of a partition at a time."""
        deadline = monotonic() + self.budget
        while missing and monotonic() < deadline:
            round_ends = min(deadline, monotonic() + LONGEST_ROUND)
            answers = self.read_once(self.sweeps_of(missing), round_ends)
            self.known |= {key: found for key, found in answers.items() if found}
            missing = [each for each in missing if each.key not in answers]

    def sweeps_of(self, missing: Iterable[Unread]) -> dict[Place, "Sweep"]:
        """One sweep for each partition, from where the last one ended."""
        starts: dict[Place, list[Unread]] = {}
        for each in missing:
            starts.setdefault(each.place, []).append(each)
        return {
            place: Sweep(
                sorted(some, key=lambda each: each.start), self.next.get(place, 0)
            )
            for place, some in starts.items()
        }

    def read_once(self, sweeps: Mapping[Place, "Sweep"], deadline: float) -> Answers:
        """What a sweep over each partition tells; it ends at the deadline."""
        consumer = self.consumer = self.consumer or Consumer(self.config)
        consumer.assign([TopicPartition(*at, s.start) for at, s in sweeps.items()])
        going, answers = dict(sweeps), Answers()
        try:
            while going and monotonic() < deadline:
                for message in consumer.consume(CHUNK, timeout=PATIENCE):
                    place = (str(message.topic()), int(message.partition() or 0))
                    if (sweep := going.get(place)) is not None:
                        answers.update(sweep.told_by(message))
                        if sweep.has_ended:
                            del going[place]
        finally:
            consumer.unassign()
        self.next |= {place: sweep.next for place, sweep in sweeps.items()}
        return answers

    def close(self) -> None:
        """After a `find` that still runs."""
        with self.busy:
            if self.consumer is not None:
                self.consumer.close()
                self.consumer = None


class Sweep:
    """One partition, read upwards from one start; each start on the way is served."""

    def __init__(self, wanted: Iterable[Unread], begin: int) -> None:
        """`wanted` in order of `start`; those before `begin` have their turn later."""
        every = deque(wanted)
        later = deque(each for each in every if each.start >= begin)
        self.left = later or every
        self.start = self.next = self.left[0].start
        self.has_ended = False

    def told_by(self, message: Message) -> Iterator[tuple[Key, Oldest | None]]:
        """What a message tells of the starts that are left."""
        error, offset = message.error(), message.offset()
        if error is None and offset is not None:
            yield from self.served_by(offset, appended_of(message))
        elif error is not None:
            at_end = error.code() == KafkaError._PARTITION_EOF  # noqa: SLF001  # its name
            yield from self.ended_by(offset if at_end else None)

    def served_by(
        self, offset: int, appended: datetime | None
    ) -> Iterator[tuple[Key, Oldest | None]]:
        """The record is the oldest for every start that it is the first one after."""
        oldest = None if appended is None else Oldest(offset, appended)
        while self.left and self.left[0].start <= offset:
            yield self.left.popleft().key, oldest
        if not self.left or self.left[0].start > offset + NEAR:
            self.end()

    def ended_by(self, offset: int | None) -> Iterator[tuple[Key, Oldest | None]]:
        """No record before the offset; without one the partition cannot be read."""
        for each in self.left:
            none = offset is not None and offset >= each.end
            yield each.key, Oldest(offset or 0, None) if none else None
        self.end()

    def end(self) -> None:
        self.next = self.left[0].start if self.left else 0
        self.has_ended = True


def appended_of(message: Message) -> datetime | None:
    """None where the producer gave it no time."""
    kind, milliseconds = message.timestamp()
    if kind == TIMESTAMP_NOT_AVAILABLE:
        return None
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
