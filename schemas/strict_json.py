"""JSON that means the same to every reader (RFC 8259, I-JSON RFC 7493).

Refused: duplicate keys, numbers that a double does not hold, NUL, lone
surrogates, more than twenty levels, bytes that are not UTF-8.
"""

import json
from decimal import Decimal, InvalidOperation
from json.decoder import JSONDecodeError

import orjson

MAX_DEPTH = 20
# digits to 0, what a number follows to a colon, minus stays, all else x: a whole number
# that a double may not hold is found so; one in a text stands in quotes
SHAPE = bytes(
    48 if 48 <= i <= 57 else 58 if i in b":,[" else 45 if i == 45 else 120
    for i in range(256)
)
ESCAPE = b"\\u"


class NotStrict(ValueError):
    """The bytes are not JSON (`not_json`) or not JSON that all read alike."""

    def __init__(self, code: str, detail: str, pointer: str = "") -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.pointer = pointer


def parse(value: bytes) -> object:
    """The value that the bytes hold. Raises `NotStrict`."""
    quick = parse_quickly(value)
    return checked(parse_slowly(value) if quick is None else quick, value)


def parse_quickly(value: bytes) -> object | None:
    """An object or list in which nothing can be what is refused; None: look closer."""
    if ESCAPE in value or not value.startswith((b"{", b"[")):
        return None
    try:
        parsed: object = orjson.loads(value)
        # written anew it is the same: no name came twice, no fraction lost a digit
        is_the_same = orjson.dumps(parsed) == value
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        # another reader says what is wrong
        return None
    return parsed if is_the_same and not may_hold_long_number(value) else None


def may_hold_long_number(value: bytes) -> bool:
    """Whether sixteen digits follow a colon, comma or bracket; no blanks are there."""
    shape = value.translate(SHAPE)
    return b":0000000000000000" in shape or b":-0000000000000000" in shape


def parse_slowly(value: bytes) -> object:
    """The same by a reader that sees each name and number as it is written."""
    try:
        parsed: object = DECODER.decode(value.decode())
    except UnicodeDecodeError as error:
        raise NotStrict(
            "not_json", f"not UTF-8 at byte {error.start}; send JSON in UTF-8"
        ) from None
    except JSONDecodeError as error:
        raise NotStrict(
            "not_json",
            f"not JSON at line {error.lineno}, column {error.colno}: {error.msg}",
        ) from None
    except RecursionError:
        raise too_deep() from None
    return parsed


def checked(parsed: object, value: bytes) -> object:
    if value.count(b"{") + value.count(b"[") > MAX_DEPTH or ESCAPE in value:
        check(parsed, 0, "")
    return parsed


def check(value: object, depth: int, pointer: str) -> None:
    """Refuse what only a walk can see: depth, and escapes that hide a sign.

    `depth` is how many objects and lists lie around the value.
    """
    if depth >= MAX_DEPTH and isinstance(value, dict | list):
        raise too_deep()
    if isinstance(value, str):
        check_text(value, pointer)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(name, pointer)
            step = name.replace("~", "~0").replace("/", "~1")
            check(inner, depth + 1, f"{pointer}/{step}")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check(inner, depth + 1, f"{pointer}/{index}")


def check_text(text: str, pointer: str) -> None:
    """Refuse NUL, which Postgres cannot keep, and lone surrogates."""
    if "\x00" in text:
        raise NotStrict("nul", "a text holds NUL (\\u0000); leave it out", pointer)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise NotStrict(
            "lone_surrogate", "a text holds half a surrogate pair", pointer
        ) from None


def too_deep() -> NotStrict:
    return NotStrict("too_deep", f"more than {MAX_DEPTH} levels; flatten the data")


def unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object whose names are all different."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise NotStrict("duplicate_key", "an object says the same name twice")
    return found


def whole(literal: str) -> int:
    """An integer that a double holds (RFC 7493 §2.2)."""
    if len(literal) > 15 and not held(literal):
        raise number_not_held()
    return int(literal)


def fraction(literal: str) -> float:
    """A number whose double says the same number again."""
    if not held(literal):
        raise number_not_held()
    return float(literal)


def held(literal: str) -> bool:
    """Whether the shortest text of the nearest double is the same number."""
    if len(literal) > 400:
        return False
    try:
        return Decimal(repr(float(literal))) == Decimal(literal)
    except InvalidOperation:
        # an exponent beyond all reckoning
        return False


def number_not_held() -> NotStrict:
    return NotStrict(
        "number_not_held", "a number has more digits or size than a double holds"
    )


def refuse_constant(_: str) -> object:
    raise NotStrict("not_json", "NaN and Infinity are not JSON")


DECODER = json.JSONDecoder(
    object_pairs_hook=unique,
    parse_int=whole,
    parse_float=fraction,
    parse_constant=refuse_constant,
)
