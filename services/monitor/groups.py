"""Where every group stands, and how far that is from the end. Pure.

Our own groups stand where their checkpoints say, whatever they have told Kafka;
everybody else where Kafka's committed offsets say.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas import topics

from . import rules
from .broker import Commits, Existing
from .oldest import Unread
from .report import GroupLag, Member, PartitionLag, Source
from .rules import Log, Oldest, Place
from .store import Inside

# a group that Kafka has never heard of, or has forgotten
ABSENT = "ABSENT"
WATCHER = "monitor"


@dataclass(frozen=True, slots=True)
class Cluster:
    """What Kafka knows of groups, and of the topics they read."""

    commits: Sequence[Commits]
    topics: Mapping[str, Existing | str]


@dataclass(frozen=True, slots=True)
class Standing:
    """A group, the next offset it reads in each partition, and what is not known."""

    group: str
    source: Source
    state: str = "UNKNOWN"
    members: int | None = None
    positions: Mapping[Place, int | None] = field(default_factory=dict)
    committed: Mapping[Place, int | None] = field(default_factory=dict)
    holders: Mapping[Place, Member] = field(default_factory=dict)
    errors: tuple[str, ...] = ()


def services() -> tuple[str, ...]:
    """Everybody who writes or reads a topic of the contract, but the monitor."""
    named = {
        name for topic in topics.ALL for name in (topic.producer, *topic.consumers)
    }
    return tuple(sorted(named - {WATCHER}))


def read_by(service: str) -> tuple[str, ...]:
    """The topics that a service reads, in a group of its own name."""
    return tuple(topic.name for topic in topics.ALL if service in topic.consumers)


def standings(insides: Mapping[str, Inside | str], cluster: Cluster) -> list[Standing]:
    """Every group once: the expected ones, known to Kafka or not, and all others."""
    known = {commits.group: commits for commits in cluster.commits}
    own = [name for name in services() if read_by(name)]
    ours = [own_group(name, insides[name], cluster, known.get(name)) for name in own]
    others = [commits for name, commits in known.items() if name not in own]
    return ours + [foreign_group(commits, cluster.topics) for commits in others]


def nobody_knows(error: str) -> list[Standing]:
    """The expected groups, where Kafka could not be asked."""
    return [
        Standing(name, "checkpoint", errors=(error,))
        for name in services()
        if read_by(name)
    ]


def own_group(
    name: str, inside: Inside | str, cluster: Cluster, commits: Commits | None
) -> Standing:
    told = commits or Commits(name, state=ABSENT, members=0)
    errors = [not_told(name, told.error)] if told.error else []
    errors += [
        missing(topic, cluster.topics.get(topic))
        for topic in read_by(name)
        if not isinstance(cluster.topics.get(topic), Existing)
    ]
    positions: dict[Place, int | None] = {}
    if isinstance(inside, str):
        errors.append(inside)
    else:
        positions.update(own_positions(name, inside, cluster.topics))
    return Standing(
        name,
        "checkpoint",
        told.state,
        told.members,
        positions,
        told.offsets,
        told.holders,
        tuple(errors),
    )


def own_positions(
    service: str, inside: Inside, known: Mapping[str, Existing | str]
) -> Iterator[tuple[Place, int]]:
    """At 0 where the service has never been; a topic made anew begins there too."""
    for topic in read_by(service):
        found = known.get(topic)
        if isinstance(found, Existing):
            for n in range(found.partitions):
                yield (topic, n), inside.checkpoints.get((topic, found.id, n), 0)


def foreign_group(commits: Commits, known: Mapping[str, Existing | str]) -> Standing:
    """A group of somebody else; what it says of topics that are gone is dropped."""
    errors = [not_told(commits.group, commits.error)] if commits.error else []
    named = dict.fromkeys(topic for topic, _ in commits.offsets)
    errors += [
        missing(topic, known[topic])
        for topic in named
        if isinstance(known.get(topic), str)
    ]
    positions = {
        place: offset
        for place, offset in commits.offsets.items()
        if exists(place, known)
    }
    return Standing(
        commits.group,
        "kafka",
        commits.state,
        commits.members,
        positions,
        positions,
        commits.holders,
        tuple(errors),
    )


def exists(place: Place, known: Mapping[str, Existing | str]) -> bool:
    topic, partition = place
    found = known.get(topic)
    return isinstance(found, Existing) and partition < found.partitions


def not_told(group: str, word: str) -> str:
    return (
        f"Kafka does not tell of the group {group} ({word}): "
        "the monitor needs DESCRIBE on groups and on topics"
    )


def missing(topic: str, word: object) -> str:
    if isinstance(word, str):
        return (
            f"Kafka does not tell of the topic {topic} ({word}): "
            "the monitor needs DESCRIBE on it"
        )
    return (
        f"the topic {topic} does not exist: is TIDLIG_KAFKA_BOOTSTRAP the right "
        "cluster? If it is, make the topics"
    )


def stretches(
    standing: Standing,
    logs: Mapping[Place, Log | str],
    known: Mapping[str, Existing | str],
) -> Iterator[Unread]:
    """What the group has not read; the oldest record of each says how old that is."""
    for place, position in standing.positions.items():
        log, topic = logs.get(place), known.get(place[0])
        if isinstance(log, Log) and isinstance(topic, Existing):
            found = rules.gap(position, log)
            if found.records:
                yield Unread(topic.id, place, found.start, log.end)


def lag_of(
    standing: Standing,
    logs: Mapping[Place, Log | str],
    oldest: Mapping[Place, Oldest],
    now: datetime,
) -> GroupLag:
    """How far the group is behind; no sum where a part of it is not known."""
    partitions = tuple(partition_lags(standing, logs, oldest, now))
    errors = errors_of(standing, logs)
    return GroupLag(
        name=standing.group,
        source=standing.source,
        state=standing.state,
        members=standing.members,
        records=None if errors else rules.records_of(partitions),
        seconds=None if errors else rules.seconds_of(partitions),
        error="; ".join(errors) or None,
        partitions=partitions,
    )


def partition_lags(
    standing: Standing,
    logs: Mapping[Place, Log | str],
    oldest: Mapping[Place, Oldest],
    now: datetime,
) -> Iterator[PartitionLag]:
    for place, position in sorted(standing.positions.items()):
        log = logs.get(place)
        if not isinstance(log, Log):
            continue
        found = rules.gap(position, log)
        records, seconds = rules.unread(found, log, oldest.get(place), now)
        yield PartitionLag(
            topic=place[0],
            partition=place[1],
            next=position,
            committed=standing.committed.get(place),
            earliest=log.earliest,
            end=log.end,
            records=records,
            seconds=seconds,
            expired=found.expired,
            ahead=found.ahead,
            member=standing.holders.get(place),
        )


def errors_of(standing: Standing, logs: Mapping[Place, Log | str]) -> tuple[str, ...]:
    """In sentences, each once."""
    words = ((place[0], logs.get(place)) for place in sorted(standing.positions))
    ends = [end_not_told(topic, word) for topic, word in words if isinstance(word, str)]
    return once([*standing.errors, *ends])


def end_not_told(topic: str, word: str) -> str:
    return f"Kafka does not tell where {topic} ends ({word}): is its leader up?"


def places_of(names: Iterable[str], known: Mapping[str, Existing | str]) -> list[Place]:
    """Every partition of those of the topics that exist."""
    return [
        (name, n)
        for name in names
        if isinstance(found := known.get(name), Existing)
        for n in range(found.partitions)
    ]


def once(sentences: Iterable[str]) -> tuple[str, ...]:
    """Each sentence once, in the order in which they came."""
    return tuple(dict.fromkeys(sentences))
