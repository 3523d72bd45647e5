"""Ours and every peer leave the same, and a run that leaves another is spoiled.

On a real Postgres, without Kafka: each is given the records of the data set.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from bench.peers import loader, sink, textbook
from bench.project import difference
from deploy.local.roles import url_of
from schemas.admission import admit
from schemas.fact import Fact
from services.kit.batch import Batch, partitions_in
from services.kit.checkpoint import EPOCH, Checkpoint, Place
from services.kit.migrations import migrate
from services.registry import handlers, store
from services.registry.__main__ import REGISTRY
from tests.stack import fresh_database

from .lying import LINES, RIGHT, AsMessage, Lying, lying

Conn = Any
Load = Callable[[Conn, Sequence[Lying]], Awaitable[None]]
AT_ONCE = 500


async def ours(conn: Conn, records: Sequence[Lying]) -> None:
    """As the inbox gives them to the registry."""
    reached: dict[Place, Checkpoint] = {}
    for some in chunks(records):
        batch = Batch()
        arrived: Any = some
        for at, in_order in partitions_in(arrived).items():
            place = Place(at.topic, "t", at.partition)
            batch.judge(place, in_order, reached.get(place, Checkpoint(0, EPOCH)))
        reached |= batch.now
        async with conn.transaction():
            marks = [each.fact.mark for each in batch.facts]
            batch.keep_first_sayings(await store.known(conn, marks))
            await handlers.on_facts(conn, batch.facts)


async def by_copy(conn: Conn, records: Sequence[Lying]) -> None:
    await by_loader(conn, records, "copy")


async def by_unnest(conn: Conn, records: Sequence[Lying]) -> None:
    await by_loader(conn, records, "unnest")


async def by_loader(conn: Conn, records: Sequence[Lying], how: str) -> None:
    await conn.execute(loader.STAGE)
    ids = {line.topic: "t" for line in LINES}
    for some in chunks(records):
        async with conn.transaction():
            messages: Any = [AsMessage(each) for each in some]
            await loader.take(conn, messages, ids, how)


async def by_the_book(conn: Conn, records: Sequence[Lying]) -> None:
    for each in records:
        fact = admit(each.value, (), each.topic, each.key)
        if isinstance(fact, Fact):
            async with conn.transaction():
                await textbook.take(conn, fact, each, "t")


def chunks(records: Sequence[Lying]) -> list[Sequence[Lying]]:
    return [records[n : n + AT_ONCE] for n in range(0, len(records), AT_ONCE)]


@asynccontextmanager
async def registrys_tables(admin_url: str) -> AsyncIterator[Conn]:
    """Empty, in a database of their own."""
    url = await fresh_database(admin_url, ["registry"])
    await migrate(url, "registry", REGISTRY.migrations)
    conn = await asyncpg.connect(url, server_settings={"search_path": "registry"})
    try:
        yield conn
    finally:
        await conn.close()


@pytest.mark.parametrize("load", [ours, by_copy, by_unnest, by_the_book])
async def test_who_folds_as_the_registry_leaves_what_the_oracle_says(
    admin_url: str, load: Load
) -> None:
    async with registrys_tables(admin_url) as conn:
        await load(conn, lying())

        assert await difference(conn, RIGHT) == ""


async def test_a_lost_a_doubled_and_a_changed_effect_spoil_a_run(
    admin_url: str,
) -> None:
    async with registrys_tables(admin_url) as conn:
        await ours(conn, lying()[1:])
        assert await difference(conn, RIGHT) != ""

        await ours(conn, lying())
        assert await difference(conn, RIGHT) == ""

        await conn.execute(
            "UPDATE initiative SET body = (SELECT body FROM initiative LIMIT 1)"
            " WHERE subject = (SELECT max(subject) FROM initiative)"
        )
        assert "what stands" in await difference(conn, RIGHT)

        await conn.execute(
            "DELETE FROM archive WHERE mark = (SELECT max(mark) FROM archive)"
        )
        assert "archive" in await difference(conn, RIGHT)


async def test_the_trigger_behind_debeziums_sink_has_the_same_effect(
    admin_url: str,
) -> None:
    conn = await asyncpg.connect(await sink.fresh_tables(admin_url))
    try:
        records = lying()
        for some in chunks(records):
            await insert(conn, some)
        # a redelivery is an update of the same rows, and has no effect
        await insert(conn, records[:AT_ONCE])

        assert await difference_of_sink(conn) == ""

        await conn.execute("UPDATE standing SET ended = '{}' WHERE ended != '{}'")
        assert "what stands" in await difference_of_sink(conn)
    finally:
        await conn.close()
        await drop(admin_url)


async def insert(conn: Conn, records: Sequence[Lying]) -> None:
    """As the sink does with unnest; what is no text is given with a stand-in."""
    await conn.execute(
        """
        INSERT INTO sink (topic, partition, position, value)
        SELECT * FROM unnest($1::text[], $2::integer[], $3::bigint[], $4::text[])
            ON CONFLICT (topic, partition, position)
            DO UPDATE SET value = excluded.value
        """,
        [each.topic for each in records],
        [each.partition for each in records],
        [each.offset for each in records],
        [each.value.decode(errors="replace") for each in records],
    )


async def difference_of_sink(conn: Conn) -> str:
    return await sink.difference(conn, RIGHT)


async def drop(admin_url: str) -> None:
    admin = await asyncpg.connect(url_of(admin_url))
    await admin.execute(f"DROP DATABASE {sink.DATABASE} WITH (FORCE)")
    await admin.close()
