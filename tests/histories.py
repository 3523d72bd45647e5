"""Histories of one initiative, made up: what anybody could say, in any order.

A history is what lies on Kafka in the order of its append times; `interleaved` reads
the topics in another order that keeps each topic's own.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
from hypothesis import strategies as st

from schemas import tracker
from schemas.admission import admit
from schemas.envelope import stamp
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS, TRACKER

from .schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN

BEGIN = datetime(2026, 3, 2, 8, tzinfo=UTC)
RULES = ruleset(NEWEST)
SPEAKERS = (NAV, AID, DIGDIR, KS, NARVIK)
READERS: dict[str, Reader] = {
    orgnr: reader_for(orgnr) for orgnr in (*SPEAKERS, RIKSREVISJONEN)
} | {"public": ANYBODY}
CHANNELS = ("state", "municipal", "public", f"org:{KS}", f"org:{AID}", f"org:{NARVIK}")
Data = dict[str, Any]
Words = Sequence[str]


class Draw(Protocol):
    """How hypothesis draws, inside a strategy or in the midst of a test."""

    def __call__(self, strategy: st.SearchStrategy[Any], /) -> Any: ...


@dataclass(frozen=True, slots=True)
class Told:
    """A fact where it lies: its topic, its offset there, when it was appended."""

    fact: Fact
    topic: str
    offset: int
    appended: datetime
    value: bytes


@dataclass
class Teller:
    """Puts what is said on its topic, one after another."""

    subject: str
    told: list[Told]

    @property
    def now(self) -> datetime:
        return BEGIN + timedelta(hours=len(self.told))

    def say(
        self, speaker: str, name: str, data: dict[str, Any], **attributes: Any
    ) -> Ref:
        source = f"urn:orgnr:{speaker}:system"
        event = {
            "specversion": "1.0",
            "id": f"{speaker}-{len(self.told)}",
            "source": source,
            "type": f"no.tidlig.{name}.v1",
            "subject": self.subject,
            "time": (self.now - timedelta(minutes=3)).isoformat(),
            **attributes,
        }
        line = RULES.line_of(speaker)
        assert line is not None
        value = stamp(
            event,
            orjson.dumps(data),
            line=line,
            accepted=self.now,
            agreement=RULES.agreement_at(self.now),
            ruleset=NEWEST,
            salt=b"0123456789abcdef",
        )
        self.put(PARTY_TOPICS[line].name, value)
        return Ref(source, event["id"])

    def observe(self, record: tuple[bytes, bytes]) -> None:
        self.put(TRACKER.name, record[1])

    def put(self, topic: str, value: bytes) -> None:
        fact = admit(value, (), topic, self.subject.encode())
        assert isinstance(fact, Fact), (fact, value)
        offset = sum(1 for told in self.told if told.topic == topic)
        self.told.append(Told(fact, topic, offset, self.now, value))


def visibilities(draw: Draw, allowed: Sequence[str]) -> dict[str, str]:
    """A visibility, with recipients where it needs them; often none is said."""
    chosen = draw(st.sampled_from(["", *allowed]))
    if not chosen:
        return {}
    if chosen != "named":
        return {"visibility": chosen}
    named = draw(st.sets(st.sampled_from(SPEAKERS), min_size=1, max_size=3))
    return {"visibility": chosen, "recipients": " ".join(sorted(named))}


ANY = ("own", "named", "shared", "public")
OPEN = ("shared", "public")


@dataclass
class Story:
    """A history while it is told: who owns the initiative, which grants there are."""

    owner: str
    teller: Teller
    grants: list[Ref]
    embargoed: list[Ref] = field(default_factory=list)

    def owner_says(
        self, draw: Draw, name: str, data: Data, allowed: Words = ANY
    ) -> Ref:
        return self.teller.say(self.owner, name, data, **visibilities(draw, allowed))


def story_of(owner: str, local: str) -> Story:
    """A history that has not begun."""
    unknown = Ref(f"urn:orgnr:{owner}:system", "never-said")
    return Story(owner, Teller(f"{owner}:{local}", []), [unknown])


@st.composite
def histories(draw: Draw, longest: int = 14) -> list[Told]:
    """What is said about one initiative, with grants, ends, openings and secrets."""
    owner = draw(st.sampled_from([NAV, NARVIK, KS]))
    story = story_of(owner, draw(st.sampled_from(["a", "b7", "felles-mottak"])))
    for _ in range(draw(st.integers(1, longest))):
        draw(st.sampled_from(SAYINGS))(draw, story)
    return story.teller.told


def registered(draw: Draw, story: Story) -> None:
    data = {"title": word(draw), "problem": "p", "contact_role": "r"}
    story.owner_says(draw, "initiative.registered", data)


def amended(draw: Draw, story: Story) -> None:
    changes = {draw(st.sampled_from(["title", "summary"])): word(draw)}
    story.owner_says(draw, "initiative.amended", {"changes": changes})


def shared(draw: Draw, story: Story) -> None:
    audience = draw(st.sets(st.sampled_from(CHANNELS), min_size=1, max_size=2))
    embargo = {"not_before": "2026-06-01T08:00:00Z"}
    data: Data = draw(st.sampled_from([{}, {}, embargo]))
    ref = story.teller.say(
        story.owner, "initiative.shared", data, audience=" ".join(sorted(audience))
    )
    story.grants.append(ref)
    story.embargoed += [ref] if data else []


def ended(draw: Draw, story: Story) -> None:
    grant = draw(st.sampled_from(story.grants))
    data = {"grant": {"source": grant.source, "id": grant.id}, "reason": "r"}
    story.owner_says(draw, "share.ended", data, OPEN)


def opened(draw: Draw, story: Story) -> None:
    grant = draw(st.sampled_from(story.embargoed or story.grants))
    teller = story.teller
    teller.observe(tracker.share_opened(teller.subject, grant, teller.now))


def lock(draw: Draw, story: Story) -> None:
    data = {
        "key": draw(st.sampled_from(["k1", "k2"])),
        "kind": "contract",
        "date": draw(st.sampled_from(["2026-04-01", "2027-01-25"])),
    }
    story.owner_says(draw, "initiative.lock.recorded", data, OPEN)


def gate(draw: Draw, story: Story) -> None:
    data = {
        "key": draw(st.sampled_from(["k1", "k2"])),
        "gate": draw(st.sampled_from(["BP1", "BP2"])),
        "outcome": draw(st.sampled_from(["approved", "rejected"])),
        "date": "2026-05-01",
        "body": "Porteføljestyret",
    }
    story.owner_says(draw, "initiative.gate.decided", data, OPEN)


def plan(draw: Draw, story: Story) -> None:
    data = {"gate": "BP2", "date": draw(st.sampled_from(["2026-09-01", None]))}
    story.owner_says(draw, "initiative.gateplan.revised", data, OPEN)


def stopped(draw: Draw, story: Story) -> None:
    story.owner_says(draw, "initiative.stopped", {"reason": word(draw)}, OPEN)


def acknowledged(draw: Draw, story: Story) -> None:
    other_says(draw, story, "initiative.acknowledged", {"reader_role": word(draw)})


def answered(draw: Draw, story: Story) -> None:
    data = {"key": "k1", "position": "neutral", "text": word(draw)}
    other_says(draw, story, "response.submitted", data)


def other_says(draw: Draw, story: Story, name: str, data: Data) -> None:
    speaker = draw(st.sampled_from([s for s in SPEAKERS if s != story.owner]))
    story.teller.say(speaker, name, data, **visibilities(draw, ANY))


def received(draw: Draw, story: Story) -> None:
    body = draw(st.sampled_from([s for s in (KS, AID, DIGDIR) if s != story.owner]))
    teller = story.teller
    teller.observe(tracker.received(teller.subject, body, teller.now))


def readable(draw: Draw, story: Story) -> None:
    """*Readable* about something that the owner has said, if it has said anything."""
    teller = story.teller
    mine = [told.fact for told in teller.told if told.fact.speaker == story.owner]
    if not mine:
        return
    named = draw(st.lists(st.sampled_from(mine), min_size=1, max_size=2))
    teller.observe(
        tracker.readable(
            teller.subject,
            draw(st.sampled_from(CHANNELS)),
            [(fact.ref, fact.type.name) for fact in named],
            f"{len(teller.told):022d}",
            teller.now,
        )
    )


# grants and what others say are the hard part: they come often
SAYINGS = (
    *(registered, registered, amended, lock, gate, plan, stopped),
    *(shared, shared, shared, ended, opened, readable, received),
    *(acknowledged, answered, answered),
)


def word(draw: Draw) -> str:
    return str(draw(st.sampled_from(["blå", "grøn", "rød", "søknad"])))


def interleaved(draw: Draw, history: Sequence[Told]) -> list[Told]:
    """The same records read in another order, each topic in its own."""
    by_topic: dict[str, list[Told]] = {}
    for told in history:
        by_topic.setdefault(told.topic, []).append(told)
    turns = draw(st.permutations([told.topic for told in history]))
    left = {topic: iter(records) for topic, records in by_topic.items()}
    return [next(left[topic]) for topic in turns]


def cut(draw: Draw, history: Sequence[Told]) -> list[list[Told]]:
    """The same records in batches, cut anywhere."""
    if not history:
        return []
    ends = sorted(draw(st.sets(st.integers(1, len(history)))) | {len(history)})
    return [list(history[a:b]) for a, b in zip([0, *ends], ends, strict=False)]
