"""Readers that follow the feed through all of it, and what they were given."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

import httpx
import orjson

from tests.histories import READERS

from .house import House
from .ledger import Identity, identity_of
from .spoken import CANARY

PAUSE = 0.5
LIMIT = 500


@dataclass
class Follower:
    """One reader and its cursor; `reader` is an orgnr or `public`.

    It keeps its cursor as a good subscriber does: only once it has the page.
    """

    reader: str
    path: str = f"/feed?limit={LIMIT}"
    given: "Counter[Identity]" = field(default_factory=Counter)
    canaries: set[bytes] = field(default_factory=set)
    # answers that no reader should ever get
    broken: list[str] = field(default_factory=list)

    @property
    def orgnr(self) -> str | None:
        return None if self.reader == "public" else self.reader

    async def follow(self, house: House) -> None:
        """Page after page from any replica, until cancelled."""
        random = Random(f"{house.seed}/{self.reader}")  # noqa: S311  # no secret
        while True:
            delivery = random.choice(house.of("delivery"))
            more = await self.next_page(house, delivery.url)
            if not more:
                await asyncio.sleep(PAUSE)

    async def to_the_end(self, house: House) -> bool:
        """What is still to come, once nothing is said any more; whether any was."""
        urls = [each.url for each in house.of("delivery")]
        before = self.given.total()
        while await self.next_page(house, urls[0], patient=True):
            pass
        return self.given.total() > before

    async def next_page(self, house: House, url: str, *, patient: bool = False) -> bool:
        """False where there was nothing, or nobody answered."""
        try:
            answer = await house.client.get(
                url + self.path, headers=house.bearers.of(self.orgnr), timeout=30
            )
        except httpx.TransportError:
            if patient:
                raise
            return False
        if answer.status_code in {429, 500, 502, 503} and not patient:
            return False
        if answer.status_code != 200:
            self.broken.append(f"{self.reader}: {answer.status_code} {answer.text}")
            return False
        events = orjson.loads(answer.content)
        self.given.update(identity_of(event) for event in events)
        self.canaries.update(CANARY.findall(answer.content))
        self.path = answer.links["next"]["url"]
        return bool(events)


def everybody() -> list[Follower]:
    return [Follower(reader) for reader in READERS]


async def read_all(house: House) -> list[Follower]:
    """Every reader's feed from the beginning, once nothing is said any more."""
    found: Sequence[Follower] = everybody()
    for follower in found:
        await follower.to_the_end(house)
    return list(found)
