"""The published examples, as they are sent and as they are read."""

import json
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..envelope import stamp
from ..identity import speaker_of
from ..rulesets import NEWEST, ruleset
from ..types import EventType

FOLDER = Path(__file__).parents[1] / "examples"
Event = dict[str, Any]


def examples_of(row: EventType) -> list[tuple[str, Event]]:
    """Every example of a type, the usual one first, by the name of its file."""
    paths = sorted((FOLDER / row.name).glob("*.json"), key=usual_first)
    return [(path.stem, json.loads(path.read_text("utf-8"))) for path in paths]


def usual_first(path: Path) -> tuple[bool, str]:
    return path.stem != "usual", path.stem


def as_read(event: Event) -> Event:
    """The example as a reader gets it, accepted a second after it was said.

    The salt is made from the event, so that the published example stays the same.
    """
    accepted = datetime.fromisoformat(event["time"]) + timedelta(seconds=1)
    rules = ruleset(NEWEST)
    data = json.dumps(event["data"], ensure_ascii=False, separators=(",", ":")).encode()
    record = stamp(
        {name: value for name, value in event.items() if name != "data"},
        data,
        line=rules.line_of(speaker_of(event["source"])),
        accepted=accepted,
        agreement=rules.agreement_at(accepted),
        ruleset=NEWEST,
        salt=sha256(data).digest()[:16],
    )
    found: Event = json.loads(record)
    return found
