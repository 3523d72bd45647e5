"""Lines that say what happened to a part: with a date in logs, without elsewhere."""

import re
import sys
from datetime import UTC, datetime

DATE = re.compile(r"^\d{4}-\d\d-\d\dT[0-9:]{8}Z ")


def line(part: str, sentence: str) -> None:
    """Say it here."""
    sys.stdout.write(plain(part, sentence))
    sys.stdout.flush()


def plain(part: str, sentence: str) -> str:
    """A line for people."""
    return f"{part:<13}{sentence}\n"


def dated(part: str, sentence: str) -> str:
    """A line for a log."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {plain(part, sentence)}"


def undated(line: str) -> str:
    """A line of a log, as it is said here."""
    return DATE.sub("", line)
