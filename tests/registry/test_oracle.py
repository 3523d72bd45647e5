"""The first reading against a naive oracle that walks through the days.

The tracker is played as it is meant to work: what the policy opens is said to be
readable a second later. So the oracle knows since when the other line could read, and
whether it still can, without looking at what the registry made of it.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import tracker
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import Grants, opens
from schemas.rulesets import oslo_day
from services.registry.earliness import Earliness, earliness
from tests.histories import BEGIN
from tests.schemas.said import AID, KS, NARVIK, NAV

from .hand import OSLO, POLICY, Hand

DELAY = timedelta(seconds=1)
DESCRIBES = ("initiative.registered", "initiative.amended")
COUNTED = POLICY.counterpart["state"][1]
CHANNELS = ("municipal", "state", "public", f"org:{KS}", f"org:{NARVIK}", f"org:{AID}")
VISIBILITY = st.sampled_from(
    [
        {},
        {},
        {"visibility": "own"},
        {"visibility": "public"},
        {"visibility": "named", "recipients": KS},
    ]
)


@dataclass
class World:
    """The owner's words, and the tracker that does its work a second later."""

    story: Hand
    day: datetime
    shares: list[Ref] = field(default_factory=list)
    embargoes: dict[Ref, datetime] = field(default_factory=dict)
    readable: set[tuple[str, Ref]] = field(default_factory=set)
    # since when the other line could read under a grant, and until when at first
    since: datetime | None = None
    until: datetime | None = None

    @property
    def now(self) -> str:
        return self.day.astimezone(OSLO).replace(tzinfo=None).isoformat()

    @property
    def grants(self) -> Grants:
        return self.story.state.grants

    @property
    def described(self) -> list[Fact]:
        facts = [told.fact for told in self.story.told]
        return [fact for fact in facts if fact.type.name in DESCRIBES]

    def pass_days(self, days: int) -> None:
        """Time passes; embargoes whose day has come are opened on it."""
        until = self.day + timedelta(days=days)
        due = sorted((at, ref) for ref, at in self.embargoes.items() if at <= until)
        for at, ref in due:
            self.day = at
            del self.embargoes[ref]
            if not self.grants[ref].ended:
                self.story.opened(self.now, ref)
                self.look()
        self.day = until

    def look(self) -> None:
        """What the tracker and the oracle see, now that something was said."""
        self.say_what_has_become_readable()
        counts = any(
            grant.live and grant.audience & COUNTED for grant in self.grants.values()
        )
        words = any(fact.visibility in ("shared", "public") for fact in self.described)
        if self.since is None and counts and words:
            self.since = self.day
        if self.since is not None and self.until is None and not counts:
            self.until = self.day

    def say_what_has_become_readable(self) -> None:
        grants = self.grants
        for channel in CHANNELS:
            open_ = {
                fact.ref: fact.type.name
                for fact in self.described
                if opens(fact, channel, grants)
            }
            new = [
                pair
                for pair in open_.items()
                if (channel, pair[0]) not in self.readable
            ]
            self.readable -= {(c, ref) for c, ref in self.readable if c == channel}
            self.readable |= {(channel, ref) for ref in open_}
            if new:
                self.story.moment = self.day + DELAY
                position = f"{len(self.story.told):022d}"
                self.story.observe(
                    tracker.readable(
                        self.story.subject, channel, new, position, self.day + DELAY
                    )
                )


def register(data: st.DataObject, world: World) -> None:
    world.story.registered(world.now, **data.draw(VISIBILITY))


def amend(data: st.DataObject, world: World) -> None:
    world.story.amended(world.now, **data.draw(VISIBILITY))


def share(data: st.DataObject, world: World) -> None:
    audience = data.draw(st.sets(st.sampled_from(CHANNELS), min_size=1, max_size=2))
    embargo = data.draw(st.sampled_from([None, None, 3, 20]))
    said: dict[str, Any] = {}
    if embargo is not None:
        # never at the very moment of another word, which no one could tell apart
        opens_at = world.day + timedelta(days=embargo, hours=1)
        said["not_before"] = opens_at.isoformat()
    ref = world.story.shared(world.now, " ".join(sorted(audience)), **said)
    world.shares.append(ref)
    if embargo is not None:
        world.embargoes[ref] = opens_at


def end(data: st.DataObject, world: World) -> None:
    if world.shares:
        world.story.ended(world.now, data.draw(st.sampled_from(world.shares)))


STEPS = (register, amend, share, share, share, end, end)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_first_reading_is_when_a_grant_first_opened_a_description(
    data: st.DataObject,
) -> None:
    world = World(Hand(f"{NAV}:a", []), BEGIN)
    for _ in range(data.draw(st.integers(2, 10))):
        data.draw(st.sampled_from(STEPS))(data, world)
        world.look()
        world.pass_days(data.draw(st.integers(1, 9)))
    world.pass_days(30)

    for reader in (NAV, KS):
        seen = world.story.seen_by(reader)
        found = earliness(seen, POLICY, world.day)
        assert first_of(found) == world.since, reader
        if world.since is not None and found is not None:
            assert found.first is not None
            assert found.first.since - found.first.due <= DELAY
            assert found.ended_after_days == days_of(world), reader


def first_of(found: Earliness | None) -> datetime | None:
    """The first reading, less the second that the tracker takes."""
    if found is None or found.first is None:
        return None
    since = found.first.since
    return since - DELAY if since.microsecond == 0 and since.second == 1 else since


def days_of(world: World) -> int | None:
    if world.until is None or world.since is None:
        return None
    return (oslo_day(world.until) - oslo_day(world.since)).days
