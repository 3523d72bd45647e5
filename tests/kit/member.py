"""A member of a group whose handlers write down what they are given."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

import asyncpg

from schemas.fact import Fact
from schemas.topics import MUNICIPAL, STATE, Topic
from services.kit.batch import Arrived, Refused
from services.kit.broker import topic_ids
from services.kit.checkpoint import EPOCH
from services.kit.db import TRANSIENT, Connection
from services.kit.inbox import Inbox
from services.kit.settings import Surroundings
from services.kit.work import consume, in_background
from tests.stack import until

from .conftest import Room

SECRET = "what the fact says"
TOPICS = (STATE, MUNICIPAL)
Hook = Callable[[Connection, Sequence[Arrived]], Awaitable[None]]
BEGIN = """
INSERT INTO checkpoint (group_id, topic, topic_id, partition, next, appended)
VALUES ($1, $2, $3, $4, $5, $6)
    ON CONFLICT (group_id, topic, topic_id, partition) DO UPDATE
   SET next = excluded.next
"""


def fails_on(*ids: str) -> Hook:
    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        if any(each.fact.id in ids for each in arrived):
            raise KeyError(SECRET)

    return then


async def nothing(_: Connection, __: Sequence[Arrived]) -> None:
    """What most handlers of the tests do besides."""


def columns_of(each: Arrived | Refused) -> tuple[str, int, int]:
    return each.place.topic, each.place.partition, each.offset


def what_of(fact: Fact) -> tuple[str, bytes]:
    return fact.id, fact.mark


class Member:
    """An inbox; what its handlers did; and how to have it consume."""

    def __init__(self, room: Room, topics: Sequence[Topic] = TOPICS) -> None:
        self.room = room
        self.group = room.group
        self.pool = room.pool
        # a fault is planted here: it comes after the effects, and must undo them
        self.then: Hook = nothing
        self.inbox = Inbox(
            room.group,
            topics,
            pool=room.pool,
            apply=self.apply,
            known=self.known,
            on_refused=self.refuse,
        )

    async def apply(self, conn: Connection, facts: Sequence[Arrived]) -> None:
        await conn.executemany(
            "INSERT INTO effect (group_id, topic, partition, position, appended, id,"
            " mark, value) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            [
                (
                    self.group,
                    *columns_of(f),
                    f.appended,
                    f.fact.id,
                    f.fact.mark,
                    f.value,
                )
                for f in facts
            ],
        )
        if facts:
            await self.then(conn, facts)

    async def known(
        self, conn: Connection, marks: Sequence[bytes]
    ) -> dict[bytes, bytes]:
        rows = await conn.fetch(
            "SELECT mark, value FROM effect WHERE group_id = $1 AND mark = ANY($2)",
            self.group,
            marks,
        )
        return {row["mark"]: row["value"] for row in rows}

    async def refuse(self, conn: Connection, refused: Sequence[Refused]) -> None:
        await conn.executemany(
            "INSERT INTO refusal VALUES ($1, $2, $3, $4, $5)",
            [(self.group, *columns_of(each), each.refusal.reason) for each in refused],
        )

    @asynccontextmanager
    async def consuming(self, *, found: bool = True) -> AsyncIterator[None]:
        """Until the block ends it reads, and has found its place everywhere."""
        around = Surroundings(
            kafka_bootstrap=self.room.bootstrap, token_issuer="", token_jwks=""
        )
        reading = partial(consume, self.inbox, around)
        async with in_background(consumer=reading):
            await until(self.has_found if found else self.assigned, what="its place")
            yield

    async def assigned(self) -> bool:
        consumer = self.inbox.consumer
        return consumer is not None and len(consumer.assignment()) > 0

    async def has_found(self) -> bool:
        return bool(self.inbox.marked) and not self.inbox.astray

    async def effects(self) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            "SELECT * FROM effect WHERE group_id = $1 ORDER BY n", self.group
        )

    async def ids(self) -> list[str]:
        return [row["id"] for row in await self.effects()]

    async def has(self, n: int) -> None:
        """Wait until there are so many effects."""

        async def enough() -> bool:
            return len(await self.effects()) >= n

        await until(enough, what=f"{n} effects")

    async def refusals(self) -> dict[int, str]:
        rows = await self.pool.fetch(
            "SELECT position, reason FROM refusal WHERE group_id = $1", self.group
        )
        assert len({row["position"] for row in rows}) == len(rows), "refused twice"
        return {row["position"]: row["reason"] for row in rows}

    async def stopped(self) -> list[asyncpg.Record]:
        return await self.pool.fetch(
            "SELECT * FROM stopped WHERE group_id = $1 ORDER BY since", self.group
        )

    async def stands(self, *places: tuple[str, int, int]) -> None:
        """Let the checkpoints be there."""
        ids = await topic_ids(self.room.bootstrap, [t.name for t in TOPICS])
        await self.pool.executemany(
            BEGIN,
            [(self.group, topic, ids[topic], n, to, EPOCH) for topic, n, to in places],
        )

    async def checkpoints(self) -> dict[tuple[str, int], int]:
        rows = await self.pool.fetch(
            "SELECT topic, partition, next FROM checkpoint WHERE group_id = $1",
            self.group,
        )
        return {(row["topic"], row["partition"]): row["next"] for row in rows}

    async def reached(self, *places: tuple[str, int, int]) -> None:
        """Wait until the group has got past these records."""

        async def past() -> bool:
            try:
                found = await self.checkpoints()
            except (*TRANSIENT, asyncpg.InternalClientError):
                # some tests break every connection, this one's too, in mid-sentence
                return False
            return all(found.get((t, n), 0) > offset for t, n, offset in places)

        await until(past, what="the checkpoints")


async def member(room: Room) -> Member:
    """A member of a new group that begins where the topics end now."""
    found = Member(room)
    ends = await room.reader.ends()
    names = {topic.name for topic in TOPICS}
    await found.stands(*((t, n, end) for (t, n), end in ends.items() if t in names))
    return found
