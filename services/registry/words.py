"""Words to search by: of what is stored, what is read and what is asked. Pure.

Words stand alone, so that no text has any influence on how another is read.
"""

import re
from datetime import date
from typing import Any
from unicodedata import normalize

import orjson

BETWEEN = re.compile(r"[\W_]+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T\S+)?")
ASKED = re.compile(r"([^\W_]+)(\*?)")


def leaves(value: Any) -> list[str]:
    """Every text, number and truth in a JSON value, as text; in no order."""
    found: list[str] = []
    left = [value]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left.extend(each.values())
        elif isinstance(each, list | tuple):
            left.extend(each)
        elif each is not None:
            found.append(as_text(each))
    return found


def as_text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def days_in(value: Any) -> set[date]:
    """Each calendar day in it, whether a value is a day or a moment."""
    found = (day_of(text) for text in leaves(value))
    return {day for day in found if day is not None}


def day_of(text: str) -> date | None:
    """The day that a text is, or on which its moment lies as it is written."""
    if not DAY.fullmatch(text):
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def words_in(value: Any) -> list[str]:
    """Each word in a JSON value once, in a fixed order."""
    # no sign reaches over the end of a line: each text is read as if alone
    return sorted(set(plain("\n".join(leaves(value))).split()))


def plain(text: str) -> str:
    """Letters and digits, with one space for all that lies between."""
    return BETWEEN.sub(" ", without_signs(normalize("NFC", text).lower()))


def without_signs(text: str) -> str:
    """Digits that are no decimal digits (², ½) part words for some, not for others."""
    if text.isascii():
        return text
    for sign in set(text):
        if sign.isnumeric() and not sign.isdecimal():
            text = text.replace(sign, " ")
    return text


def query_of(text: str) -> str:
    """All words of a question, as Postgres takes it; one that ends in * is a beginning.

    Only what a text has is asked for, never what it lacks: else what is hidden would
    decide. Raises ValueError where there is no word.
    """
    asked = without_signs(normalize("NFC", text).lower())
    found = [word + (":*" if star else "") for word, star in ASKED.findall(asked)]
    if not found:
        raise ValueError("ask for a word")
    return " & ".join(found)
