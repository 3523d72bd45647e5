"""Identity of a fact, and references to one."""

from functools import lru_cache
from hashlib import blake2b
from typing import Annotated

import msgspec
import rfc8785
from pydantic import StringConstraints
from stdnum.no import orgnr as organisation_number

ORGNR = r"[0-9]{9}"
MARK_BYTES = 24
LOCAL = r"[a-z0-9][a-z0-9._-]{0,63}"
SUBJECT_PATTERN = rf"^{ORGNR}:{LOCAL}$"
PARTY_SOURCE_PATTERN = rf"^urn:orgnr:{ORGNR}:{LOCAL}$"
TRACKER_SOURCE_PATTERN = r"^urn:tidlig:[a-z]{1,32}$"

Subject = Annotated[str, StringConstraints(pattern=SUBJECT_PATTERN)]
PartySource = Annotated[str, StringConstraints(pattern=PARTY_SOURCE_PATTERN)]
FactId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,128}$")]


class Ref(msgspec.Struct, frozen=True, order=True):
    """A fact named within its subject: who said it, under which id."""

    source: str
    id: str


@lru_cache(maxsize=10_000)
def is_orgnr(text: str) -> bool:
    """Whether nine digits have the control digit of Enhetsregisteret (mod 11)."""
    return len(text) == 9 and organisation_number.is_valid(text)


def owner_of(subject: str) -> str:
    """The organisation that owns the initiative: the first half of its id."""
    return subject.partition(":")[0]


def is_of_arena(subject: str) -> bool:
    """Whether it is an item or a meeting of the joint arena, and no initiative."""
    return subject.startswith(("item:", "meeting:"))


def speaker_of(source: str) -> str:
    """Who speaks: the organisation number, or the tracker's service as it stands."""
    return source.split(":", 3)[2] if source.startswith("urn:orgnr:") else source


def mark(subject: str, source: str, id: str) -> bytes:
    """24 bytes: the subject's 8, then the identity's 16.

    Facts of one initiative have the same first 8 bytes; compare the subject too.
    """
    whole = f"{subject}\x00{source}\x00{id}".encode()
    return (
        blake2b(subject.encode(), digest_size=8).digest()
        + blake2b(whole, digest_size=16).digest()
    )


def canonical(value: object) -> bytes:
    """The RFC 8785 form of a parsed value."""
    return rfc8785.dumps(held_as_double(value))  # type: ignore[arg-type]  # any JSON


def held_as_double(value: object) -> object:
    """Whole numbers past 2^53 as the double they are; RFC 8785 writes doubles."""
    if isinstance(value, dict):
        return {name: held_as_double(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [held_as_double(inner) for inner in value]
    if type(value) is int and abs(value) >= 2**53:
        return float(value)
    return value
