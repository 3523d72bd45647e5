"""Starting the parts in order, keeping them running, ending them."""

import asyncio
from asyncio import TaskGroup
from signal import SIGHUP, SIGINT, SIGTERM

from . import roles, topics
from .ending import end_parts
from .keeping import Keeping
from .ledger import Ledger, Say
from .migrating import migrate
from .part import Part
from .plan import Plan
from .services import Serving
from .trouble import CannotRun

SECONDS = 90.0
TRIES = 2


class Told(BaseException):
    """Somebody asked us to end."""


class Supervisor:
    """One run of a stack. `say` gets a part's name and what happened to it."""

    def __init__(self, plan: Plan, say: Say) -> None:
        self.plan = plan
        self.ledger = Ledger(plan.stack, say)
        self.kept: list[Keeping] = []
        self.topics_made = asyncio.Event()
        self.roles_made = asyncio.Event()

    async def run(self) -> None:
        """Start all and stay until told to end. Raises `CannotRun`."""
        self.ledger.write("starting")
        try:
            async with TaskGroup() as group:
                group.create_task(until_told())
                group.create_task(self.start(group))
        except BaseExceptionGroup as ended:
            self.ledger.say("stack", "ending")
            raise_trouble(ended)
        finally:
            await asyncio.to_thread(end_parts, self.ledger.stack.processes)
            for keeping in self.kept:
                keeping.reap()
            self.ledger.write("down")
            self.ledger.say("stack", "down")

    async def start(self, group: TaskGroup) -> None:
        """Start the servers, and each service as soon as what it needs is there."""
        await asyncio.gather(
            group.create_task(self.start_kafka(group)),
            group.create_task(self.start_postgres(group)),
            *(group.create_task(self.start_service(s, group)) for s in self.services),
        )
        self.ledger.write("ready")
        for part, address in self.ledger.stack.addresses:
            self.ledger.say(part, address)
        self.ledger.say("stack", "ready")

    @property
    def services(self) -> tuple[Serving, ...]:
        return self.plan.services

    async def start_kafka(self, group: TaskGroup) -> None:
        """Have a broker with the topics."""
        if self.plan.kafka:
            await asyncio.to_thread(self.plan.kafka.prepare)
            await self.keep(self.plan.kafka, group)
        await asyncio.to_thread(topics.provision, self.plan.stack.bootstrap)
        self.topics_made.set()

    async def start_postgres(self, group: TaskGroup) -> None:
        """Have a database with the roles and schemas."""
        plan = self.plan
        if plan.postgres:
            await asyncio.to_thread(plan.postgres.prepare)
            await self.keep(plan.postgres, group)
        await roles.provision(plan.stack.admin_url, plan.passwords, plan.database)
        self.roles_made.set()

    async def start_service(self, service: Serving, group: TaskGroup) -> None:
        """Migrate while Kafka may still be starting, then serve."""
        await self.roles_made.wait()
        await migrate(service)
        await self.topics_made.wait()
        await self.keep(service, group, tries=TRIES)

    async def keep(self, part: Part, group: TaskGroup, tries: int = 1) -> None:
        """Keep a part running from now on; returns when it is ready."""
        self.ledger.say(part.name, f"starting on {part.address}")
        keeping = Keeping(part, self.ledger, tries)
        self.kept.append(keeping)
        group.create_task(keeping.keep())
        await keeping.until_ready(SECONDS)


async def until_told() -> None:
    """Wait for a signal that asks us to end. Raises `Told` then."""
    told = asyncio.Event()
    for sign in (SIGTERM, SIGINT, SIGHUP):
        asyncio.get_running_loop().add_signal_handler(sign, told.set)
    await told.wait()
    raise Told


def raise_trouble(ended: BaseExceptionGroup[BaseException]) -> None:
    """Raise the first `CannotRun`, or what nobody expected; being told is neither."""
    _, others = ended.split(Told)
    if others:
        trouble, unexpected = others.split(CannotRun)
        if trouble and not unexpected:
            raise trouble.exceptions[0]
        raise others
