"""How a model becomes an event: id and time fixed, judged before it is kept."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache

import orjson
from pydantic import BaseModel

from ..admission import faults_of
from ..envelope import MAX_EVENT_BYTES, Visibility, read, timestamp
from ..fact import Fault
from ..rulesets import NEWEST, ruleset
from ..spoken import SAID_ELSEWHERE
from ..strict_json import NotStrict
from ..types import TYPES, EventType
from .errors import NotSayable

# a newer rule set than this client's may know them: intake judges
LEFT_TO_INTAKE = frozenset(
    {
        "unknown_speaker",
        "no_line",
        "not_valid",
        "unknown_organisation",
        "unknown_municipality",
        "unknown_channel",
        "no_members",
    }
)


def event(
    data: BaseModel,
    *,
    subject: str,
    source: str,
    id: str,
    time: datetime,
    visibility: Visibility | None,
    audience: str | Iterable[str],
    recipients: str | Iterable[str],
    others: Mapping[str, str],
) -> bytes:
    """A structured CloudEvent. Raises `NotSayable`, or ValueError without zone.

    Of `data` only the fields that were given are said: for an amendment, what is
    not said stands, and None clears.
    """
    if time.tzinfo is None:
        raise ValueError("`time` needs a zone: datetime.now(UTC)")
    attributes: dict[str, object] = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": type_of(type(data)).full_name,
        "subject": subject,
        "time": timestamp(time),
        "datacontenttype": "application/json",
        **others,
    }
    lists = {"audience": in_order(audience), "recipients": in_order(recipients)}
    attributes |= {name: text for name, text in lists.items() if text}
    if visibility is not None:
        attributes["visibility"] = visibility
    said = data.model_dump_json(exclude_unset=True, by_alias=True).encode()
    text = orjson.dumps(attributes)[:-1] + b',"data":' + said + b"}"
    if found := faults_in(text):
        raise NotSayable(found)
    return text


def faults_in(text: bytes) -> list[Fault]:
    """What intake would refuse, as far as that can be told without it."""
    if len(text) > MAX_EVENT_BYTES:
        detail = f"{len(text)} bytes; an event is at most {MAX_EVENT_BYTES}"
        return [Fault("too_large", "", detail)]
    try:
        spoken = read(text)
    except NotStrict as error:
        return [Fault(error.code, error.pointer, error.detail)]
    found, _ = faults_of(spoken, ruleset(NEWEST), datetime.now(UTC))
    return [fault for fault in found if fault.code not in LEFT_TO_INTAKE]


def type_of(model: type[BaseModel]) -> EventType:
    """The newest type that says such data. Raises TypeError where none does."""
    row = sayable().get(model)
    if row is None:
        raise TypeError(f"{model.__name__} is no type that an organisation says")
    return row


@cache
def sayable() -> dict[type[BaseModel], EventType]:
    return {row.model: row for row in TYPES.values() if row.group not in SAID_ELSEWHERE}


def in_order(values: str | Iterable[str]) -> str:
    """The contract's one form of a list: sorted, one space between, none twice."""
    found = values.split() if isinstance(values, str) else values
    return " ".join(sorted(set(found)))
