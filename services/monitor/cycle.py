"""One round of asking: every service's views, every group, then the logs' ends.

Positions are known before the ends are asked, so no lag is negative. What does not
answer is said in the report, and fails nothing else.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from time import monotonic

import asyncpg
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from schemas import topics
from services.kit.db import TRANSIENT, Connection, connect

from . import groups, rules, store
from .broker import Broker, Existing, word_of
from .groups import Cluster, Standing
from .oldest import OldestUnread
from .report import Rejected, Report, ServiceState, TopicEnds
from .rules import Log, Oldest, Place
from .store import Inside

RECENT = timedelta(hours=24)
AWAY = (*TRANSIENT, asyncpg.PostgresError, ValueError)
NOT_MIGRATED = (
    asyncpg.exceptions.UndefinedTableError,
    asyncpg.exceptions.InvalidSchemaNameError,
)
Insides = Mapping[str, Inside | str]
Logs = Mapping[Place, Log | str]


@dataclass(frozen=True, slots=True)
class Asked:
    """Who is asked. `limit` is for each of the two rounds of questions."""

    bootstrap: str
    postgres: str
    admin: AdminClient
    oldest: OldestUnread
    limit: timedelta


@dataclass(frozen=True, slots=True)
class Ends:
    """Where the logs end, the oldest record that each group has not read, and what
    was rejected.
    """

    measured: datetime
    logs: Logs = field(default_factory=dict)
    oldest: Mapping[tuple[str, Place], Oldest] = field(default_factory=dict)
    rejected: Rejected | None = None
    errors: tuple[str, ...] = ()

    def oldest_of(self, standing: Standing) -> dict[Place, Oldest]:
        keys = {place: (standing.group, place) for place in standing.positions}
        return {at: self.oldest[key] for at, key in keys.items() if key in self.oldest}


async def ask(asked: Asked) -> Report:
    """Ask everybody once; takes twice the limit and the reader's budget at most."""
    began = monotonic()
    insides, cluster = await asyncio.gather(ask_services(asked), ask_cluster(asked))
    if isinstance(cluster, str):
        known, ends = groups.nobody_knows(cluster), Ends(datetime.now(UTC))
    else:
        known = groups.standings(insides, cluster)
        ends = await ask_ends(asked, known, cluster)
    return report(monotonic() - began, insides, known, ends)


async def ask_services(asked: Asked) -> Insides:
    """What each service tells; a sentence where it could not be asked."""
    try:
        async with asyncio.timeout(asked.limit.total_seconds()):
            conn = await connect(asked.postgres, groups.WATCHER)
            try:
                names = groups.services()
                return {name: await ask_service(conn, name) for name in names}
            finally:
                # not in good order: a Postgres that is silent would keep us waiting
                conn.terminate()
    except AWAY as error:
        sentence = (
            f"Postgres cannot be asked ({type(error).__name__}): "
            "is it up, and is DATABASE_URL right?"
        )
        return dict.fromkeys(groups.services(), sentence)


async def ask_service(conn: Connection, name: str) -> Inside | str:
    try:
        consumes = bool(groups.read_by(name))
        return await store.inside(conn, name, consumes=consumes)
    except NOT_MIGRATED:
        return f"{name} is not migrated: run `python -m services.{name} migrate`"
    except asyncpg.InsufficientPrivilegeError:
        ops = store.ops_of(name)
        return (
            f"the monitor may not read what {name} offers: grant its role USAGE on "
            f"the schema {ops} and SELECT on its views"
        )


async def ask_cluster(asked: Asked) -> Cluster | str:
    """Every group, and every topic of ours or theirs; or why Kafka cannot be asked."""
    broker = Broker.within(asked.admin, asked.limit)
    try:
        commits = await broker.commits(await broker.groups())
        named = {topic for each in commits for topic, _ in each.offsets}
        return Cluster(commits, await broker.topics(named | set(topics.BY_NAME)))
    except KafkaException as error:
        return kafka_away(asked.bootstrap, error)


def kafka_away(bootstrap: str, error: KafkaException) -> str:
    return (
        f"Kafka at {bootstrap} cannot be asked ({word_of(error)}): "
        "is it up, and is TIDLIG_KAFKA_BOOTSTRAP right?"
    )


async def ask_ends(asked: Asked, known: Sequence[Standing], cluster: Cluster) -> Ends:
    """Where the logs end now that positions are known, and what lies in between."""
    broker = Broker.within(asked.admin, asked.limit)
    ours = set(groups.places_of(topics.BY_NAME, cluster.topics))
    theirs = {place for standing in known for place in standing.positions}
    logs, rejected = await asyncio.gather(
        broker.logs(ours | theirs), ask_recently_rejected(broker, cluster)
    )
    measured = datetime.now(UTC)
    unread = {
        (standing.group, stretch.place): stretch
        for standing in known
        for stretch in groups.stretches(standing, logs, cluster.topics)
    }
    found = await asyncio.to_thread(asked.oldest.find, unread.values())
    oldest = {key: found[each] for key, each in unread.items() if each in found}
    if isinstance(rejected, str):
        return Ends(measured, logs, oldest, errors=(rejected,))
    return Ends(measured, logs, oldest, rules.rejected(rejected, logs))


async def ask_recently_rejected(
    broker: Broker, cluster: Cluster
) -> dict[Place, int | None] | str:
    """The first record of the last day in each partition of the rejected topic."""
    name = topics.REJECTED.name
    if not isinstance(cluster.topics.get(name), Existing):
        return groups.missing(name, cluster.topics.get(name))
    places = groups.places_of([name], cluster.topics)
    try:
        found = await broker.since(places, datetime.now(UTC) - RECENT)
    except KafkaException as error:
        return groups.end_not_told(name, word_of(error))
    return {place: found.get(place) for place in places}


def report(
    took: float, insides: Insides, known: Sequence[Standing], ends: Ends
) -> Report:
    """All of it put together, and judged."""
    lags = rules.worst_first(
        [
            groups.lag_of(each, ends.logs, ends.oldest_of(each), ends.measured)
            for each in known
        ]
    )
    services = tuple(state_of(name, inside) for name, inside in insides.items())
    unanswered = groups.once(
        [
            *(each.error for each in services if each.error),
            *(error for each in known for error in groups.errors_of(each, ends.logs)),
            *ends.errors,
        ]
    )
    return Report(
        measured=ends.measured,
        took_seconds=took,
        verdict=rules.verdict(lags, services, ends.rejected, unanswered),
        groups=lags,
        services=services,
        rejected=ends.rejected,
        partitions=tuple(ends_of(ends.logs)),
        unanswered=unanswered,
    )


def state_of(name: str, inside: Inside | str) -> ServiceState:
    if isinstance(inside, str):
        return ServiceState(
            name=name, outbox=None, stopped=None, parked=None, error=inside
        )
    return ServiceState(
        name=name,
        outbox=inside.outbox,
        stopped=inside.stopped,
        parked=inside.parked,
        error=None,
    )


def ends_of(logs: Logs) -> Iterator[TopicEnds]:
    for (topic, partition), log in sorted(logs.items(), key=itemgetter(0)):
        if isinstance(log, Log):
            yield TopicEnds(
                topic=topic,
                partition=partition,
                earliest=log.earliest,
                latest=log.latest,
            )
