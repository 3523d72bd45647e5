"""Emits what a system says, and keeps what was answered 202."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import httpx
import orjson

from .asking import Asking
from .says import Identity, Json, Saying

BATCH = "application/cloudevents-batch+json"


class Refused(Exception):
    """An event that the script means to be accepted was refused."""


@dataclass
class Emitter:
    """A client of intake; `accepted` is its own account of what it may rely on."""

    intake: Asking
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
        orgnr = events[0]["source"].split(":")[2]
        return self.intake.post("/events", orgnr, orjson.dumps(events), BATCH)
