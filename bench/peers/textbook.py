"""`python -m bench.peers.textbook BOOTSTRAP GROUP`: a handler as a textbook has it.

FastStream with one message at a time, acknowledged after it: a transaction for each,
with the registry's own admission, fold and tables. The database's URL is in
DATABASE_URL.
"""

import asyncio
import os
import signal
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import asyncpg
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage

from schemas.admission import admit
from schemas.fact import Fact
from schemas.topics import PARTY_TOPICS
from services.kit.broker import topic_ids
from services.registry.rules import evolve, listing_channels
from services.registry.state import State, from_bytes, to_bytes
from services.registry.store import ARCHIVE_COLUMNS, place_in_lists

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    Connection = PoolConnectionProxy[asyncpg.Record]

STATE = "SELECT turn, body FROM initiative WHERE subject = $1 FOR UPDATE"
ARCHIVE = f"""
INSERT INTO archive ({", ".join(ARCHIVE_COLUMNS)})
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING true
"""
SAVE = """
INSERT INTO initiative (subject, place, turn, reached, body)
VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (subject) DO UPDATE
       SET turn = excluded.turn, reached = excluded.reached, body = excluded.body
"""
LISTED = "INSERT INTO listed (channel, place, subject) VALUES ($1, $2, $3)"


async def handle(bootstrap: str, group: str) -> None:
    """Until SIGTERM."""
    names = [topic.name for topic in PARTY_TOPICS.values()]
    ids = await topic_ids(bootstrap, names)
    pool = await asyncpg.create_pool(
        os.environ["DATABASE_URL"], server_settings={"search_path": "registry"}
    )
    broker = KafkaBroker(bootstrap, logger=None)

    @broker.subscriber(
        *names,
        group_id=group,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.ACK,
        decoder=as_it_is,
    )
    async def on_record(_: bytes, message: KafkaMessage) -> None:
        record: Any = message.raw_message
        fact = admit(record.value, record.headers, record.topic, record.key)
        if isinstance(fact, Fact):
            async with pool.acquire() as conn, conn.transaction():
                await take(conn, fact, record, ids[record.topic])

    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with broker:
        await broker.start()
        await ended.wait()
    await pool.close()


async def as_it_is(message: Any) -> bytes:
    """What is no JSON is judged by admission, as all else."""
    found: bytes = message.body
    return found


async def take(conn: "Connection", fact: Fact, record: Any, topic_id: str) -> None:
    subject = fact.subject
    row = await conn.fetchrow(STATE, subject)
    before = State(subject) if row is None else from_bytes(subject, row["body"])
    turn = 1 if row is None else row["turn"] + 1
    appended = datetime.fromtimestamp(record.timestamp / 1000, UTC)
    lies = (record.topic, topic_id, record.partition, record.offset, appended)
    new = await conn.fetchval(ARCHIVE, fact.mark, subject, *lies, turn, record.value)
    if not new:
        return
    state, place = evolve(before, fact, record.offset), place_in_lists(subject)
    await conn.execute(SAVE, subject, place, turn, appended, to_bytes(state))
    listed = set() if row is None else listing_channels(before)
    for channel in sorted(listing_channels(state) - listed):
        await conn.execute(LISTED, channel, place, subject)


if __name__ == "__main__":
    asyncio.run(handle(*sys.argv[1:]))
