"""Initiatives as files: CSV for a spreadsheet, JSON lines for a program. Pure.

CSV is UTF-8 with a mark of it at the beginning, `;` between fields and CRLF after each
line, every field quoted: a Norwegian spreadsheet opens it as it is. A text that such a
program would take for a formula has an apostrophe before it.
"""

import csv
from collections.abc import Iterable, Mapping
from io import StringIO
from typing import Any

import orjson

CSV = "text/csv; charset=utf-8"
JSON_LINES = "application/jsonl"
BEGINNING = "\ufeff"
BETWEEN = ";"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
# where each column is found in an initiative as it is shown
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("id",),
    "short_name": ("short_name",),
    "owner": ("owner", "orgnr"),
    "owner_name": ("owner", "name"),
    "line": ("owner", "line"),
    "partial": ("partial",),
    "phase": ("phase",),
    "title": ("description", "title"),
    "problem": ("description", "problem"),
    "summary": ("description", "summary"),
    "contact_role": ("description", "contact_role"),
    "scope": ("description", "scope"),
    "municipalities": ("description", "municipalities"),
    "reference": ("description", "reference"),
    "language": ("description", "language"),
    "announced": ("announced", "accepted"),
    "first_readable": ("earliness", "first_readable"),
    "first_lock": ("earliness", "first_lock", "date"),
    "basis": ("earliness", "basis"),
    "lead_days": ("earliness", "lead_days"),
    "class": ("earliness", "class"),
}


def csv_head() -> bytes:
    return BEGINNING.encode() + csv_lines([list(COLUMNS)])


def csv_of(found: Iterable[Mapping[str, Any]]) -> bytes:
    """A line for each initiative."""
    return csv_lines(
        [[cell(at(each, path)) for path in COLUMNS.values()] for each in found]
    )


def csv_lines(rows: Iterable[list[str]]) -> bytes:
    text = StringIO()
    csv.writer(text, delimiter=BETWEEN, quoting=csv.QUOTE_ALL).writerows(rows)
    return text.getvalue().encode()


def cell(value: Any) -> str:
    """A field as it is written; nothing for null, and texts that run nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, list):
        return harmless(" ".join(str(each) for each in value))
    return harmless(str(value))


def harmless(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def at(value: Any, path: tuple[str, ...]) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def json_lines(found: Iterable[Mapping[str, Any]]) -> bytes:
    """One initiative on each line, as it is shown alone."""
    return b"".join(orjson.dumps(each) + b"\n" for each in found)
