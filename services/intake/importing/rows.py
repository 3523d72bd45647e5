"""The rows of a list, as they stand in a CSV or JSON file. Bounded, and UTF-8 only."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from schemas import strict_json
from schemas.strict_json import NotStrict

from .mapping import Mapping

LARGEST = 16 * 1024 * 1024
MOST = 10_000
# a cell that is longer can be no field: a text has 8000 signs at most
LONGEST_CELL = 100_000
DELIMITERS = (";", ",", "\t")


class Unreadable(Exception):
    """The file holds no list that can be read; the text says what to mend."""


@dataclass(frozen=True, slots=True)
class Row:
    """A row: where it stands, and its cells by column; lists only in JSON."""

    place: str
    cells: dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Bad:
    """A row that is not imported, and what to mend."""

    place: str
    reason: str
    key: str | None = None
    local: str | None = None


def read_rows(path: Path, mapping: Mapping) -> list[Row | Bad]:
    """The rows of a file, in their order. Raises `Unreadable`, or OSError."""
    with path.open("rb") as file:
        content = file.read(LARGEST + 1)
    try:
        return rows_in(text_of(content), mapping)
    except Unreadable as error:
        raise Unreadable(f"{path}: {error}") from None


def rows_in(text: str, mapping: Mapping) -> list[Row | Bad]:
    is_json = text.lstrip()[0] in "[{"
    found = list(json_rows(text, mapping) if is_json else csv_rows(text, mapping))
    if len(found) > MOST:
        raise Unreadable(f"{len(found)} rows; at most {MOST}, so split the list")
    return found


def text_of(content: bytes) -> str:
    """The text, in UTF-8 with or without a byte order mark. Raises `Unreadable`."""
    if len(content) > LARGEST:
        raise Unreadable(f"more than {LARGEST} bytes; split the list")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Unreadable(
            f"line {line} is not UTF-8 (the byte {content[error.start]:02X}): perhaps "
            "Latin-1, Windows-1252 or UTF-16; save the list as UTF-8"
        ) from None
    if "\0" in text:
        raise Unreadable("it holds NUL, so it is no text; save the list as UTF-8")
    if not text.strip():
        raise Unreadable("it is empty")
    return text


def csv_rows(text: str, mapping: Mapping) -> Iterator[Row | Bad]:
    delimiter, header = heading(text, mapping)
    csv.field_size_limit(LONGEST_CELL)
    records = csv.reader(
        io.StringIO(text, newline=""), delimiter=delimiter, strict=True
    )
    next(records)
    while True:
        place = f"line {records.line_num + 1}"
        try:
            cells = next(records)
        except StopIteration:
            return
        except csv.Error as error:
            yield Bad(place, f"no row of a CSV file: {error}")
            continue
        if not cells:
            continue
        if len(cells) != len(header):
            few = f"{len(cells)} cells under {len(header)} columns"
            yield Bad(place, f"{few}; quote a cell that holds the delimiter")
            continue
        trimmed = (cell.strip() for cell in cells)
        yield Row(place, dict(zip(header, trimmed, strict=True)))


def heading(text: str, mapping: Mapping) -> tuple[str, list[str]]:
    """The delimiter under which all columns are there, and the columns.

    Raises `Unreadable`.
    """
    headers = {
        delimiter: first_record(text, delimiter)
        for delimiter in ([mapping.delimiter] if mapping.delimiter else DELIMITERS)
    }
    # the most columns, where none has all
    delimiter = max(
        headers, key=lambda each: (fits(headers[each], mapping), len(headers[each]))
    )
    header = headers[delimiter]
    if missing := sorted(mapping.columns - set(header)):
        raise Unreadable(
            f"no column is called {', '.join(missing)}; there are: {', '.join(header)}"
        )
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise Unreadable(f"two columns are called {', '.join(twice)}")
    return delimiter, header


def fits(header: Sequence[str], mapping: Mapping) -> int:
    return len(mapping.columns & set(header))


def first_record(text: str, delimiter: str) -> list[str]:
    try:
        first = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        raise Unreadable(f"line 1 is no heading of a CSV file: {error}") from None
    return [name.strip() for name in first]


def json_rows(text: str, mapping: Mapping) -> Iterator[Row | Bad]:
    """An array of objects, or a line an object. Raises `Unreadable`."""
    items = dict(array_items(text) if text.lstrip()[0] == "[" else line_items(text))
    objects = [each for each in items.values() if isinstance(each, dict)]
    if missing := sorted(mapping.columns - {name for each in objects for name in each}):
        raise Unreadable(f"no object has {', '.join(missing)}")
    for place, item in items.items():
        yield item if isinstance(item, Bad) else json_row(place, item, mapping)


def array_items(text: str) -> Iterator[tuple[str, object]]:
    try:
        items = strict_json.parse(text.encode())
    except NotStrict as error:
        raise Unreadable(error.detail) from None
    # what begins as an array and is JSON is one
    for number, item in enumerate(cast("list[object]", items), 1):
        yield f"item {number}", item


def line_items(text: str) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"line {number}"
            try:
                yield place, strict_json.parse(line.encode())
            except NotStrict as error:
                yield place, Bad(place, error.detail)


def json_row(place: str, item: object, mapping: Mapping) -> Row | Bad:
    """The columns that are asked for; what else there is may have any form."""
    if not isinstance(item, dict):
        return Bad(place, "not a JSON object")
    cells: dict[str, str | list[str]] = {}
    for name in sorted(mapping.columns):
        cell = cell_of(item.get(name))
        if cell is None:
            return Bad(place, f"{name} is neither text, whole number nor list of texts")
        cells[name] = cell
    return Row(place, cells)


def cell_of(value: object) -> str | list[str] | None:
    """A value as a cell; None where it is of a kind that no field has."""
    match value:
        case None:
            return ""
        case bool():
            return None
        case str():
            return value.strip()
        case int():
            return str(value)
        case list() if all(isinstance(each, str) for each in value):
            return [each.strip() for each in value if each.strip()]
    return None
