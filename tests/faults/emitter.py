"""`python -m tests.faults.emitter`: emits stories through intake, with a ledger.

A process of its own, which may be killed: the next one sends again what the ledger has
no answer for. SIGTERM lets it finish what it has begun to send.
"""

import argparse
import asyncio
import sys
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from random import Random
from signal import SIG_UNBLOCK, SIGTERM, pthread_sigmask
from time import time
from typing import Any

import httpx
import orjson

from schemas.envelope import BATCH_MEDIA_TYPE
from schemas.identity import speaker_of
from tests.histories import SPEAKERS

from . import ledger
from .bearers import Bearers
from .ledger import Ledger, identity_of
from .spoken import story

Json = dict[str, Any]
ANSWER_LIMIT = 15.0
BATCH = 25
# of so many batches one has an event twice, as of emitters that are not sure
AGAIN = 10
# what is not accepted now may be later; everything else is a mistake of this run's
AWAY = {429, 500, 502, 503, 504}


class Unwanted(Exception):
    """Intake refused what this run holds to be right, or gave another receipt."""


@dataclass
class Emitter:
    """Stories under way; of each one event at a time is on its way."""

    seed: str
    intakes: Sequence[str]
    bearers: Bearers
    ledger: Ledger
    client: httpx.AsyncClient
    rate: float
    open_stories: int = 120
    stories: list[deque[Json]] = field(default_factory=list)
    busy: set[int] = field(default_factory=set)
    numbers: "count[int]" = field(default_factory=count)
    said: dict[str, list[tuple[Json, str]]] = field(default_factory=dict)
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self, left: Sequence[Json]) -> None:
        """First what the ledger has no answer for, then stories until SIGTERM."""
        for speaker in SPEAKERS:
            mine = [e for e in left if speaker_of(e["source"]) == speaker]
            for n in range(0, len(mine), BATCH):
                await self.emit(speaker, mine[n : n + BATCH])
        self.stories = [self.new_story() for _ in range(self.open_stories)]
        async with asyncio.TaskGroup() as together:
            for speaker in SPEAKERS:
                together.create_task(self.speak(speaker))

    def new_story(self) -> deque[Json]:
        return story(self.seed, next(self.numbers))

    async def speak(self, speaker: str) -> None:
        """Batch after batch of what this speaker says next in any story."""
        random = Random(f"{self.seed}/{speaker}")  # noqa: S311  # no secret
        while not self.stopping.is_set():
            began = time()
            heads = self.take(speaker, random)
            if heads:
                events = [self.stories[n][0] for n in heads]
                await self.emit(speaker, events + self.once_more(speaker, random))
                self.said_now(heads)
            pause = max(0.02, len(heads) * len(SPEAKERS) / self.rate - (time() - began))
            await asyncio.sleep(pause)

    def take(self, speaker: str, random: Random) -> list[int]:
        mine = [
            n
            for n, each in enumerate(self.stories)
            if n not in self.busy and speaker_of(each[0]["source"]) == speaker
        ]
        chosen = random.sample(mine, min(len(mine), random.randint(1, BATCH)))
        self.busy.update(chosen)
        return chosen

    def said_now(self, heads: Sequence[int]) -> None:
        for n in heads:
            self.busy.discard(n)
            self.stories[n].popleft()
            if not self.stories[n]:
                self.stories[n] = self.new_story()

    def once_more(self, speaker: str, random: Random) -> list[Json]:
        """Now and then something that was accepted before."""
        known = self.said.get(speaker, [])
        if not known or random.randrange(AGAIN):
            return []
        return [random.choice(known)[0]]

    async def emit(self, speaker: str, events: Sequence[Json]) -> None:
        """Send until it is answered, the same ids and times: `Unwanted` if refused."""
        for turn in count():
            self.ledger.intends(time(), events)
            receipts = await self.attempt(speaker, events, turn)
            if receipts:
                break
            await asyncio.sleep(min(1.0, 0.1 * 2**turn))
        self.ledger.answered(time(), events, receipts)
        self.remember(speaker, events, receipts)

    async def attempt(
        self, speaker: str, events: Sequence[Json], turn: int
    ) -> list[str]:
        """The receipts; none where the answer is not known, or is to be had later."""
        try:
            answer = await self.client.post(
                self.intakes[turn % len(self.intakes)] + "/events",
                content=orjson.dumps(events),
                headers={
                    **self.bearers.of(speaker),
                    "Content-Type": BATCH_MEDIA_TYPE,
                },
            )
        except httpx.TransportError:
            return []
        if answer.status_code in AWAY:
            return []
        if answer.status_code != 202:
            raise Unwanted(f"{answer.status_code}: {answer.text[:2000]}")
        return [each["receipt"] for each in answer.json()["receipts"]]

    def remember(
        self, speaker: str, events: Sequence[Json], receipts: Sequence[str]
    ) -> None:
        known = self.said.setdefault(speaker, [])
        before = {identity_of(event): receipt for event, receipt in known}
        for event, receipt in zip(events, receipts, strict=True):
            first = before.get(identity_of(event), receipt)
            if first != receipt:
                raise Unwanted(f"{identity_of(event)}: receipts {first} and {receipt}")
        known += zip(events, receipts, strict=True)
        del known[:-50]


async def main(asked: argparse.Namespace) -> int:
    found = ledger.read(asked.ledger)
    left = [each.event for each in found.values() if not each.acknowledged]
    # each emitter of a run tells stories of its own
    seed = f"{asked.seed}.{len(found)}"
    book = Ledger(asked.ledger)
    bearers = Bearers(asked.issuer)
    async with httpx.AsyncClient(timeout=ANSWER_LIMIT, trust_env=False) as client:
        emitter = Emitter(seed, asked.intake, bearers, book, client, asked.rate)
        asyncio.get_running_loop().add_signal_handler(SIGTERM, emitter.stopping.set)
        # one that was sent while this started has waited, see `House.start_emitter`
        pthread_sigmask(SIG_UNBLOCK, {SIGTERM})
        status = 0
        try:
            await emitter.run(left)
        except* Unwanted as group:
            status = 1
            for error in group.exceptions:
                print(f"unwanted: {error}", flush=True)
    book.close()
    return status


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--ledger", type=Path, required=True)
    parser.add_argument("--issuer", type=Path, required=True, help="the folder")
    parser.add_argument("--intake", action="append", required=True, help="base URL")
    parser.add_argument("--seed", required=True)
    parser.add_argument("--rate", type=float, default=100, help="facts a second")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(asyncio.run(main(arguments())))
