"""Delivery in the simulation: facts come in, the sequencer decides, the tracker speaks.

Two replicas, each with a member of the group, a sequencer and a relay. What the tracker
says of openings and *readable* goes round: out by the outbox, in by the topic.
"""

import asyncio
from collections.abc import Sequence
from functools import partial

from schemas.topics import BY_NAME, MUNICIPAL, STATE, TRACKER
from services.delivery import handlers, store
from services.delivery.hearing import Hearing
from services.delivery.read_back import ReadBack
from services.delivery.sealing import Seal
from services.delivery.sequencer import Sequencer
from services.kit import redrive
from services.kit.batch import Arrived
from services.kit.db import Connection
from services.kit.inbox import Inbox
from services.kit.relay import Relay
from services.kit.taking import Taking
from services.kit.work import Work
from tests.histories import Choices, Lying, corrected, others, owners, told_by

from .broker import Broker
from .database import Database, Rows
from .group import Group, Member
from .noting import GONE_BACK, SECRET
from .path import pool_of
from .process import Process
from .world import Fault, World

LONGEST = 6
SAYINGS = (
    *(owners.registered, owners.amended, owners.shared, owners.shared, owners.shared),
    *(owners.ended, owners.ended, owners.tied, corrected.corrected),
    *(others.acknowledged, others.answered, others.answered),
)
# seconds between what is said; the first is the usual
BETWEEN = (0.1, 0.0, 1.0, 5.0)
# the world's clock is behind the real one
TABLES = f"{GONE_BACK} UPDATE sequence SET at = '2026-01-01'"
STILL_DUE = """
SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM parked)
     + (SELECT count(*) FROM closed) + (SELECT count(*) FROM late WHERE NOT taken)
     + (SELECT count(*) FROM share
         WHERE known AND not_before IS NOT NULL AND NOT opened AND NOT ended)
"""


class Availability:
    """The scenario."""

    def __init__(self, choices: Choices, database: Database) -> None:
        self.choices = choices
        self.database = database
        self.broker = Broker({STATE.name: 1, MUNICIPAL.name: 1, TRACKER.name: 1})
        self.group = Group(self.broker)
        self.members: list[Member] = []
        story = told_by(choices, LONGEST, SAYINGS)
        self.left: list[Lying] = story.teller.lying
        parties = [told.fact.mark for told in story.teller.told]
        self.bad = {choices.pick(parties)} if parties and choices.one_in(3) else set()
        self.seal = Seal(b"k" * 32)
        self.backup: Rows | None = None

    def begin(self, world: World) -> None:
        self.world = self.broker.world = world
        world.start("intake", self.intake)
        for n in (0, 1):
            world.start(f"delivery {n}", self.delivery)
        if self.bad:
            world.start("operator", self.operator)

    # -- processes -------------------------------------------------------------------

    def intake(self, process: Process) -> dict[str, Work]:
        async def says() -> None:
            while self.left:
                await process.turn("says something")
                lying = self.left.pop(0)
                key = lying.fact.subject if hasattr(lying, "fact") else ""
                self.broker.append(lying.topic, key.encode(), lying.value)
                await asyncio.sleep(self.choices.pick(BETWEEN))
            await asyncio.Event().wait()

        return {"says": says}

    def delivery(self, process: Process) -> dict[str, Work]:
        pool = pool_of(process)
        inbox = Inbox(
            handlers.GROUP,
            [BY_NAME[name] for name in self.broker.partitions],
            pool=pool,
            apply=self.apply,
            known=store.known,
        )
        hearing = Hearing(pool, partial(inbox.ends, [TRACKER]))
        sequencer = Sequencer(pool, url="", seal=self.seal, hearing=hearing)
        member = Member(process, self.group, inbox)
        self.members.append(member)
        process.at_end.append(lambda: self.members.remove(member))
        return {
            "consumer": member.consume,
            "sequencer": sequencer.run,
            "relay": Relay(pool, url="", schema="delivery", bootstrap="").run,
        }

    def operator(self, process: Process) -> dict[str, Work]:
        pool = pool_of(process)
        taking = Taking(handlers.GROUP, self.apply, store.known)

        async def redrives() -> None:
            while True:
                await asyncio.sleep(4)
                for key in await redrive.keys(pool, handlers.GROUP):
                    await redrive.redrive(
                        pool, handlers.GROUP, taking.take, key, "mended"
                    )

        return {"redrives": redrives}

    async def apply(self, conn: Connection, facts: Sequence[Arrived]) -> None:
        await ReadBack(self.seal).on_facts(conn, facts)
        if any(each.fact.mark in self.bad for each in facts):
            raise KeyError(SECRET)

    # -- faults ----------------------------------------------------------------------

    def faults(self) -> Sequence[Fault]:
        return (self.replay, self.clock_steps, self.back_up, self.restore)

    def replay(self) -> bool:
        topic = self.choices.pick(sorted(self.broker.partitions))
        records = [r for r in self.broker.records() if r.topic == topic]
        for each in records:
            self.broker.append(each.topic, each.key, each.value, each.headers)
        self.world.wrong("replay", f"all of {topic}")
        return bool(records)

    def clock_steps(self) -> bool:
        self.broker.clock += self.choices.pick((-60_000, 60_000))
        self.world.wrong("clock", f"Kafka's is {self.broker.clock} ms off")
        return True

    def back_up(self) -> bool:
        self.world.note("a backup of the database")
        self.database.aside(self.read_backup())
        return True

    async def read_backup(self) -> None:
        self.backup = await self.database.rows_of(self.database.first)

    def restore(self) -> bool:
        if self.backup is None or self.database.running:
            return False
        for process in list(self.world.processes):
            if process.name != "intake":
                process.kill()
        self.world.wrong("restored", "the database from its backup")
        self.database.aside(self.write_backup(self.backup))
        return True

    async def write_backup(self, backup: Rows) -> None:
        await self.database.quiet()
        await self.database.put_back(backup)

    def mend(self) -> None:
        self.bad = set()

    # -- the end ---------------------------------------------------------------------

    def is_quiet(self) -> bool:
        read = self.group.is_stable and all(each.is_idle for each in self.members)
        return not self.left and len(self.members) == 2 and read

    async def is_done(self) -> bool:
        conn = self.database.monitor
        still_due = await conn.fetchval(STILL_DUE)
        new, parking = await store.anything_new(conn, handlers.GROUP)
        return not (still_due or new or parking)
