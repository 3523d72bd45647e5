"""Words to search by: of what is stored, what is read and what is asked. Pure.

Words stand alone, so that no text has any influence on how another is read.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any
from unicodedata import normalize

import orjson

BETWEEN = re.compile(r"[\W_]+")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(T\S+)?")
ASKED = re.compile(r"([^\W_]+)(\*?)")


def leaves(value: Any) -> Iterator[str]:
    """Every text, number and truth in a JSON value, as text."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from leaves(inner)
    elif value is not None:
        yield as_text(value)


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


def as_text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def words_in(value: Any) -> list[str]:
    """Each word in a JSON value once, in a fixed order."""
    found = {word for text in leaves(value) for word in plain(text).split()}
    return sorted(found)


def plain(text: str) -> str:
    """Letters and digits, with one space for all that lies between."""
    return BETWEEN.sub(" ", without_signs(normalize("NFC", text).lower()))


def without_signs(text: str) -> str:
    """Digits that are no decimal digits (², ½) part words for some, not for others."""
    if text.isascii():
        return text
    return "".join(
        sign if sign.isdecimal() or not sign.isnumeric() else " " for sign in text
    )


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
