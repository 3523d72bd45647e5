"""`python -m bench.peers.loader BOOTSTRAP copy|unnest`: a loader tuned by hand.

librdkafka's batches, one transaction each, and the registry's own fold and tables:
archive, states, where lists look, checkpoint. Nothing else: no group, no parking, no
rejected records, no HTTP, nobody else who folds; so it is the bound for one process.
The database's URL is in DATABASE_URL.
"""

import gc
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import asyncpg
import uvloop
from confluent_kafka import Consumer, Message, TopicPartition

from schemas.admission import admit
from schemas.fact import Fact
from schemas.topics import PARTY_TOPICS
from services.kit.broker import topic_ids
from services.registry.rules import evolve, listing_channels
from services.registry.state import State, from_bytes, to_bytes
from services.registry.store import ARCHIVE_COLUMNS, place_in_lists

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

BATCH = 2_000
KNOWN = "SELECT mark FROM archive WHERE mark = ANY($1::bytea[])"
STATES = "SELECT subject, turn, body FROM initiative WHERE subject = ANY($1::text[])"
ARCHIVE = f"""
INSERT INTO archive ({", ".join(ARCHIVE_COLUMNS)})
SELECT * FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[], $5::integer[],
                     $6::bigint[], $7::timestamptz[], $8::integer[], $9::bytea[])
"""
INTO_STATES = "INSERT INTO initiative (subject, place, turn, reached, body)"
LATER = """
    ON CONFLICT (subject) DO UPDATE
       SET turn = excluded.turn, reached = excluded.reached, body = excluded.body
"""
SAVE = f"""{INTO_STATES}
SELECT * FROM unnest($1::text[], $2::bytea[], $3::integer[], $4::timestamptz[],
                     $5::bytea[]) {LATER}
"""
STAGE = """
CREATE TEMP TABLE staged (subject text, place bytea, turn integer,
                          reached timestamptz, body bytea) ON COMMIT DELETE ROWS
"""
MERGE = f"{INTO_STATES} SELECT * FROM staged {LATER}"
LISTED = """
INSERT INTO listed (channel, place, subject)
SELECT * FROM unnest($1::text[], $2::bytea[], $3::text[]) ON CONFLICT DO NOTHING
"""
REACHED = """
INSERT INTO checkpoint (group_id, topic, topic_id, partition, next, appended)
SELECT 'loader', * FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[],
                               $5::timestamptz[])
    ON CONFLICT (group_id, topic, topic_id, partition) DO UPDATE
   SET next = excluded.next, appended = excluded.appended
"""


@dataclass
class Folded:
    """States as a batch found them and leaves them, and the archive's new rows."""

    before: dict[str, State]
    turns: dict[str, int]
    after: dict[str, State] = field(default_factory=dict)
    reached: dict[str, datetime] = field(default_factory=dict)
    archived: list[tuple[object, ...]] = field(default_factory=list)

    def take(self, fact: Fact, message: Message, topic_id: str) -> None:
        subject = fact.subject
        was = self.after.get(subject) or self.before.get(subject) or State(subject)
        place = place_of(message)
        self.after[subject] = evolve(was, fact, place.offset)
        self.turns[subject] = turn = self.turns.get(subject, 0) + 1
        appended = appended_at(message)
        self.reached[subject] = max(appended, self.reached.get(subject, appended))
        row = (fact.mark, subject, place.topic, topic_id, place.partition)
        self.archived.append((*row, place.offset, appended, turn, message.value()))

    @property
    def states(self) -> list[tuple[object, ...]]:
        """Rows of what has changed."""
        return [
            (
                subject,
                place_in_lists(subject),
                self.turns[subject],
                self.reached[subject],
                to_bytes(state),
            )
            for subject, state in self.after.items()
        ]

    @property
    def listed(self) -> list[tuple[object, ...]]:
        """Rows of what lists find under a channel now, and did not before."""
        return [
            (channel, place_in_lists(subject), subject)
            for subject, state in self.after.items()
            for channel in listing_channels(state) - self.listed_before(subject)
        ]

    def listed_before(self, subject: str) -> set[str]:
        was = self.before.get(subject)
        return set() if was is None else listing_channels(was)


