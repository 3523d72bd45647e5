"""The house: real Kafka and Postgres, links, replicas of every service, an emitter."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import (
    SIG_BLOCK,
    SIG_UNBLOCK,
    SIGINT,
    SIGKILL,
    SIGTERM,
    pthread_sigmask,
)
from typing import TypeVar

import httpx

from deploy.local import roles
from deploy.local.folder import CHECKOUT, log_of
from deploy.local.postgres import Server
from deploy.local.processes import spawn
from deploy.local.roles import url_of
from deploy.local.services import present

from . import clocks
from .bearers import Bearers
from .disks import Disk
from .links import Link
from .replica import Replica
from .servers import Running

SERVICES = tuple(service.name for service in present())
# the monitor's own questions go straight to Kafka and Postgres
LINKED = tuple(name for name in SERVICES if name != roles.WATCHER)
LOOK_EVERY = 0.2
T = TypeVar("T")


@dataclass
class House:
    """Everything that runs. Whatever ends of what is wanted is started again."""

    folder: Path
    brokers: list[Running]
    postgres: Running
    links: dict[str, Link]
    replicas: list[Replica]
    client: httpx.AsyncClient
    bearers: Bearers
    seed: str
    rate: float
    # Postgres' own, where one could be mounted
    disk: Disk | None = None
    emitter: "subprocess.Popen[bytes] | None" = None
    emitting: bool = False
    # how the next start of a replica is to be, by its name
    next_start: dict[str, tuple[str, ...]] = field(default_factory=dict)
    # replicas killed at a step, as it was asked for
    killed_at: list[tuple[str, str]] = field(default_factory=list)
    unwanted: list[str] = field(default_factory=list)
    # what starts processes: they end with the thread that started them
    hand: ThreadPoolExecutor = field(
        default_factory=lambda: ThreadPoolExecutor(1, "house")
    )

    @property
    def bootstrap(self) -> str:
        """Kafka directly, for us."""
        return ",".join(each.server.address for each in self.brokers)

    @property
    def database(self) -> str:
        """Postgres directly, as the administrator, for us."""
        server = self.postgres.server
        assert isinstance(server, Server)
        return url_of(server.url, database=roles.DATABASE)

    @property
    def ledger(self) -> Path:
        return self.folder / "ledger.jsonl"

    def of(self, service: str) -> list[Replica]:
        return [each for each in self.replicas if each.service == service]

    def running(self, services: Iterable[str] = SERVICES) -> list[Replica]:
        return [r for r in self.replicas if r.service in services and r.runs]

    async def by_hand(self, work: Callable[..., T], *given: object) -> T:
        """Do what blocks, in the one thread that lasts as long as the house."""
        return await asyncio.get_running_loop().run_in_executor(self.hand, work, *given)

    async def keep(self) -> None:
        """Start again what has ended, as a supervisor does, until cancelled."""
        while True:
            for replica in self.replicas:
                status = replica.note_end()
                if status == -SIGKILL and replica.name in self.next_start:
                    (_, step, *_) = self.next_start.pop(replica.name)
                    self.killed_at.append((replica.name, step))
                    replica.ended.pop()
                if replica.wanted and not replica.runs:
                    await self.by_hand(replica.start)
            await self.keep_emitting()
            await asyncio.sleep(LOOK_EVERY)

    async def start_to_be_killed(self, replica: Replica, step: str, times: int) -> None:
        """Begin it anew so that it is killed at the step."""
        how = ("--kill-at", step, "--times", str(times))
        self.next_start[replica.name] = how
        await self.by_hand(replica.begin_anew, *how)

    async def start_as_usual(self, replica: Replica) -> None:
        """The same without a step: where that was never passed."""
        if self.next_start.pop(replica.name, None) is not None:
            await self.by_hand(replica.begin_anew)

    async def keep_emitting(self) -> None:
        if self.emitter is not None and (status := self.emitter.poll()) is not None:
            self.emitter = None
            if status not in {0, -SIGKILL}:
                self.unwanted.append(f"the emitter ended with {status}")
                self.emitting = False
        if self.emitting and self.emitter is None:
            self.emitter = await self.by_hand(self.start_emitter)

    def start_emitter(self) -> "subprocess.Popen[bytes]":
        """Started deaf to SIGTERM, which waits until the emitter can hear it."""
        pthread_sigmask(SIG_BLOCK, {SIGTERM})
        try:
            return self.spawn_emitter()
        finally:
            pthread_sigmask(SIG_UNBLOCK, {SIGTERM})

    def spawn_emitter(self) -> "subprocess.Popen[bytes]":
        intakes = [f"--intake={each.url}" for each in self.of("intake")]
        return spawn(
            [
                *(sys.executable, "-m", "tests.faults.emitter"),
                *("--ledger", self.ledger, "--issuer", self.folder),
                *("--seed", self.seed, "--rate", str(self.rate), *intakes),
            ],
            log_of(self.folder, "emitter"),
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            cwd=CHECKOUT,
            parting=SIGKILL,
        )

    def kill_emitter(self) -> bool:
        if self.emitter is None or self.emitter.poll() is not None:
            return False
        self.emitter.send_signal(SIGKILL)
        return True

    def let_emitter_finish(self) -> None:
        """It answers for what it has begun, and says nothing new."""
        self.emitting = False
        if self.emitter is not None:
            self.emitter.send_signal(SIGTERM)

    async def end(self) -> None:
        """End all processes and links, and wait for them."""
        for replica in self.replicas:
            replica.wanted = False
            replica.resume()
            replica.kill()
        self.emitting = False
        if self.emitter is not None:
            self.kill_emitter()
            self.emitter.wait()
        for link in self.links.values():
            await link.close()
        for broker in self.brokers:
            broker.end(SIGKILL)
        with suppress(OSError):
            self.postgres.end(SIGINT)
        if self.disk is not None:
            self.disk.give_up()
        clocks.clear_away()
        self.hand.shutdown()
