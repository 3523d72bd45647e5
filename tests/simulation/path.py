"""The path of a fact: written with an outbox, relayed, read, applied. And its faults.

Two writers, two relays and two members of a group share a small Kafka; in some
schedules a fact makes the code fail until it is mended.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from itertools import cycle
from typing import cast

from schemas.topics import BY_NAME, MUNICIPAL, STATE
from services.kit import db, outbox, redrive
from services.kit.batch import Arrived, Refused
from services.kit.db import Connection, transaction
from services.kit.inbox import Inbox
from services.kit.producer import Published
from services.kit.relay import Relay
from services.kit.taking import Taking
from services.kit.work import Work
from tests.histories import Choices

from .broker import Broker
from .database import Database, Rows
from .group import Group, Member
from .lines import Pool
from .noting import GONE_BACK, OF_THE_PATH, SECRET
from .process import Process
from .sayings import GARBAGE, SAYINGS, Saying
from .world import Fault, World

GROUP = "kit"
TABLES = GONE_BACK + OF_THE_PATH
# seconds between what a writer writes; the first is the usual
BETWEEN = (0.1, 0.0, 0.5, 3.0)
CONSUMERS = (
    *("checkpoint", "effect", "refusal", "parked", "stopped", "set_aside"),
    "redriven",
)
EFFECT = """
INSERT INTO effect (mark, topic, topic_id, partition, position, appended, value)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""
KNOWN = "SELECT mark, value FROM effect WHERE mark = ANY($1::bytea[])"


