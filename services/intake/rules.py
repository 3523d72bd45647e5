"""What an emitter sends, judged: which answer it gets. Pure.

Faults are answered in the order of their status: 413, 415, 400, 403, 422, 409.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from schemas.admission import faults_of
from schemas.envelope import (
    BATCH_MEDIA_TYPE,
    MAX_BATCH_EVENTS,
    MAX_EVENT_BYTES,
    MEDIA_TYPE,
    Event,
    read,
)
from schemas.fact import Fault
from schemas.identity import PARTY_SOURCE_PATTERN, speaker_of
from schemas.rulesets import RuleSet
from schemas.spoken import FORBIDDEN
from schemas.strict_json import NotStrict

from .binary import DATA_MEDIA_TYPE, as_structured

MAX_FAULTS = 100
NOT_YOUR_SOURCE = "not_your_source"
EVENTS = msgspec.json.Decoder(list[msgspec.Raw])


class Wrong(Exception):
    """What was sent cannot be accepted; nothing of it is."""

    def __init__(
        self, status: int, code: str, detail: str, faults: Sequence[Fault] = ()
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        # a batch may have thousands
        self.faults = tuple(faults[:MAX_FAULTS])


@dataclass(frozen=True, slots=True)
class Sent:
    """The events of a request as they could be read, and faults of the others.

    `batch` tells whether pointers begin with the event's place in the request.
    """

    events: dict[int, Event]
    faults: tuple[Fault, ...]
    batch: bool


def media_type_of(content_type: str | None, *, binary: bool) -> str:
    """The media type, if it is one that intake reads in that mode.

    `binary` tells that attributes came in headers. Raises `Wrong` 415.
    """
    name = (content_type or "").partition(";")[0].strip().lower()
    readable = {MEDIA_TYPE, BATCH_MEDIA_TYPE} | ({DATA_MEDIA_TYPE} if binary else set())
    if name not in readable:
        detail = (
            f"send {MEDIA_TYPE} for one event, {BATCH_MEDIA_TYPE} for several, or "
            f"{DATA_MEDIA_TYPE} with the attributes in `ce-` headers"
        )
        raise Wrong(415, "unsupported_media_type", detail)
    return name


def read_binary(
    attributes: Mapping[str, str], faults: Sequence[Fault], body: bytes
) -> Sent:
    """The event whose attributes came in headers, with what is wrong with those.

    Raises `Wrong` 413 or 400. Headers count towards the size of an event.
    """
    within(len(body) + sum(map(len, attributes.values())), "")
    try:
        whole = as_structured(attributes, body)
    except NotStrict as error:
        fault = Fault(error.code, f"/data{error.pointer}", error.detail)
        if error.code == "not_json":
            raise Wrong(400, "not_json", error.detail, [fault]) from None
        return Sent({}, (*faults, fault), batch=False)
    if faults:
        return Sent({}, tuple(faults), batch=False)
    return read_events(whole, MEDIA_TYPE)


def read_events(body: bytes, media_type: str) -> Sent:
    """The events of a request. Raises `Wrong` 413 or 400."""
    batch = media_type == BATCH_MEDIA_TYPE
    events: dict[int, Event] = {}
    faults: list[Fault] = []
    for n, part in enumerate(slices_of(body) if batch else [body]):
        pointer = f"/{n}" if batch else ""
        within(len(part), pointer)
        try:
            events[n] = read(part)
        except NotStrict as error:
            faults.append(Fault(error.code, pointer + error.pointer, error.detail))
    if any(fault.code == "not_json" for fault in faults):
        raise Wrong(400, "not_json", faults[0].detail, faults)
    return Sent(events, tuple(faults), batch)


def within(size: int, pointer: str) -> None:
    """Raises `Wrong` 413 for an event that is too large."""
    if size > MAX_EVENT_BYTES:
        fault = Fault("too_large", pointer, f"more than {MAX_EVENT_BYTES} bytes")
        raise Wrong(413, "too_large", "an event is at most 64 KiB", [fault])


def slices_of(body: bytes) -> list[bytes]:
    """A batch cut into its events, each byte for byte as it was sent."""
    try:
        parts = [bytes(part) for part in EVENTS.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Wrong(400, "not_json", f"not a JSON array of events: {error}") from None
    if len(parts) > MAX_BATCH_EVENTS:
        raise Wrong(413, "too_many", f"send at most {MAX_BATCH_EVENTS} events at once")
    return parts


def judge(sent: Sent, caller: str, rules: RuleSet, now: datetime) -> None:
    """Whether all of it may be said by this caller. Raises `Wrong` 403 or 422."""
    faults = list(sent.faults)
    for n, event in sent.events.items():
        found = event_faults(event, caller, rules, now)
        faults += [at(fault, n) if sent.batch else fault for fault in found]
    forbidden = [f for f in faults if f.code in FORBIDDEN or f.code == NOT_YOUR_SOURCE]
    if forbidden:
        raise Wrong(403, forbidden[0].code, forbidden[0].detail, forbidden)
    if faults:
        detail = f"{len(faults)} fault(s); mend what `faults` points at"
        raise Wrong(422, "invalid_event", detail, faults)


def event_faults(
    event: Event, caller: str, rules: RuleSet, now: datetime
) -> Iterator[Fault]:
    faults, _ = faults_of(event, rules, now)
    source = str(event.attributes.get("source"))
    well_formed = re.fullmatch(PARTY_SOURCE_PATTERN, source) is not None
    wrong_number = any(fault.code == "orgnr" for fault in faults)
    if well_formed and not wrong_number and speaker_of(source) != caller:
        detail = f"the token is {caller}'s; nobody speaks for another"
        yield Fault(NOT_YOUR_SOURCE, "/source", detail)
    yield from faults


def at(fault: Fault, n: int) -> Fault:
    """The fault with a pointer into the batch."""
    return replace(fault, pointer=f"/{n}{fault.pointer}")
