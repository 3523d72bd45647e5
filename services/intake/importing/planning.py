"""What is to be said of a row, held against what was said before. Pure.

The id of the next version is taken at intake by whoever says it first. So nobody
overwrites what another import has just said: it is told, looks again, and decides anew.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import orjson

from schemas.admission import faults_of
from schemas.envelope import MAX_EVENT_BYTES, read, timestamp
from schemas.fact import Fault
from schemas.rulesets import NEWEST, ruleset
from schemas.spoken import FORBIDDEN
from schemas.strict_json import NotStrict
from schemas.types import DISCOVERED, SHARED, EventType

from .mapping import Mapping
from .rows import Bad
from .wanting import Data, Wanted

Kind = Literal["new", "changed", "shared", "unchanged"]
Json = dict[str, Any]


class NotAllowed(Exception):
    """The organisation may not say this at all, of whatever row."""


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who imports which list, and with whom it is shared."""

    orgnr: str
    list: str
    audience: str

    @property
    def source(self) -> str:
        return f"urn:orgnr:{self.orgnr}:import.{self.list}"

    def subject(self, local: str) -> str:
        return f"{self.orgnr}:{local}"


@dataclass(frozen=True, slots=True)
class Known:
    """What was said of a row before: the newest version's number and words."""

    version: int = 0
    said: Data = field(default_factory=dict)
    shared: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be said of a row; `version` is the next one's number.

    `events` are sent together or not at all. Where nothing changes there are none, and
    `probe` is the event that must not have been said if what is known is the newest.
    """

    row: Wanted
    kind: Kind
    version: int
    fields: tuple[str, ...]
    events: tuple[bytes, ...]
    probe: bytes


def known_from(facts: Iterable[Json], local: str, speaker: Speaker) -> Known:
    """What a row's history tells; a grant counts whoever of the owner's gave it."""
    version, said, shared = 0, dict[str, Any](), False
    for event in facts:
        if event["type"] == SHARED.full_name:
            shared = True
        found = version_in(event["id"], local)
        mine = event["source"] == speaker.source
        if mine and event["type"] == DISCOVERED.full_name and found > version:
            version = found
            said = {k: v for k, v in event["data"].items() if v is not None}
    return Known(version, said, shared)


def version_in(id: str, local: str) -> int:
    """The number of a version by its id; 0 for any other id."""
    found = re.fullmatch(re.escape(local) + r"\.v([1-9][0-9]{0,8})", id)
    return 0 if found is None else int(found[1])


def plan(
    row: Wanted, known: Known, mapping: Mapping, speaker: Speaker, now: datetime
) -> Change | Bad:
    """What is to be said of a row. Raises `NotAllowed`."""
    wanted = dict(row.data)
    if known.version and mapping.learnt_is_constant and "learnt" in known.said:
        # one learns of it once; the day in the mapping is for rows that are new
        wanted["learnt"] = known.said["learnt"]
    fields = tuple(
        name
        for name in sorted(wanted.keys() | known.said.keys())
        if wanted.get(name) != known.said.get(name)
    )
    data = wanted | {name: None for name in fields if name not in wanted}
    described = discovered(row, known.version + 1, data, speaker, now)
    if faults := faults_in(described, now):
        return Bad(row.place, in_words(faults), row.key, row.local)
    share = () if known.shared else (grant(row, speaker, now),)
    if fields:
        kind: Kind = "changed" if known.version else "new"
        events = (described, *share)
    else:
        kind = "shared" if share else "unchanged"
        events = share
    return Change(row, kind, known.version + 1, fields, events, described)


def discovered(
    row: Wanted, version: int, data: Data, speaker: Speaker, now: datetime
) -> bytes:
    return event(DISCOVERED, f"{row.local}.v{version}", row, data, speaker, now)


def grant(row: Wanted, speaker: Speaker, now: datetime) -> bytes:
    audience = speaker.audience
    return event(SHARED, f"{row.local}.share", row, {}, speaker, now, audience=audience)


def event(
    type: EventType,
    id: str,
    row: Wanted,
    data: Data,
    speaker: Speaker,
    now: datetime,
    **attributes: str,
) -> bytes:
    return orjson.dumps(
        {
            "specversion": "1.0",
            "id": id,
            "source": speaker.source,
            "type": type.full_name,
            "subject": speaker.subject(row.local),
            "time": timestamp(now),
            "datacontenttype": "application/json",
            **attributes,
            "data": data,
        }
    )


def faults_in(text: bytes, now: datetime) -> list[Fault]:
    """What intake would find wrong. Raises `NotAllowed`."""
    if len(text) > MAX_EVENT_BYTES:
        return [Fault("too_large", "", f"more than {MAX_EVENT_BYTES} bytes")]
    try:
        said = read(text)
    except NotStrict as error:
        return [Fault(error.code, error.pointer, error.detail)]
    found, _ = faults_of(said, ruleset(NEWEST), now)
    for fault in found:
        if fault.code in FORBIDDEN:
            raise NotAllowed(fault.detail)
    return list(found)


def in_words(faults: Iterable[Fault]) -> str:
    """Faults by the field that they are about."""
    return "; ".join(
        f"{fault.pointer.removeprefix('/data').strip('/') or 'row'}: {fault.detail}"
        for fault in faults
    )
