"""Every series that the monitor tells Prometheus, each with what a rise means.

Those that begin with `kafka_` have the names and labels of kafka-lag-exporter, so its
dashboards work unchanged. They are made from the last report: what is deleted is gone
with the next one, and what is not known has no sample. No label names a party, a type
or an initiative.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import Metric
from prometheus_client.registry import Collector

from .report import GroupLag, Member, PartitionLag, Report, age

CLUSTER = ("cluster_name",)
PARTITION = (*CLUSTER, "topic", "partition")
GROUP = (*CLUSTER, "group")
GROUP_TOPIC = (*GROUP, "topic")
GROUP_PARTITION = (
    *GROUP_TOPIC,
    "partition",
    "member_host",
    "consumer_id",
    "client_id",
)
Sample = tuple[tuple[str, ...], float | None]
Samples = Callable[[Report], Iterable[Sample]]


@dataclass(frozen=True, slots=True)
class Series:
    """A gauge, and how its samples are found; `cluster_name` is not among these."""

    name: str
    help: str
    labels: tuple[str, ...]
    samples: Samples

    def read(self, report: Report, cluster_name: str) -> Metric:
        """All samples of it that are known."""
        first = (cluster_name,) if self.labels[:1] == CLUSTER else ()
        found = Metric(self.name, self.help, "gauge")
        for values, value in self.samples(report):
            if value is not None:
                labels = dict(zip(self.labels, first + values, strict=True))
                found.add_sample(self.name, labels, value)
        return found


class Told(Collector):
    """A report in the form that Prometheus reads."""

    def __init__(self, report: Report, cluster_name: str) -> None:
        self.report = report
        self.cluster_name = cluster_name

    def collect(self) -> Iterator[Metric]:
        for series in ALL:
            yield series.read(self.report, self.cluster_name)


def each_group(number: Callable[[GroupLag], float | None]) -> Samples:
    """One sample for each group of which all is known."""

    def samples(report: Report) -> Iterator[Sample]:
        for group in report.groups:
            yield (group.name,), None if group.error else number(group)

    return samples


def each_partition(number: Callable[[PartitionLag], float | None]) -> Samples:
    """One sample for each partition of each group, with the member that holds it."""

    def samples(report: Report) -> Iterator[Sample]:
        for group in report.groups:
            for part in group.partitions:
                at = (group.name, part.topic, str(part.partition))
                yield (*at, *whom(part.member)), number(part)

    return samples


def whom(member: Member | None) -> tuple[str, str, str]:
    if member is None:
        return "", "", ""
    return member.host, member.consumer_id, member.client_id


def each_group_topic(report: Report) -> Iterator[Sample]:
    """One sample for each topic of each group of which all is known."""
    for group in report.groups:
        if group.error:
            continue
        sums: dict[str, int] = {}
        for part in group.partitions:
            sums[part.topic] = sums.get(part.topic, 0) + part.records
        for topic, records in sums.items():
            yield (group.name, topic), records


# rises: the group reads this partition more slowly than it is written, or not at all
GROUP_LAG = Series(
    "kafka_consumergroup_group_lag",
    "Offsets from the oldest unread record to the end",
    GROUP_PARTITION,
    each_partition(lambda part: part.records),
)
# rises: what the group has not read gets older; somebody waits for it
GROUP_LAG_SECONDS = Series(
    "kafka_consumergroup_group_lag_seconds",
    "Age of the oldest unread record",
    GROUP_PARTITION,
    each_partition(lambda part: part.seconds),
)
# rises: the group reads; where it stands still though its lag grows, it is stuck
GROUP_OFFSET = Series(
    "kafka_consumergroup_group_offset",
    "The next offset that the group reads",
    GROUP_PARTITION,
    each_partition(lambda part: part.next),
)
# rises: the group's worst partition falls behind
GROUP_MAX_LAG = Series(
    "kafka_consumergroup_group_max_lag",
    "Lag of the group's worst partition",
    GROUP,
    each_group(
        lambda group: max((part.records for part in group.partitions), default=0)
    ),
)
# rises: the oldest thing that the group has not read gets older: the number to alarm on
GROUP_MAX_LAG_SECONDS = Series(
    "kafka_consumergroup_group_max_lag_seconds",
    "Age of the oldest record that the group has not read",
    GROUP,
    each_group(lambda group: group.seconds),
)
# rises: the group as a whole falls behind
GROUP_SUM_LAG = Series(
    "kafka_consumergroup_group_sum_lag",
    "Lag of all the group's partitions",
    GROUP,
    each_group(lambda group: group.records),
)
# rises: the group falls behind on this topic
GROUP_TOPIC_SUM_LAG = Series(
    "kafka_consumergroup_group_topic_sum_lag",
    "Lag of the group's partitions of a topic",
    GROUP_TOPIC,
    each_group_topic,
)
# rises: records are written
LATEST_OFFSET = Series(
    "kafka_partition_latest_offset",
    "The offset that the next record gets",
    PARTITION,
    lambda report: (
        ((at.topic, str(at.partition)), at.latest) for at in report.partitions
    ),
)
# rises: records are deleted; on a topic that is kept for ever somebody deletes facts
EARLIEST_OFFSET = Series(
    "kafka_partition_earliest_offset",
    "The first offset that is kept",
    PARTITION,
    lambda report: (
        ((at.topic, str(at.partition)), at.earliest) for at in report.partitions
    ),
)
# rises: replicas are added; at 0 with a lag nobody reads
GROUP_MEMBERS = Series(
    "tidlig_group_members",
    "Members of the group",
    GROUP,
    each_group(lambda group: group.members),
)
# rises: records were deleted before the group had read them: they are lost to it
GROUP_EXPIRED = Series(
    "tidlig_group_records_expired",
    "Offsets that were deleted before the group had read them",
    GROUP,
    each_group(lambda group: sum(part.expired for part in group.partitions)),
)
# rises: Kafka has lost records that the group has read, or was restored from a copy
GROUP_AHEAD = Series(
    "tidlig_group_offsets_ahead",
    "How far the group's positions lie beyond the end of the log",
    GROUP,
    each_group(lambda group: sum(part.ahead for part in group.partitions)),
)
# rises: facts are accepted faster than they reach Kafka, or Kafka is away
OUTBOX_WAITING = Series(
    "tidlig_outbox_waiting",
    "Facts on their way to Kafka",
    ("service",),
    lambda report: (
        ((each.name,), each.outbox.waiting if each.outbox else None)
        for each in report.services
    ),
)
# rises: the relay does not send
OUTBOX_OLDEST_SECONDS = Series(
    "tidlig_outbox_oldest_seconds",
    "Age of the oldest fact on its way to Kafka",
    ("service",),
    lambda report: (
        ((each.name,), each.outbox.oldest_seconds if each.outbox else None)
        for each in report.services
    ),
)
# rises: the service's code cannot get past a record; a partition waits for new code
STOPPED = Series(
    "tidlig_partitions_stopped",
    "Partitions that a service cannot get past",
    ("service",),
    lambda report: (
        ((each.name,), None if each.stopped is None else len(each.stopped))
        for each in report.services
    ),
)
# rises: nobody has mended what stops the partition
STOPPED_SECONDS = Series(
    "tidlig_partition_stopped_seconds",
    "For how long a partition has been stopped",
    ("group", "topic", "partition"),
    lambda report: (
        (
            (stop.group, stop.topic, str(stop.partition)),
            age(stop.since, report.measured),
        )
        for stop in report.stopped
    ),
)
# rises: the service's code fails on facts; they and what waits behind have no effect
PARKED = Series(
    "tidlig_parked",
    "Facts that a service cannot apply, set aside or not; at most 200 are counted",
    ("service",),
    lambda report: (
        ((each.name,), None if each.parked is None else len(each.parked))
        for each in report.services
    ),
)
# rises: somebody writes to a topic past intake, or intake has a bug
REJECTED_RECENT = Series(
    "tidlig_rejected_last_day",
    "Records rejected in the last 24 hours",
    (),
    lambda report: [((), report.rejected.recent if report.rejected else None)],
)
# rises: records were rejected; falls as they expire after 30 days
REJECTED_KEPT = Series(
    "tidlig_rejected_kept",
    "Rejected records that are kept",
    (),
    lambda report: [((), report.rejected.kept if report.rejected else None)],
)
# rises: Kafka, Postgres or a service cannot be asked; `/ready` says which
UNANSWERED = Series(
    "tidlig_monitor_unanswered",
    "Questions of the last cycle that were not answered",
    (),
    lambda report: [((), len(report.unanswered))],
)
# rises: the broker or Postgres answers more slowly, or there are more groups
CYCLE_SECONDS = Series(
    "tidlig_monitor_cycle_seconds",
    "How long the last cycle took",
    (),
    lambda report: [((), report.took_seconds)],
)
# rises with the clock; where it stands still all other series are old
MEASURED = Series(
    "tidlig_monitor_measured_timestamp_seconds",
    "When the last cycle measured, in Unix time",
    (),
    lambda report: [((), report.measured.timestamp())],
)

ALL = tuple(each for each in list(globals().values()) if isinstance(each, Series))
