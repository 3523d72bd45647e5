"""Members of a consumer group: who has which partition, and what it is handed.

Eager rebalances as aiokafka makes them: everybody gives up what it has, and joins
again. Who is silent for too long is dropped, and learns of it when it wakes.
"""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING

from aiokafka import TopicPartition
from faststream.kafka.message import KafkaMessage
from faststream.kafka.parser import AioKafkaBatchParser

from services.kit import broker as kit
from services.kit.inbox import Inbox

from .broker import Broker, Record
from .process import settle

if TYPE_CHECKING:
    from .process import Process

SESSION = 10.0
LOOK_AGAIN = 1.0
LOOK_AFTER = 2.0
# zero is the usual: whatever lies there
POLLED = (100, 1, 2, 5)
PARSE = AioKafkaBatchParser(KafkaMessage, None).parse_batch


class Consumer:
    """aiokafka's consumer, as far as the kit uses it."""

    def __init__(self, process: "Process", broker: Broker) -> None:
        self.process = process
        self.broker = broker
        self.positions: dict[TopicPartition, int] = {}
        self.held: set[TopicPartition] = set()

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def paused(self) -> set[TopicPartition]:
        return set(self.held)

    def pause(self, *partitions: TopicPartition) -> None:
        self.held.update(partitions)

    def resume(self, *partitions: TopicPartition) -> None:
        self.held.difference_update(partitions)

    def seek(self, partition: TopicPartition, offset: int) -> None:
        assert partition in self.positions, f"{partition} is not assigned"
        self.positions[partition] = offset

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        await self.process.turn("notes its offsets in Kafka")
        self.broker.noted.update(offsets)

    async def end_offsets(
        self, partitions: Iterable[TopicPartition]
    ) -> dict[TopicPartition, int]:
        await self.process.turn("asks where the topics end")
        return {at: len(self.broker.logs.get(at, ())) for at in partitions}

    def assign(self, partitions: set[TopicPartition]) -> None:
        """Where Kafka would have it begin."""
        noted = self.broker.noted
        self.positions = {at: noted.get(at, 0) for at in sorted(partitions)}
        self.held.clear()

    def poll(self, most: int) -> list[Record]:
        """At most so many of each partition."""
        found: list[Record] = []
        for at, reached in self.positions.items():
            log = self.broker.logs[at]
            # out of range: `auto_offset_reset` is earliest
            position = reached if reached <= len(log) else 0
            if at not in self.held:
                found += log[position : position + most]
                self.positions[at] = min(position + most, len(log))
        return found

    @property
    def is_at_the_end(self) -> bool:
        logs = self.broker.logs
        return all(n == len(logs[at]) for at, n in self.positions.items())


# its share, or nothing where it was dropped before all had joined
Joining = asyncio.Future[set[TopicPartition] | None]


@dataclass(eq=False)
class Group:
    """The coordinator."""

    broker: Broker
    members: "list[Member]" = field(default_factory=list)
    joining: "dict[Member, Joining]" = field(default_factory=dict)

    def add(self, member: "Member") -> None:
        if member not in self.members:
            self.members.append(member)
        self.rebalance()

    def remove(self, member: "Member") -> None:
        if member in self.members:
            self.members.remove(member)
            if member in self.joining:
                settle(self.joining.pop(member), None)
            self.rebalance()
            self.assign_if_all_have_joined()

    def rebalance(self) -> None:
        for each in self.members:
            each.rebalancing.set()

    async def join(self, member: "Member") -> set[TopicPartition]:
        """Its share, when everybody has joined; who is dropped meanwhile asks again."""
        share: set[TopicPartition] | None = None
        while share is None:
            if member not in self.members:
                self.add(member)
            future = member.process.world.loop.create_future()
            self.joining[member] = future
            self.assign_if_all_have_joined()
            share = await future
        return share

    def assign_if_all_have_joined(self) -> None:
        if not self.members or set(self.joining) < set(self.members):
            return
        number = len(self.members)
        for n, member in enumerate(self.members):
            mine = {at for at in self.broker.logs if at.partition % number == n}
            member.rebalancing.clear()
            if member in self.joining:
                settle(self.joining.pop(member), mine)

    @property
    def is_stable(self) -> bool:
        if not self.members or self.joining:
            return False
        had = [at for each in self.members for at in each.consumer.positions]
        return sorted(had) == sorted(self.broker.logs)


class Member:
    """One process' inbox in the group: joins, is handed batches, parts."""

    def __init__(self, process: "Process", group: Group, inbox: Inbox) -> None:
        self.process = process
        self.group = group
        self.inbox = inbox
        self.consumer = Consumer(process, group.broker)
        self.rebalancing = asyncio.Event()
        self.reading = False
        self.handling = False

    async def consume(self) -> None:
        """In the place of the kit's `consume`, which has FastStream do the same."""
        await self.process.turn("learns the topics' ids")
        self.inbox.ids = dict(self.group.broker.ids)
        self.inbox.subscriber = SimpleNamespace(consumer=self.consumer)
        world = self.process.world
        # killed, or stopped once more while it stopped: it never says that it leaves
        self.process.at_end.append(
            lambda: world.later(SESSION, self.group.remove, self)
        )
        self.process.at_pause.append(self.is_silent)
        self.group.add(self)
        works = (self.coordinate(), self.read(), self.look_after())
        tasks = [asyncio.create_task(work) for work in works]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.inbox.part()
            self.process.alive()
            self.group.remove(self)

    def is_silent(self) -> None:
        self.process.world.later(SESSION, self.drop_if_silent)

    def drop_if_silent(self) -> None:
        if self.process.paused:
            self.group.remove(self)
            # it learns of it by its next heartbeat
            self.rebalancing.set()

    async def coordinate(self) -> None:
        while True:
            await self.rebalancing.wait()
            await self.process.turn("learns of a rebalance")
            self.rebalancing.clear()
            self.reading = False
            await self.inbox.on_partitions_revoked(self.consumer.assignment())
            self.consumer.positions.clear()
            await self.process.turn("joins")
            self.consumer.assign(await self.group.join(self))
            assigned = self.consumer.assignment()
            await self.inbox.on_partitions_assigned(assigned)
            self.reading = not self.rebalancing.is_set()

    async def read(self) -> None:
        choices = self.process.world.choices
        while True:
            await self.process.turn("polls")
            found = self.consumer.poll(choices.pick(POLLED)) if self.reading else []
            if found:
                self.handling = True
                await self.handle(found)
                self.handling = False
            else:
                await asyncio.sleep(LOOK_AGAIN)

    async def handle(self, found: list[Record]) -> None:
        """What FastStream cannot parse it drops, whatever else is in the batch."""
        with suppress(AttributeError, UnicodeDecodeError):
            message = await kit.any_headers(tuple(found), PARSE)
            records = await kit.as_they_are(message)
            await self.inbox.handle(records)

    async def look_after(self) -> None:
        """As the kit's watch does."""
        while True:
            await self.inbox.let_go_on()
            await asyncio.sleep(LOOK_AFTER)

    @property
    def is_idle(self) -> bool:
        return self.reading and not self.handling and self.consumer.is_at_the_end
