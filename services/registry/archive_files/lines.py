"""A record of the archive as a line of JSON, and back, byte for byte."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import orjson


class Broken(ValueError):
    """A line is not what an export writes."""


@dataclass(frozen=True, slots=True)
class Line:
    """A record: its offset, append time, identity and exact bytes.

    `sha256` is of these bytes, as the line says it.
    """

    position: int
    appended: datetime
    subject: str
    mark: bytes
    value: bytes
    sha256: str


def line_of(
    position: int, appended: datetime, subject: str, mark: bytes, value: bytes
) -> bytes:
    """A text as it is; JSON's own signs say what a line break is."""
    said = {
        "position": position,
        "appended": appended,
        "subject": subject,
        "mark": mark.hex(),
        "sha256": sha256(value).hexdigest(),
    }
    try:
        said["value"] = value.decode()
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)
    except (UnicodeDecodeError, orjson.JSONEncodeError):
        said.pop("value", None)
        said["value_base64"] = b64encode(value).decode()
        return orjson.dumps(said, option=orjson.OPT_APPEND_NEWLINE)


def line_in(text: bytes) -> Line:
    """Raises `Broken`."""
    try:
        said = orjson.loads(text)
        value = (
            said["value"].encode()
            if "value" in said
            else b64decode(said["value_base64"], validate=True)
        )
        return Line(
            int(said["position"]),
            datetime.fromisoformat(said["appended"]),
            str(said["subject"]),
            bytes.fromhex(said["mark"]),
            value,
            str(said["sha256"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Broken(type(error).__name__) from error


def lines_in(path: Path) -> Iterator[Line]:
    """Every line of a file. Raises `Broken`, and OSError."""
    with path.open("rb") as file:
        for number, text in enumerate(file, 1):
            try:
                yield line_in(text)
            except Broken as error:
                raise Broken(f"line {number} is no record ({error})") from error
