"""Emits what a system says, and keeps what was answered 202."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import httpx
import orjson
import stamina

from .says import Identity, Json, Saying

BATCH = "application/cloudevents-batch+json"
Token = Callable[[str], str]


class Refused(Exception):
    """An event that the script means to be accepted was refused."""


class Away(Exception):
    """The service asks to try again."""


@dataclass
class Emitter:
    """A client of intake; `accepted` is its own account of what it may rely on."""

    url: str
    token: Token
    accepted: dict[Identity, Json] = field(default_factory=dict)
    expected_by_ks: set[Identity] = field(default_factory=set)

    def emit(self, sayings: Iterable[Saying]) -> int:
        """Emit in order, in batches of one speaker. Raises `Refused`."""
        told = list(sayings)
        for n in range(0, len(told), 50):
            self.emit_batch(told[n : n + 50])
        return len(told)

    def emit_batch(self, batch: list[Saying]) -> None:
        for speaker in dict.fromkeys(saying.event["source"] for saying in batch):
            mine = [saying for saying in batch if saying.event["source"] == speaker]
            answer = self.post([saying.event for saying in mine])
            if answer.status_code != 202:
                raise Refused(f"{answer.status_code}: {answer.text}")
            receipts = answer.json()["receipts"]
            for saying, receipt in zip(mine, receipts, strict=True):
                self.accepted[saying.identity] = receipt
                if saying.for_ks:
                    self.expected_by_ks.add(saying.identity)

    def attempt(self, saying: Saying) -> httpx.Response:
        """Emit something that may well be refused."""
        return self.post([saying.event])

    def post(self, events: list[Json]) -> httpx.Response:
        """Post, and again while intake is away: the same ids do no harm."""
        orgnr = events[0]["source"].split(":")[2]
        headers = {
            "Authorization": f"Bearer {self.token(orgnr)}",
            "Content-Type": BATCH,
        }
        for attempt in stamina.retry_context(
            on=(httpx.TransportError, Away), attempts=20, timeout=30
        ):
            with attempt:
                answer = httpx.post(
                    f"{self.url}/events", content=orjson.dumps(events), headers=headers
                )
                if answer.status_code in (429, 503):
                    raise Away
        return answer
