"""Short names: for people to say and to type. They may collide and are never a key.

The owner's short name, and five signs of Crockford's base 32 from a hash of the id with
the check sign that belongs to them (`facts.md` §1). No counter, so no gap.
"""

import re
from collections.abc import Mapping
from functools import cache
from hashlib import sha256

from schemas.names import name_of

from .policies import read

SIGNS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
# by Crockford: the number modulo 37, with five signs more
CHECKS = SIGNS + "*~$=U"
LENGTH = 5
NAMES = "short-names-1"
WORD = re.compile(r"\w+")
# "KS - Kommunesektorens organisasjon", and names in more than one language
ASIDE = re.compile(r" [-–] | / ")
READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1"})


def short_name(subject: str) -> str:
    """What people call an initiative, such as `Narvik-7K2QX4`."""
    owner, _, _ = subject.partition(":")
    signs = signs_of(subject)
    return f"{owner_short(owner)}-{signs}{check_of(signs)}"


@cache
def owner_short(orgnr: str) -> str:
    """The owner's own, in one piece; its number where no name is known."""
    name = owner_names().get(orgnr) or name_of(orgnr)
    for kind in (" kommune", " fylkeskommune"):
        name = name.removesuffix(kind)
    first = ASIDE.split(name)[0]
    return "-".join(WORD.findall(first)) or orgnr


@cache
def owner_names() -> Mapping[str, str]:
    found: Mapping[str, str] = read(NAMES)["organisations"]
    return found


def signs_of(subject: str) -> str:
    """Five signs: the first 25 bits of SHA-256 over the id."""
    number = int.from_bytes(sha256(subject.encode()).digest()[:4]) >> 7
    return signs_for(number)


def signs_for(number: int) -> str:
    return "".join(SIGNS[number >> 5 * n & 31] for n in reversed(range(LENGTH)))


def check_of(signs: str) -> str:
    number = 0
    for sign in signs:
        number = number * 32 + SIGNS.index(sign)
    return CHECKS[number % 37]


def signs_in(name: str) -> str:
    """The signs of a short name, with or without the owner's part.

    Read as people write: small letters, O for 0, I and L for 1. Raises ValueError where
    the check sign says that it was mistyped.
    """
    last = name.strip().upper().rpartition("-")[2]
    signs, check = last[:LENGTH].translate(READ_AS), last[LENGTH:].translate(READ_AS)
    if len(last) != LENGTH + 1 or not set(signs) <= set(SIGNS):
        raise ValueError("a short name ends in five signs and a check sign")
    if check_of(signs) != check:
        raise ValueError("mistyped: the check sign does not belong to the five signs")
    return signs
