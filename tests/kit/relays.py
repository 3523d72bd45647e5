"""What is put in an outbox, and relays that send it."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager

from schemas.topics import STATE
from services.kit import outbox
from services.kit.db import Connection, transaction
from services.kit.outbox import Outgoing
from services.kit.producer import Published
from services.kit.relay import Relay
from services.kit.work import in_background
from tests.stack import until

from .conftest import Room


def rows(n: int, keys: int = 1, name: str = "row") -> list[Outgoing]:
    return [
        Outgoing(STATE, b"%s-%d" % (name.encode(), i % keys), b"%s %d" % (b"n", i))
        for i in range(n)
    ]


async def put(room: Room, records: Sequence[Outgoing]) -> list[int]:
    async with transaction(room.pool) as conn:
        return await outbox.append(conn, records)


async def note(conn: Connection, published: Sequence[Published]) -> None:
    await conn.executemany(
        "INSERT INTO published VALUES ($1, $2, $3, $4, $5)",
        [(p.seq, p.topic, p.partition, p.offset, p.appended) for p in published],
    )


async def sent(room: Room, seconds: float = 15) -> None:
    """Wait until nothing waits in the outbox."""

    async def empty() -> bool:
        return await room.count("outbox") == 0

    await until(empty, seconds=seconds, what="an empty outbox")


@asynccontextmanager
async def going(*relays: Relay) -> AsyncIterator[None]:
    async with in_background(**{f"relay{n}": r.run for n, r in enumerate(relays)}):
        yield


def leads(one: Relay) -> Callable[[], Awaitable[bool]]:
    async def held() -> bool:
        return one.lease.held

    return held


def listens(one: Relay) -> Callable[[], Awaitable[bool]]:
    async def hears() -> bool:
        return one.woken is not None

    return hears
