"""Histories written by hand: what is said about one initiative, at which moment."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from schemas import tracker
from schemas.identity import Ref
from schemas.policy import Reader
from services.registry.earliness import Earliness, earliness
from services.registry.policies import earliness_policy
from services.registry.rules import Projection, fold, project
from services.registry.state import State
from tests.histories import BEGIN, READERS, Teller
from tests.schemas.said import NAV

OSLO = ZoneInfo("Europe/Oslo")
POLICY = earliness_policy()
THREE_TEXTS = {"title": "t", "problem": "p", "contact_role": "r"}


def oslo(moment: str) -> datetime:
    """A moment as the clocks in Norway show it."""
    return datetime.fromisoformat(moment).replace(tzinfo=OSLO)


@dataclass
class Hand(Teller):
    """Tells a history; each word begins with the moment at which it is accepted.

    *Readable* is said by hand too: what the tracker does late is part of the story.
    """

    moment: datetime = BEGIN
    described: list[tuple[Ref, str]] = field(default_factory=list)

    @property
    def now(self) -> datetime:
        return self.moment

    @property
    def owner(self) -> str:
        return self.subject.partition(":")[0]

    def owner_says(self, at: str, name: str, data: Any, **attributes: Any) -> Ref:
        return self.another_says(self.owner, at, name, data, **attributes)

    def another_says(
        self, speaker: str, at: str, name: str, data: Any, **attributes: Any
    ) -> Ref:
        self.moment = oslo(at)
        return self.say(speaker, name, data, **attributes)

    def registered(self, at: str, **attributes: Any) -> Ref:
        name = "initiative.registered"
        ref = self.owner_says(at, name, THREE_TEXTS, **attributes)
        self.described.append((ref, name))
        return ref

    def amended(self, at: str, title: str = "t2", **attributes: Any) -> Ref:
        name = "initiative.amended"
        data = {"changes": {"title": title}}
        ref = self.owner_says(at, name, data, **attributes)
        self.described.append((ref, name))
        return ref

    def shared(self, at: str, audience: str = "municipal", **data: Any) -> Ref:
        return self.owner_says(at, "initiative.shared", data, audience=audience)

    def ended(self, at: str, grant: Ref) -> Ref:
        data = {"grant": {"source": grant.source, "id": grant.id}, "reason": "r"}
        return self.owner_says(at, "share.ended", data)

    def locked(self, day: str, key: str = "k", **attributes: Any) -> Ref:
        data = {"key": key, "kind": "contract", "date": day}
        name = "initiative.lock.recorded"
        return self.owner_says(self.clock, name, data, **attributes)

    def planned(self, day: str | None, gate: str = "BP2") -> Ref:
        data = {"gate": gate, "date": day}
        return self.owner_says(self.clock, "initiative.gateplan.revised", data)

    def decided(self, outcome: str, day: str, gate: str = "BP2", key: str = "v") -> Ref:
        data = {"key": key, "gate": gate, "outcome": outcome, "date": day, "body": "b"}
        return self.owner_says(self.clock, "initiative.gate.decided", data)

    def opened(self, at: str, grant: Ref) -> None:
        self.moment = oslo(at)
        self.observe(tracker.share_opened(self.subject, grant, self.moment))

    def readable(self, at: str, channel: str = "municipal", *facts: Ref) -> None:
        """*Readable*, of these facts or of all of the description so far."""
        self.moment = oslo(at)
        named = [each for each in self.described if not facts or each[0] in facts]
        position = f"{len(self.told):022d}"
        self.observe(
            tracker.readable(self.subject, channel, named, position, self.moment)
        )

    @property
    def clock(self) -> str:
        return self.moment.astimezone(OSLO).replace(tzinfo=None).isoformat()

    @property
    def state(self) -> State:
        return fold(self.subject, [(told.fact, told.offset) for told in self.told])

    def seen_by(self, reader: Reader | str) -> Projection:
        return project(
            self.state, READERS[reader] if isinstance(reader, str) else reader
        )

    def figures(self, at: str = "2026-06-01", by: str = "") -> Earliness:
        """The figures as the owner, or another reader, sees them at a moment."""
        found = earliness(self.seen_by(by or self.owner), POLICY, oslo(at))
        assert found is not None
        return found


def hand(owner: str = NAV, local: str = "a") -> Hand:
    return Hand(f"{owner}:{local}", [])


def announced_and_shared(
    at: str = "2026-01-05T09:00:00", owner: str = NAV, audience: str = "municipal"
) -> Hand:
    """The usual story: registered, shared and readable within the same second."""
    story = hand(owner)
    story.registered(at)
    story.shared(at, audience)
    for channel in audience.split(" "):
        story.readable(at, channel)
    return story
