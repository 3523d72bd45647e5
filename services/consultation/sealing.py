"""Scorecards at rest: encrypted until both lines' are opened."""

import secrets

import orjson
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from schemas.topics import Line

from .rules.state import Card

NONCE = 12
# always of one length: how long a scorecard is would tell of it
LENGTH = 4096


class Seal:
    """Seals and opens scorecards with a key from the settings."""

    def __init__(self, secret: bytes) -> None:
        derived = HKDF(SHA256(), 32, salt=None, info=b"tidlig scorecard").derive(secret)
        self.cipher = AESGCM(derived)

    def sealed(self, subject: str, number: int, line: Line, card: Card) -> bytes:
        """The scorecard, bound to its item, round and line."""
        nonce = secrets.token_bytes(NONCE)
        plain = orjson.dumps(card.model_dump(mode="json")).ljust(LENGTH)
        return nonce + self.cipher.encrypt(nonce, plain, place(subject, number, line))

    def opened(self, subject: str, number: int, line: Line, sealed: bytes) -> Card:
        """What was sealed. Raises InvalidTag where it was not sealed so, here."""
        bound = place(subject, number, line)
        plain = self.cipher.decrypt(sealed[:NONCE], sealed[NONCE:], bound)
        return Card.model_validate_json(plain.rstrip())


def place(subject: str, number: int, line: Line) -> bytes:
    return f"{subject} {number} {line}".encode()
