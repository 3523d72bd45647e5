"""`feed_*`: from the commit that 202 stands for to KS's feed, with much beside.

Six replicas of delivery, which KS asks in turn; grants that open long histories, one a
second; a rebuild of the registry; a transaction that somebody has left open.
"""

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count, cycle
from time import perf_counter
from typing import Any

import httpx
import orjson

from deploy.local.stack import Stack
from schemas.envelope import MEDIA_TYPE

from .beside import idle_transaction, rebuild, replicas, until_caught_up
from .http import connected, load, request
from .parts import bearer, port_of
from .rounds import Run, Told
from .topic import percentile_ms

NAV, KS = "889640782", "971032146"
PER_SECOND = 50
PATIENCE = 30.0
SPOKEN_OF = 20
REPLICAS = 6


@dataclass(frozen=True, slots=True)
class Sizes:
    """Seconds at the rate, and before it is measured; facts in each history that a
    grant opens; more replicas.
    """

    seconds: float = 15.0
    warm: float = 5.0
    history: int = 50
    more: int = REPLICAS - 1


@contextmanager
def prepared(running: Stack, sizes: Sizes | None = None) -> Iterator[Run]:
    """Initiatives that KS may read; KS and their owner at the ends of their feeds."""
    numbers = count()
    with asyncio.Runner() as runner:
        shares = [share(f"feed-{n}", f"share-{os.getpid()}") for n in range(SPOKEN_OF)]
        runner.run(post_all(running, shares))
        reader, owner = Following(running, KS), Following(running, NAV)
        for each in (reader, owner):
            runner.run(each.skip_to_the_end())

        def run() -> Told:
            name = f"feed-{os.getpid()}-{next(numbers)}"
            return runner.run(one_run(running, reader, owner, name, sizes or Sizes()))

        yield run


async def one_run(
    running: Stack, reader: "Following", owner: "Following", name: str, sizes: Sizes
) -> Told:
    """Emit at a steady rate while KS waits on its feed, once all that was told before
    is taken. Raises where all is not well with what goes on beside.
    """
    facts = int(PER_SECOND * sizes.seconds)
    histories = [f"{name}-history-{n}" for n in range(int(sizes.seconds))]
    committed: dict[str, float] = {}
    async with AsyncExitStack() as stack:
        own = running.service_urls["delivery"]
        more = await stack.enter_async_context(
            replicas(running, "delivery", sizes.more)
        )
        await stack.enter_async_context(idle_transaction(running))
        patience = sizes.seconds + PATIENCE
        await tell_histories(running, histories, sizes.history)
        told = {f"{each}-{n}" for each in histories for n in range(sizes.history)}
        await owner.follow([own], told, patience)
        await until_caught_up(running)
        await warm_up(running, reader, [own, *more], f"{name}-warm", sizes)
        async with asyncio.TaskGroup() as beside:
            following = beside.create_task(
                reader.follow(
                    [own, *more], {f"{name}-{n}" for n in range(facts)}, patience
                )
            )
            beside.create_task(rebuild(running))
            beside.create_task(open_histories(running, histories))
            await emit(running, name, facts, committed)
    arrived = following.result()
    took = [arrived[each] - at for each, at in committed.items() if each in arrived]
    return {
        "feed_p50_ms": percentile_ms(took, 0.5),
        "feed_p99_ms": percentile_ms(took, 0.99),
        "feed_gaps": len(committed) - len(took),
    }


async def warm_up(
    running: Stack,
    reader: "Following",
    replicas: Sequence[str],
    name: str,
    sizes: Sizes,
) -> None:
    """The same with nothing beside it: replicas that have just started are slow."""
    facts = int(PER_SECOND * sizes.warm)
    expected = {f"{name}-{n}" for n in range(facts)}
    async with asyncio.TaskGroup() as both:
        both.create_task(reader.follow(replicas, expected, sizes.warm + PATIENCE))
        both.create_task(emit(running, name, facts, {}))


def amended(name: str, n: int, about: str) -> bytes:
    changes = {"changes": {"summary": f"Utgave {n}. " * 20}}
    return event(f"{name}-{n}", "initiative.amended", about, changes)


def share(about: str, name: str) -> bytes:
    said = "initiative.shared"
    return event(f"{name}-{about}", said, about, {}, audience="municipal")


def event(id: str, said: str, about: str, data: Any, **more: str) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": f"urn:orgnr:{NAV}:bench",
            "type": f"no.tidlig.{said}.v1",
            "subject": f"{NAV}:{about}",
            "time": datetime.now(UTC).isoformat(),
            "data": data,
            **more,
        }
    )


async def tell_histories(running: Stack, names: Sequence[str], facts: int) -> None:
    """Facts that nobody else may read yet."""
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    told = [amended(about, n, about) for about in names for n in range(facts)]
    asked = [request("POST", "/events", headers, each) for each in told]
    found = await load(port_of(running, "intake"), asked, 16, httpx.codes.ACCEPTED)
    if found.wrong:
        raise RuntimeError(f"not accepted: {found.wrong}")


async def open_histories(running: Stack, names: Sequence[str]) -> None:
    """A grant a second, each of which opens what was said before."""
    for about in names:
        await post_all(running, [share(about, "grant")])
        await asyncio.sleep(1)


async def post_all(running: Stack, events: Sequence[bytes]) -> None:
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    async with connected(port_of(running, "intake")) as connection:
        for each in events:
            status, _ = await connection.ask(request("POST", "/events", headers, each))
            if status != httpx.codes.ACCEPTED:
                raise RuntimeError(f"not accepted: {status}")


async def emit(
    running: Stack, name: str, facts: int, committed: dict[str, float]
) -> None:
    """One fact after another at the rate, whatever the answers take."""
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    async with connected(port_of(running, "intake")) as connection:
        began = perf_counter()
        for n in range(facts):
            await asyncio.sleep(max(0, began + n / PER_SECOND - perf_counter()))
            said = amended(name, n, f"feed-{n % SPOKEN_OF}")
            asked = request("POST", "/events", headers, said)
            status, _ = await connection.ask(asked)
            if status != httpx.codes.ACCEPTED:
                raise RuntimeError(f"not accepted: {status}")
            committed[f"{name}-{n}"] = perf_counter()


@dataclass
class Following:
    """A reader's system, which notes when each fact came; asks the replicas in turn."""

    running: Stack
    orgnr: str
    link: str = "/feed?limit=1000"
    arrived: dict[str, float] = field(default_factory=dict)

    async def skip_to_the_end(self) -> None:
        async with self.client() as client:
            own = self.running.service_urls["delivery"]
            while await self.page(client, own):
                pass

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(headers=bearer(self.running, self.orgnr), timeout=40)

    async def follow(
        self, replicas: Sequence[str], expected: set[str], seconds: float
    ) -> dict[str, float]:
        """Until all of these have come, or the time is up."""
        self.arrived.clear()
        deadline = perf_counter() + seconds
        async with self.client() as client:
            for replica in cycle(replicas):
                await self.page(client, replica, wait_ms=1000)
                if expected <= self.arrived.keys() or perf_counter() > deadline:
                    return self.arrived
        raise ValueError("no replica to ask")

    async def page(
        self, client: httpx.AsyncClient, replica: str, wait_ms: int = 0
    ) -> int:
        answer = await client.get(f"{replica}{self.link}&timeout={wait_ms}")
        now = perf_counter()
        events = answer.raise_for_status().json()
        for event in events:
            self.arrived.setdefault(event["id"], now)
        self.link = answer.links["next"]["url"]
        return len(events)
