"""Every metric, declared once, each with what a rise means.

No label names a party, a type or an initiative: counts of those would tell a reader
of metrics what may not be read.
"""

from collections import Counter as Tally
from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

from prometheus_client import Counter, Histogram

if TYPE_CHECKING:
    from .batch import Batch


class OnTopic(Protocol):
    """Anything that stands on a topic."""

    @property
    def topic(self) -> str: ...


# rises: facts take effect; the rate of work
FACTS_APPLIED = Counter(
    "tidlig_facts_applied", "Facts that took effect", ["group", "topic"]
)
# rises: producers send again after faults; harmless, each is dropped
DUPLICATES = Counter(
    "tidlig_duplicates_dropped", "Facts said before, dropped", ["group", "topic"]
)
# rises: somebody writes to a topic past intake, or a bug in intake
RECORDS_REFUSED = Counter(
    "tidlig_records_refused",
    "Records that no consumer can admit",
    ["group", "topic", "reason"],
)
# rises: more is waiting per poll; consumers are catching up
BATCH_RECORDS = Histogram(
    "tidlig_batch_records",
    "Records per batch",
    ["group"],
    buckets=(1, 2, 5, 10, 50, 100, 500, 1000, 2000),
)
# rises: Postgres or the code has become slower
BATCH_SECONDS = Histogram(
    "tidlig_batch_seconds",
    "Time to apply a batch",
    ["group"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
# rises: Postgres is away or slow, or nothing can be applied; batches are tried again
BATCHES_POSTPONED = Counter(
    "tidlig_batches_postponed", "Batches to be tried again", ["group", "error"]
)
# rises: the code cannot apply a fact; `parked` shows it, `redrive` once it is mended
FACTS_PARKED = Counter(
    "tidlig_facts_parked", "Facts that make the code fail, parked", ["group", "error"]
)
# rises: speakers go on about initiatives on which a fact of theirs is parked
FACTS_HELD_BACK = Counter(
    "tidlig_facts_held_back", "Facts parked behind another of their speaker", ["group"]
)
# rises: what was parked takes effect
FACTS_REDRIVEN = Counter(
    "tidlig_facts_redriven", "Parked facts that were applied later", ["group"]
)
# rises: the code cannot get past a record; a partition waits for newer code
PARTITIONS_STOPPED = Counter(
    "tidlig_partitions_stopped", "Times that a partition was stopped", ["group"]
)
# rises: facts reach Kafka
RECORDS_PUBLISHED = Counter(
    "tidlig_records_published", "Rows of the outbox that Kafka acknowledged", ["topic"]
)
# rises: Kafka refuses what the relay sends; it is sent again
SEND_FAILURES = Counter(
    "tidlig_send_failures", "Claims of the relay that failed and are sent again"
)
# rises: Kafka's answers do not come; such rows may be there or not, and are sent again
SENDS_UNKNOWN = Counter(
    "tidlig_sends_unknown", "Rows of the outbox whose answer never came; sent again"
)
# rises: work in the background ends with an error and is begun again
RESTARTS = Counter("tidlig_restarts", "Background work begun again", ["work"])
# rises: emitters use the service
FACTS_ACCEPTED = Counter("tidlig_facts_accepted", "Facts that intake answered 202")
# rises: intake's database was restored and had forgotten facts; emitters send again
GAPS = Counter("tidlig_gaps", "Times that intake found facts it had forgotten")
# rises: an emitter's system is wrong, or somebody tries what they may not
ATTEMPTS_REFUSED = Counter(
    "tidlig_attempts_refused", "Requests to emit that were refused", ["status"]
)
# rises: requests are answered more slowly
REQUEST_SECONDS = Histogram(
    "tidlig_request_seconds",
    "Time to answer a request",
    ["route", "status"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60),
)


def count_batch(group: str, batch: "Batch", size: int, seconds: float) -> None:
    """Count what a consumer made of a batch."""
    for topic, n in by_topic(each.place for each in batch.facts):
        FACTS_APPLIED.labels(group, topic).inc(n)
    for topic, n in by_topic(each.place for each in batch.duplicates):
        DUPLICATES.labels(group, topic).inc(n)
    for refused in batch.refused:
        RECORDS_REFUSED.labels(group, refused.place.topic, refused.refusal.reason).inc()
    for parked in batch.parked:
        if parked.cause is None:
            FACTS_HELD_BACK.labels(group).inc()
        else:
            FACTS_PARKED.labels(group, parked.cause.error_class).inc()
    BATCH_RECORDS.labels(group).observe(size)
    BATCH_SECONDS.labels(group).observe(seconds)


def count_published(rows: Iterable[OnTopic]) -> None:
    """Count what Kafka has acknowledged."""
    for topic, n in by_topic(rows):
        RECORDS_PUBLISHED.labels(topic).inc(n)


def by_topic(named: Iterable[OnTopic]) -> Iterable[tuple[str, int]]:
    return Tally(each.topic for each in named).items()
