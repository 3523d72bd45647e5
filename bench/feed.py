"""`feed_*`: from the commit that 202 stands for to KS's feed, one replica."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from time import perf_counter

import httpx
import orjson

from deploy.local.stack import Stack
from schemas.envelope import MEDIA_TYPE

from .http import connected, request
from .parts import bearer, port_of

NAV, KS = "889640782", "971032146"
PER_SECOND = 50
SECONDS = 20
PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Feed:
    """Milliseconds from 202 to the reader, and what never came."""

    p50_ms: float
    p99_ms: float
    facts: int
    missing: int


def amended(n: int) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"feed-{n}",
            "source": f"urn:orgnr:{NAV}:bench",
            "type": "no.tidlig.initiative.amended.v1",
            "subject": f"{NAV}:feed-{n % 20}",
            "time": datetime.now(UTC).isoformat(),
            "data": {"changes": {"summary": f"Utgave {n}. " * 20}},
        }
    )


def share(n: int) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": f"feed-share-{n}",
            "source": f"urn:orgnr:{NAV}:bench",
            "type": "no.tidlig.initiative.shared.v1",
            "subject": f"{NAV}:feed-{n}",
            "time": datetime.now(UTC).isoformat(),
            "audience": "municipal",
            "data": {},
        }
    )


async def measure(running: Stack) -> Feed:
    """Emit at a steady rate while KS waits on its feed."""
    reader = Following(running)
    await reader.skip_to_the_end()
    await post_all(running, [share(n) for n in range(20)])
    committed: dict[str, float] = {}
    following = asyncio.create_task(reader.follow(PER_SECOND * SECONDS))
    await emit(running, committed)
    arrived = await following
    delays = sorted(
        arrived[each] - at for each, at in committed.items() if each in arrived
    )
    return Feed(
        delays[len(delays) // 2] * 1000,
        delays[int(len(delays) * 0.99)] * 1000,
        len(committed),
        len(committed) - len(delays),
    )


async def post_all(running: Stack, events: list[bytes]) -> None:
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    async with connected(port_of(running, "intake")) as connection:
        for each in events:
            status, _ = await connection.ask(request("POST", "/events", headers, each))
            if status != httpx.codes.ACCEPTED:
                raise RuntimeError(f"not accepted: {status}")


async def emit(running: Stack, committed: dict[str, float]) -> None:
    """One fact after another at the rate, whatever the answers take."""
    headers = {**bearer(running, NAV), "Content-Type": MEDIA_TYPE}
    async with connected(port_of(running, "intake")) as connection:
        began = perf_counter()
        for n in range(PER_SECOND * SECONDS):
            await asyncio.sleep(max(0, began + n / PER_SECOND - perf_counter()))
            await connection.ask(request("POST", "/events", headers, amended(n)))
            committed[f"feed-{n}"] = perf_counter()


class Following:
    """KS's system, which notes when each fact came."""

    def __init__(self, running: Stack) -> None:
        self.client = httpx.AsyncClient(
            base_url=running.service_urls["delivery"],
            headers=bearer(running, KS),
            timeout=40,
        )
        self.link = "/feed?limit=1000"
        self.arrived: dict[str, float] = {}

    async def skip_to_the_end(self) -> None:
        while await self.page():
            pass

    async def follow(self, wanted: int) -> dict[str, float]:
        self.arrived.clear()
        deadline = perf_counter() + SECONDS + PATIENCE
        while perf_counter() < deadline:
            await self.page(wait_ms=1000)
            if (
                sum(1 for each in self.arrived if not each.startswith("feed-s"))
                >= wanted
            ):
                break
        await self.client.aclose()
        return self.arrived

    async def page(self, wait_ms: int = 0) -> int:
        answer = await self.client.get(f"{self.link}&timeout={wait_ms}")
        now = perf_counter()
        events = answer.raise_for_status().json()
        for event in events:
            if event["id"].startswith("feed-"):
                self.arrived.setdefault(event["id"], now)
        self.link = answer.links["next"]["url"]
        return len(events)