async def load(bootstrap: str, how: str) -> None:
    """Until it is ended."""
    # what lives long is not looked at again and again
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)
    names = [topic.name for topic in PARTY_TOPICS.values()]
    ids = await topic_ids(bootstrap, names)
    conn = await asyncpg.connect(
        os.environ["DATABASE_URL"], server_settings={"search_path": "registry"}
    )
    await conn.execute(STAGE)
    consumer = reading_all(bootstrap, names)
    while True:
        messages = consumer.consume(BATCH, timeout=0.1)
        if messages:
            async with conn.transaction():
                await take(conn, messages, ids, how)


def reading_all(bootstrap: str, names: Iterable[str]) -> Consumer:
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap,
            "group.id": "loader",
            "enable.auto.commit": False,
            "log_level": 0,
        }
    )
    consumer.assign(
        [
            TopicPartition(name, n, 0)
            for name in names
            for n in consumer.list_topics(name, timeout=20).topics[name].partitions
        ]
    )
    return consumer


async def take(
    conn: "Connection", messages: Sequence[Message], ids: Mapping[str, str], how: str
) -> None:
    admitted = [(admit_it(each), each) for each in messages]
    facts = [(fact, each) for fact, each in admitted if isinstance(fact, Fact)]
    known = await conn.fetch(KNOWN, [fact.mark for fact, _ in facts])
    seen = {row["mark"] for row in known}
    rows = await conn.fetch(STATES, list({fact.subject for fact, _ in facts}))
    folded = Folded(
        {row["subject"]: from_bytes(row["subject"], row["body"]) for row in rows},
        {row["subject"]: row["turn"] for row in rows},
    )
    for fact, message in facts:
        if fact.mark not in seen:
            seen.add(fact.mark)
            folded.take(fact, message, ids[place_of(message).topic])
    await (by_copy if how == "copy" else by_unnest)(conn, folded)
    await conn.execute(LISTED, *columns(folded.listed, 3))
    await conn.execute(REACHED, *columns(reached_by(messages, ids), 5))


async def by_copy(conn: "Connection", folded: Folded) -> None:
    await conn.copy_records_to_table(
        "archive", records=folded.archived, columns=ARCHIVE_COLUMNS
    )
    await conn.copy_records_to_table("staged", records=folded.states)
    await conn.execute(MERGE)


async def by_unnest(conn: "Connection", folded: Folded) -> None:
    await conn.execute(ARCHIVE, *columns(folded.archived, len(ARCHIVE_COLUMNS)))
    await conn.execute(SAVE, *columns(folded.states, 5))


def admit_it(message: Message) -> object:
    place = place_of(message)
    # partly typed: without a name of their own, headers are pairs here
    headers: Any = message.headers() or ()
    value: Any = message.value()
    key: Any = message.key()
    return admit(value, headers, place.topic, key)


def reached_by(
    messages: Iterable[Message], ids: Mapping[str, str]
) -> list[tuple[object, ...]]:
    """The last of each partition: a row of its checkpoint."""
    last = {(place_of(m).topic, place_of(m).partition): m for m in messages}
    return [
        (topic, ids[topic], partition, place_of(m).offset + 1, appended_at(m))
        for (topic, partition), m in last.items()
    ]


class Lies(NamedTuple):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


def place_of(message: Message) -> Lies:
    topic, partition = message.topic(), message.partition()
    return Lies(topic or "", partition or 0, message.offset() or 0)


def appended_at(message: Message) -> datetime:
    _, milliseconds = message.timestamp()
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def columns(rows: Sequence[tuple[object, ...]], width: int) -> list[Sequence[object]]:
    """Rows turned, as unnest takes them."""
    return list(zip(*rows, strict=True)) if rows else [[] for _ in range(width)]


if __name__ == "__main__":
    uvloop.run(load(*sys.argv[1:]))
