"""A fact that has been admitted, and the two ways in which a record is not one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

import msgspec
from pydantic import BaseModel

from .channels import orgnr_in
from .envelope import CONTENT, Visibility, read
from .identity import Ref, canonical, is_of_arena, mark, owner_of
from .models import Naming, field_of
from .topics import Line
from .types import EventType, ReaderRule


class Fact(msgspec.Struct, frozen=True, dict=True):
    """What somebody said about an initiative, with what intake added.

    `time` is the speaker's claim; `accepted` is intake's clock. `data` is the
    validated model of the type, `said` the same as parsed JSON, `data_bytes` as it was
    sent.
    """

    subject: str
    source: str
    id: str
    type: EventType
    time: datetime
    speaker: str
    line: Line | None
    visibility: Visibility
    recipients: tuple[str, ...]
    audience: tuple[str, ...]
    accepted: datetime
    agreement: str
    ruleset: int
    data: BaseModel
    said: Any
    data_bytes: bytes
    attributes: Mapping[str, object]

    @property
    def owner(self) -> str:
        """The organisation that owns the initiative."""
        return owner_of(self.subject)

    @property
    def ref(self) -> Ref:
        return Ref(self.source, self.id)

    @property
    def readers(self) -> ReaderRule:
        return self.type.readers

    @property
    def name(self) -> str:
        """The type's name, without prefix and version."""
        return self.type.name

    @property
    def in_arena(self) -> bool:
        """Whether it is about an item or a meeting of the joint arena."""
        return is_of_arena(self.subject)

    @property
    def hash(self) -> str | None:
        """Of the text that a fact of the arena is about."""
        found: str | None = field_of(self.data, "hash")
        return found

    @cached_property
    def mark(self) -> bytes:
        """The identity as 24 bytes."""
        return mark(self.subject, self.source, self.id)

    @property
    def grant(self) -> Ref | None:
        """The grant that this fact is, ends or opens; None for all others."""
        if self.type.readers != "grant":
            return None
        named = field_of(self.data, "grant")
        return self.ref if named is None else Ref(named.source, named.id)

    @property
    def named(self) -> Ref | None:
        """The fact that a correction, withdrawal or setting aside is about."""
        if not isinstance(self.data, Naming):
            return None
        return Ref(self.data.fact.source, self.data.fact.id)

    @property
    def named_type(self) -> str | None:
        """The type that the named fact is said to have, without prefix and version."""
        return self.data.type if isinstance(self.data, Naming) else None

    @property
    def counterpart(self) -> str | None:
        """The owner of the other initiative, where the fact ties two together."""
        other = field_of(self.data, "counterpart")
        return None if other is None else owner_of(other)

    @property
    def initiatives(self) -> tuple[str, ...]:
        """Those that a fact of the arena is about."""
        return tuple(field_of(self.data, "initiatives") or ())

    @property
    def key(self) -> str:
        """The key within its family; empty where each field is a key of its own."""
        if self.type.key == "itself":
            return f"{self.source} {self.id}"
        if self.type.key in ("single", "fields"):
            return ""
        return str(getattr(self.data, self.type.key))

    @property
    def named_organisations(self) -> frozenset[str]:
        """Organisation numbers among its recipients."""
        found = (orgnr_in(channel) or channel for channel in self.recipients)
        return frozenset(value for value in found if value.isdigit())


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: a stable code, where (RFC 6901), what to mend."""

    code: str
    pointer: str
    detail: str


# as JSON Schema, wherever faults are told of
FAULT_SCHEMA = {
    "type": "object",
    "required": ["code", "pointer", "detail"],
    "properties": {
        "code": {"type": "string"},
        "pointer": {"type": "string", "description": "RFC 6901"},
        "detail": {"type": "string"},
    },
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that is not a fact, and never will be under its rule set."""

    faults: tuple[Fault, ...]

    @property
    def reason(self) -> str:
        return self.faults[0].code


@dataclass(frozen=True, slots=True)
class Newer:
    """A record judged by a rule set that this code does not know yet."""

    ruleset: int


def content_hash(record: bytes) -> bytes:
    """SHA-256 over the RFC 8785 form of what the speaker said.

    Computed only when an identity repeats: what intake adds does not count.
    """
    event = read(record)
    said = {
        name: event.attributes[name] for name in CONTENT if name in event.attributes
    }
    return sha256(canonical({**said, "data": event.data})).digest()
