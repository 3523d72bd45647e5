"""Facts for tests: the published examples, spoken anew and stamped as intake does."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from schemas.admission import admit
from schemas.envelope import stamp
from schemas.fact import Fact
from schemas.identity import speaker_of
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import ARENA, PARTY_TOPICS, TRACKER
from schemas.types import TYPES

EXAMPLES = Path(__file__).parents[2] / "schemas" / "examples"
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
KS, AID, NAV = "971032146", "983887457", "889640782"
DIGDIR, NARVIK, RIKSREVISJONEN = "991825827", "959469059", "974760843"
INITIATIVE = f"{NAV}:k7v2qd9x"


def examples() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every published example: its name, and the event as an emitter sends it."""
    for path in sorted(EXAMPLES.glob("*/*.json")):
        yield f"{path.parent.name}/{path.stem}", json.loads(path.read_text())


def example(name: str, case: str = "usual") -> dict[str, Any]:
    text = (EXAMPLES / name / f"{case}.json").read_text()
    event: dict[str, Any] = json.loads(text)
    return event


def stamped(event: dict[str, Any], *, accepted: datetime = NOW, **other: Any) -> bytes:
    """The record that intake would write, or a forged one through `other`."""
    said = {name: value for name, value in event.items() if name != "data"}
    rules = ruleset(NEWEST)
    added: dict[str, Any] = {
        "line": rules.line_of(speaker_of(str(said.get("source")))),
        "accepted": accepted,
        "agreement": rules.agreement_at(accepted),
        "ruleset": NEWEST,
        "salt": b"0123456789abcdef",
    }
    return stamp(said, orjson.dumps(event.get("data")), **{**added, **other})


def topic_of(event: dict[str, Any]) -> str:
    line = ruleset(NEWEST).line_of(speaker_of(str(event.get("source"))))
    row = TYPES.get(str(event.get("type")))
    if row is not None and row.group in ("line", "arena"):
        return ARENA.name
    return TRACKER.name if line is None else PARTY_TOPICS[line].name


def fact(event: dict[str, Any]) -> Fact:
    """The event as an admitted fact."""
    key = event["subject"].encode()
    admitted = admit(stamped(event), (), topic_of(event), key)
    assert isinstance(admitted, Fact), admitted
    return admitted
