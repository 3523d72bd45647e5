"""The data set: seeded, realistic in size and shape, with duplicates and faults.

100,000 facts about 10,000 initiatives: a few are talked about much (Zipf 1.1), most
little; about 800 bytes each, one in a hundred of 4 KB; 1 % said twice, 0.1 % that
nobody can admit, five that are no event at all. Kept in the order of a partition.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from schemas.envelope import stamp
from schemas.identity import owner_of, speaker_of
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import PARTY_TOPICS

SEED = 20261231
RULES = ruleset(NEWEST)
STATE = sorted(o for o, found in RULES.organisations.items() if found.line == "state")
MUNICIPAL = sorted(
    o for o, found in RULES.organisations.items() if found.line == "municipal"
)
CODES = sorted(RULES.municipalities)
# of what is amended, how much is long: one fact in a hundred
LONG = 0.045
BEGIN = datetime(2026, 1, 5, 8, tzinfo=UTC)
WORDS = (
    *("søknad", "kommune", "veileder", "arbeidsflate", "innsyn", "bruker", "løsning"),
    *("samarbeid", "økonomisk", "sosialhjelp", "råd", "opplysning", "tiltak", "behov"),
    *(
        "erfaring",
        "digital",
        "tjeneste",
        "Nav-kontor",
        "medvirkning",
        "åpen",
        "årsverk",
    ),
)
LABELS: list[dict[str, str]] = (
    [{}] * 96 + [{"visibility": "own"}] * 2 + [{"visibility": "public"}] * 2
)


# what no consumer may stumble over
POISON = (
    b"",
    b"\xff\xfe not text",
    b"[]",
    b'{"specversion": "1.0"',
    b'{"id": "\\u0000"}',
)


@dataclass(frozen=True, slots=True)
class Line:
    """A record as it would lie on its topic."""

    topic: str
    key: bytes
    value: bytes


@dataclass
class Teller:
    """Makes facts, one after another, always the same for the same seed."""

    facts: int
    initiatives: int
    seed: int = SEED

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.owners = [
            self.random.choice(STATE if n % 2 else MUNICIPAL)
            for n in range(self.initiatives)
        ]
        weights = [1 / (n + 1) ** 1.1 for n in range(self.initiatives)]
        self.chosen = self.random.choices(
            range(self.initiatives), weights, k=self.facts
        )
        self.shares: dict[int, list[str]] = {}

    def lines(self) -> Iterator[Line]:
        poison = dict(zip(self.places_of_poison(), POISON, strict=False))
        for n, initiative in enumerate(self.chosen):
            line = self.fact(n, initiative)
            if n in poison:
                yield Line(line.topic, line.key, poison[n])
            if n % 1000 == 999:
                broken = line.value.replace(
                    b'"type":"no.tidlig.', b'"type":"no.tidlug.'
                )
                yield Line(line.topic, line.key, broken)
            else:
                yield line
            if n % 100 == 50:
                yield line

    def places_of_poison(self) -> range:
        """Spread over all of it; none where there are but a few facts."""
        step = self.facts // len(POISON)
        return range(step // 2, step * len(POISON), max(1, step))

    def fact(self, n: int, initiative: int) -> Line:
        owner = self.owners[initiative]
        subject = f"{owner}:tiltak-{initiative}"
        name, data, extra = self.saying(n, initiative, owner)
        speaker = owner
        if name == "response.submitted":
            others = MUNICIPAL if owner in STATE else STATE
            speaker = self.random.choice(others)
        return record(n, name, speaker, subject, data, extra)

    def saying(
        self, n: int, initiative: int, owner: str
    ) -> tuple[str, dict[str, Any], dict[str, str]]:
        draw = self.random.random()
        mine = self.shares.setdefault(initiative, [])
        if draw < 0.1 or (not mine and draw < 0.3):
            return "initiative.registered", self.description(), self.label()
        if draw < 0.2 or not mine:
            mine.append(f"f-{n}")
            audience = self.random.choice(["municipal", "state", "municipal public"])
            return (
                "initiative.shared",
                {"message": self.text(20)},
                {"audience": audience},
            )
        if draw < 0.23:
            grant = {
                "source": f"urn:orgnr:{owner}:bench",
                "id": self.random.choice(mine),
            }
            return "share.ended", {"grant": grant, "reason": self.text(6)}, {}
        return self.other_saying(draw)

    def other_saying(self, draw: float) -> tuple[str, dict[str, Any], dict[str, str]]:
        if draw < 0.55:
            words = 400 if self.random.random() < LONG else 31
            changes = {"summary": self.text(words)}
            return "initiative.amended", {"changes": changes}, self.label()
        if draw < 0.7:
            data = {
                "key": f"k{int(draw * 1000) % 4}",
                "kind": "contract",
                "date": "2027-03-01",
                "note": self.text(25),
            }
            return "initiative.lock.recorded", data, {}
        if draw < 0.85:
            plan = {"gate": "BP2", "date": "2027-02-01", "reason": self.text(20)}
            return "initiative.gateplan.revised", plan, {}
        response = {"key": "svar", "position": "neutral", "text": self.text(40)}
        return "response.submitted", response, {}

    def description(self) -> dict[str, Any]:
        codes = sorted(self.random.sample(CODES, self.random.choice([1, 2, 5, 20])))
        return {
            "title": self.text(6),
            "problem": self.text(12),
            "contact_role": "Felles postkasse",
            "summary": self.text(25),
            "municipalities": codes,
            "synthetic": True,
        }

    def label(self) -> dict[str, str]:
        return dict(self.random.choice(LABELS))

    def text(self, words: int) -> str:
        return " ".join(self.random.choices(WORDS, k=words))


def record(
    n: int,
    name: str,
    speaker: str,
    subject: str,
    data: dict[str, Any],
    extra: dict[str, str],
) -> Line:
    said = BEGIN + timedelta(seconds=n)
    event = {
        "specversion": "1.0",
        "id": f"f-{n}",
        "source": f"urn:orgnr:{speaker}:bench",
        "type": f"no.tidlig.{name}.v1",
        "subject": subject,
        "time": said.isoformat(),
        "traceparent": f"00-{n:032x}-{n:016x}-01",
        **extra,
    }
    line = RULES.line_of(speaker_of(event["source"]))
    if line is None:
        raise ValueError(f"{owner_of(subject)} has no line")
    value = stamp(
        event,
        orjson.dumps(data),
        line=line,
        accepted=said,
        agreement=RULES.agreement_at(said),
        ruleset=NEWEST,
        salt=n.to_bytes(16),
    )
    return Line(PARTY_TOPICS[line].name, subject.encode(), value)
