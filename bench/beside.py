"""What goes on beside a feed that is measured: more replicas, a rebuild, and a
transaction that stays open.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from time import monotonic, sleep

from confluent_kafka import ConsumerGroupState
from confluent_kafka.admin import AdminClient

from deploy.local.lag import caught_up
from deploy.local.plan import environment
from deploy.local.ports import HOST, any_free
from deploy.local.roles import DATABASE, connected, url_of
from deploy.local.services import KNOWN, says_ready
from deploy.local.stack import Stack

SECONDS = 120.0
BY_NAME = {service.name: service for service in KNOWN}
# takes a number, as whatever writes does: what comes later stays to be looked at
BEGUN = "BEGIN; SELECT pg_current_xact_id()"


@asynccontextmanager
async def replicas(
    running: Stack, service: str, number: int
) -> AsyncIterator[list[str]]:
    """So many more of a service, ready: their addresses. They leave in good order."""
    ports = any_free(number)
    started = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", f"services.{service}", "serve"),
            env=told(running, service, port),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        for port in ports:
            await until_ready(f"{HOST}:{port}")
        await asyncio.to_thread(until_settled, running, service, number + 1)
        yield [f"http://{HOST}:{port}" for port in ports]
    finally:
        for process in started:
            process.terminate()
        await asyncio.gather(*(process.wait() for process in started))


def told(running: Stack, service: str, port: int) -> Mapping[str, str]:
    """As the stack tells its own, but each a member by no name: it leaves its group."""
    own = environment(BY_NAME[service], running)
    del own["TIDLIG_INSTANCE"]
    return {**os.environ, **own, f"TIDLIG_{service.upper()}_PORT": str(port)}


async def until_ready(address: str) -> None:
    deadline = monotonic() + SECONDS
    while not await asyncio.to_thread(says_ready, address):
        if monotonic() > deadline:
            raise TimeoutError(f"{address} is not ready")
        await asyncio.sleep(0.1)


def until_settled(running: Stack, group: str, members: int) -> None:
    """Until so many share the group's partitions: who comes moves them about."""
    admin = AdminClient({"bootstrap.servers": running.bootstrap, "log_level": 0})
    deadline = monotonic() + SECONDS
    while True:
        found = admin.describe_consumer_groups([group])[group].result(20)
        if found.state == ConsumerGroupState.STABLE and len(found.members) == members:
            return
        if monotonic() > deadline:
            raise TimeoutError(f"{group} has no {members} members at rest")
        sleep(0.2)


async def until_caught_up(running: Stack) -> None:
    """Until no group is behind: what was told before is no part of what is measured."""
    deadline = monotonic() + SECONDS
    while not await asyncio.to_thread(caught_up, running):
        if monotonic() > deadline:
            raise TimeoutError("somebody is still behind")
        await asyncio.sleep(0.2)


@asynccontextmanager
async def idle_transaction(running: Stack) -> AsyncIterator[None]:
    """One that somebody has begun, and does nothing in."""
    async with connected(url_of(running.admin_url, database=DATABASE)) as conn:
        await conn.execute(BEGUN)
        yield
        await conn.execute("ROLLBACK")


async def rebuild(running: Stack) -> None:
    """The registry's views anew, beside the live ones. Raises where it fails."""
    port = running.ports["registry"]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "services.registry", "rebuild"),
        env=told(running, "registry", port),
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"not rebuilt: {said.decode()[-500:]}")
