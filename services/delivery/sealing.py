"""Sealed numbers: a reader must not learn how much others may read.

Cursors are sealed with a fresh nonce each time; positions in *readable* always the
same way, so that what the tracker says of a position is said once.
"""

import secrets
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

NONCE = 12
LONGEST_CURSOR = 1_000
# reader (an organisation number, or nothing), tag, after, upto, step
FORM = struct.Struct("!9s16sQQQ")
# tag, position
PLACE = struct.Struct("!16sQ")


class NotOurs(Exception):
    """A cursor that was not sealed here, or was changed."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader is: it was given `after` < position <= `upto`, at `step`.

    `reader` is empty for everybody; `tag` tells the step from one of a log made again.
    """

    reader: str
    tag: UUID
    after: int
    upto: int
    step: int

    def to_bytes(self) -> bytes:
        """Always of one length: that too would tell."""
        reader = self.reader.encode()
        return FORM.pack(reader, self.tag.bytes, self.after, self.upto, self.step)

    @classmethod
    def from_bytes(cls, plain: bytes) -> Self:
        reader, tag, after, upto, step = FORM.unpack(plain)
        return cls(reader.rstrip(b"\0").decode(), UUID(bytes=tag), after, upto, step)


class Seal:
    """Seals and opens with keys derived from one secret."""

    def __init__(self, secret: bytes) -> None:
        self.cursors = AESGCM(derived(secret, b"cursor", 32))
        self.positions = AESSIV(derived(secret, b"position", 64))

    def cursor(self, cursor: Cursor) -> str:
        nonce = secrets.token_bytes(NONCE)
        sealed = self.cursors.encrypt(nonce, cursor.to_bytes(), None)
        return text(nonce + sealed)

    def opened(self, sealed: str) -> Cursor:
        """What a cursor holds. Raises `NotOurs`."""
        try:
            if len(sealed) > LONGEST_CURSOR:
                raise NotOurs
            raw = untext(sealed)
            plain = self.cursors.decrypt(raw[:NONCE], raw[NONCE:], None)
            return Cursor.from_bytes(plain)
        except (InvalidTag, ValueError, struct.error):
            raise NotOurs from None

    def position(self, tag: UUID, position: int) -> str:
        """A position, and the tag of its step; the same always looks the same."""
        return text(self.positions.encrypt(PLACE.pack(tag.bytes, position), None))

    def opened_position(self, sealed: str) -> tuple[UUID, int]:
        """Tag and position. Raises `NotOurs`, also where another key has sealed it."""
        try:
            raw, position = PLACE.unpack(self.positions.decrypt(untext(sealed), None))
            return UUID(bytes=raw), position
        except (InvalidTag, ValueError, struct.error):
            raise NotOurs from None


def derived(secret: bytes, use: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt=None, info=b"tidlig " + use).derive(secret)


def text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def untext(sealed: str) -> bytes:
    """Raises ValueError."""
    return urlsafe_b64decode(sealed + "=" * (-len(sealed) % 4))
