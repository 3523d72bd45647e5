"""A national identity number never enters the log.

Rule: no personal data in an initiative's facts (source text on the Auditor
General's findings: privacy in the Nav offices). The check reads no clock, so that
every consumer judges alike for ever; `stdnum`'s own `validate` asks for today.
"""

import re
from collections.abc import Iterator

from stdnum.exceptions import ValidationError
from stdnum.no import fodselsnummer

# eleven digits that stand alone, also written as six and five
CANDIDATE = re.compile(r"(?<![0-9])([0-9]{6}) ?([0-9]{5})(?![0-9])")
# digits to 0, blank stays, all else x: a cheap look before the exact one
SHAPE = bytes(48 if 48 <= i <= 57 else 32 if i == 32 else 120 for i in range(256))


def may_hold_national_id(data: bytes) -> bool:
    """A quick look on the bytes: False means that none can be there."""
    shape = data.translate(SHAPE)
    return b"00000000000" in shape or b"000000 00000" in shape or b"\\u00" in data


def holds_national_id(text: str) -> bool:
    """Whether a national identity number (or D-number) stands alone in `text`."""
    return any(
        is_national_id(match[1] + match[2]) for match in CANDIDATE.finditer(text)
    )


def is_national_id(digits: str) -> bool:
    """Whether eleven digits have both control digits and a date of birth."""
    try:
        fodselsnummer.get_birth_date(digits)
    except ValidationError:
        return False
    return digits[9] == fodselsnummer.calc_check_digit1(digits) and digits[
        10
    ] == fodselsnummer.calc_check_digit2(digits)


def places(value: object, pointer: str = "") -> Iterator[str]:
    """JSON pointers of every national identity number in a parsed value."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if holds_national_id(name):
                yield pointer
            else:
                yield from places(inner, f"{pointer}/{escaped(name)}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, f"{pointer}/{index}")
    elif not isinstance(value, bool | None) and holds_national_id(str(value)):
        yield pointer


def escaped(name: str) -> str:
    """`name` as one step of a JSON pointer (RFC 6901 §3)."""
    return name.replace("~", "~0").replace("/", "~1")