class Path:
    """The scenario."""

    def __init__(self, choices: Choices, database: Database) -> None:
        self.choices = choices
        self.database = database
        self.broker = Broker({STATE.name: 2, MUNICIPAL.name: 1})
        self.group = Group(self.broker)
        self.members: list[Member] = []
        # what is left to write, for each writer
        rows = [list(row) for row in choices.shuffled(list(SAYINGS.values()))]
        self.left: list[list[Saying]] = [[], []]
        for number, row in zip(cycle((0, 1)), rows, strict=False):
            self.left[number] += row
        every = [each for row in rows for each in row]
        self.bad = {choices.pick(every).mark} if choices.one_in(3) else set()
        self.backup: Rows | None = None

    def begin(self, world: World) -> None:
        self.world = self.broker.world = world
        for n in (0, 1):
            world.start(f"writer {n}", partial(self.writer, n))
            world.start(f"relay {n}", self.relay)
            world.start(f"member {n}", self.member)
        if self.bad:
            world.start("operator", self.operator)

    # -- processes -------------------------------------------------------------------

    def writer(self, number: int, process: Process) -> dict[str, Work]:
        async def write() -> None:
            left = self.left[number]
            while left:
                async with transaction(pool_of(process)) as conn:
                    await outbox.append(conn, [left[0].outgoing])
                left.pop(0)
                await asyncio.sleep(self.choices.pick(BETWEEN))
            await asyncio.Event().wait()

        return {"writes": write}

    def relay(self, process: Process) -> dict[str, Work]:
        relay = Relay(
            pool_of(process), url="", schema="kit", bootstrap="", on_published=note
        )
        return {"relay": relay.run}

    def member(self, process: Process) -> dict[str, Work]:
        inbox = Inbox(
            GROUP,
            [BY_NAME[name] for name in self.broker.partitions],
            pool=pool_of(process),
            apply=self.apply,
            known=known,
            on_refused=refuse,
        )
        member = Member(process, self.group, inbox)
        self.members.append(member)
        process.at_end.append(lambda: self.members.remove(member))
        return {"consumer": member.consume}

    def operator(self, process: Process) -> dict[str, Work]:
        pool = pool_of(process)
        taking = Taking(GROUP, self.apply, known)

        async def redrives() -> None:
            while True:
                await asyncio.sleep(4)
                for key in await redrive.keys(pool, GROUP):
                    await redrive.redrive(pool, GROUP, taking.take, key, "mended")

        return {"redrives": redrives}

    async def apply(self, conn: Connection, facts: Sequence[Arrived]) -> None:
        await conn.executemany(EFFECT, [columns_of(each) for each in facts])
        if any(each.fact.mark in self.bad for each in facts):
            raise KeyError(SECRET)

    # -- faults ----------------------------------------------------------------------

    def faults(self) -> Sequence[Fault]:
        return (
            self.garbage,
            self.replay,
            self.clock_steps,
            self.forget_offsets,
            self.topic_is_made_anew,
            self.back_up,
            self.restore,
        )

    def garbage(self) -> bool:
        key, value, headers = self.choices.pick(GARBAGE)
        topic = self.choices.pick(sorted(self.broker.partitions))
        self.broker.append(topic, key, value, headers)
        self.world.wrong("garbage", topic)
        return True

    def replay(self) -> bool:
        """Records of one key come once more, from the first on."""
        records = self.broker.records()
        if not records:
            return False
        like = self.choices.pick(records[:256])
        for each in records:
            if (each.topic, each.key) == (like.topic, like.key):
                self.broker.append(each.topic, each.key, each.value, each.headers)
        self.world.wrong("replay", f"of {like.key!r} on {like.topic}")
        return True

    def clock_steps(self) -> bool:
        self.broker.clock += self.choices.pick((-60_000, 60_000))
        self.world.wrong("clock", f"Kafka's is {self.broker.clock} ms off")
        return True

    def forget_offsets(self) -> bool:
        self.broker.noted.clear()
        self.world.wrong("offsets", "Kafka forgets what the group has noted")
        return True

    def topic_is_made_anew(self) -> bool:
        topic = self.choices.pick(sorted(self.broker.partitions))
        self.end_members()
        self.broker.make_anew(topic)
        self.world.wrong("made anew", topic)
        return True

    def back_up(self) -> bool:
        self.world.note("a backup of the consumers' database")
        self.database.aside(self.read_backup())
        return True

    async def read_backup(self) -> None:
        self.backup = await self.database.rows_of(CONSUMERS)

    def restore(self) -> bool:
        if self.backup is None or self.database.running:
            return False
        self.end_members()
        self.world.wrong("restored", "the consumers' database from its backup")
        self.database.aside(self.write_backup(self.backup))
        return True

    async def write_backup(self, backup: Rows) -> None:
        await self.database.quiet()
        await self.database.put_back(backup)

    def end_members(self) -> None:
        for process in list(self.world.processes):
            if process.name.startswith(("member", "operator")):
                process.kill()

    def mend(self) -> None:
        self.bad = set()

    # -- the end ---------------------------------------------------------------------

    def is_quiet(self) -> bool:
        written = not any(self.left)
        read = self.group.is_stable and all(each.is_idle for each in self.members)
        return written and len(self.members) == 2 and read

    async def is_done(self) -> bool:
        left = await self.database.monitor.fetchval(
            "SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked)"
        )
        return bool(left == 0)


def pool_of(process: Process) -> db.Pool:
    """As far as the kit uses it, it is one."""
    return cast("db.Pool", Pool(process))


def columns_of(each: Arrived) -> tuple[object, ...]:
    place = each.place
    where = (place.topic, place.topic_id, place.partition, each.offset)
    return (each.fact.mark, *where, each.appended, each.value)


async def known(conn: Connection, marks: Sequence[bytes]) -> dict[bytes, bytes]:
    return {row["mark"]: row["value"] for row in await conn.fetch(KNOWN, marks)}


async def refuse(conn: Connection, refused: Sequence[Refused]) -> None:
    if refused:
        places = [(each.place, each.offset) for each in refused]
        await conn.executemany(
            "INSERT INTO refusal VALUES ($1, $2, $3)",
            [(place.topic_id, place.partition, offset) for place, offset in places],
        )


async def note(conn: Connection, published: Sequence[Published]) -> None:
    await conn.executemany(
        "INSERT INTO published VALUES ($1, $2, $3, $4)",
        [(each.seq, each.topic, each.partition, each.offset) for each in published],
    )
