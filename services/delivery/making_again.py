"""`python -m services.delivery make-again`: the availability log is made anew.

Where it cannot be trusted. What was said to be readable stands and is not said again;
every cursor is answered 410, and readers begin anew and recognise what they have.
"""

import argparse
import asyncio
import sys

import structlog

from schemas.admission import admit
from schemas.fact import Fact
from schemas.topics import TRACKER
from services.kit.command import Command
from services.kit.db import TRANSIENT, Connection, Pool, pool_of, transaction
from services.kit.operations import REASON

from . import read_back, store
from .settings import Settings

log = structlog.get_logger()

# no TRUNCATE: a page that is being read would find an empty log, and a cursor pass it
FORGET = """
DELETE FROM available;
DELETE FROM share;
DELETE FROM sequenced;
DELETE FROM closed;
DELETE FROM late;
DELETE FROM difference;
DELETE FROM step;
INSERT INTO step (step, tag) SELECT step, gen_random_uuid() FROM sequence
"""
# also those that are on their way to Kafka
WORDS = """
SELECT subject, value FROM fact
 WHERE type IN ('initiative.readable', 'arena.readable')
 UNION ALL
SELECT convert_from(key, 'UTF8'), value FROM outbox
"""
NOTE = "INSERT INTO made_again (reason) VALUES ($1)"
AT_ONCE = 1_000


async def make_again(pool: Pool, reason: str) -> int:
    """Forget the log; the sequencer makes it anew. Returns how many words stand."""
    async with transaction(pool) as conn:
        await store.lock_sequence(conn)
        await conn.execute(FORGET)
        words = await keep_words(conn)
        await conn.execute(NOTE, reason)
    return words


async def keep_words(conn: Connection) -> int:
    """What was said of the log that is gone is remembered, so that it is said once."""
    found = 0
    cursor = await conn.cursor(WORDS)
    while rows := await cursor.fetch(AT_ONCE):
        facts = [
            admit(row["value"], (), TRACKER.name, row["subject"].encode())
            for row in rows
        ]
        words = read_back.words_in([each for each in facts if isinstance(each, Fact)])
        await read_back.keep(conn, words)
        found += len(words)
    return found


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help=REASON)


def run(asked: argparse.Namespace) -> int:
    """Exit status: 0 done, 1 Postgres is away."""
    url = Settings().surroundings.postgres
    try:
        words = asyncio.run(with_pool(url, asked.reason))
    except TRANSIENT as error:
        name = type(error).__name__
        sys.stderr.write(f"Postgres does not answer ({name}); nothing was done\n")
        return 1
    sys.stdout.write(
        f"the log is forgotten and is made again now; {words} words about it stand\n"
    )
    return 0


async def with_pool(url: str, reason: str) -> int:
    async with pool_of(url, "delivery", size=1) as pool:
        return await make_again(pool, reason)


COMMAND = Command(
    "make-again", "forget the availability log and make it anew", arguments, run
)
