"""The ledger: what was to be emitted, and what was answered, outside the system.

Appended and fsynced before each emission and after each answer, by the emitter alone; a
killed emitter leaves at most half a line at the end.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from schemas.identity import speaker_of

Json = dict[str, Any]
# subject, source, id
Identity = tuple[str, str, str]


def identity_of(event: Json) -> Identity:
    return event["subject"], event["source"], event["id"]


@dataclass
class Emitted:
    """One event of the ledger: its place in it, its tries, its receipts."""

    event: Json
    order: int
    tries: list[float] = field(default_factory=list)
    answers: list[tuple[float, str]] = field(default_factory=list)

    @property
    def acknowledged(self) -> bool:
        return bool(self.answers)

    @property
    def key(self) -> tuple[str, str]:
        """Whose words on what: their order is to be kept."""
        return speaker_of(self.event["source"]), self.event["subject"]


class Ledger:
    """Writes the file; each call is on disk when it returns."""

    def __init__(self, path: Path) -> None:
        self.file: BinaryIO = path.open("ab", buffering=0)
        # a predecessor that was killed may have left half a line
        self.file.write(b"\n")

    def intends(self, at: float, events: Sequence[Json]) -> None:
        """Before they are sent, or sent again."""
        self.write({"at": at, "intent": event} for event in events)

    def answered(
        self, at: float, events: Sequence[Json], receipts: Sequence[str]
    ) -> None:
        """After a 202: a receipt for each."""
        self.write(
            {"at": at, "answer": identity_of(event), "receipt": receipt}
            for event, receipt in zip(events, receipts, strict=True)
        )

    def write(self, rows: Iterable[Json]) -> None:
        self.file.write(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        os.fdatasync(self.file.fileno())

    def close(self) -> None:
        self.file.close()


def rows_of(path: Path) -> Iterator[Json]:
    """Every whole line; what a kill has cut off was never acted upon."""
    if not path.exists():
        return
    for line in path.read_bytes().split(b"\n"):
        try:
            yield orjson.loads(line)
        except orjson.JSONDecodeError:
            continue


def read(path: Path) -> dict[Identity, Emitted]:
    """What the ledger says of each event, in the order of first intents."""
    found: dict[Identity, Emitted] = {}
    for row in rows_of(path):
        if "intent" in row:
            event = row["intent"]
            emitted = found.setdefault(identity_of(event), Emitted(event, len(found)))
            emitted.tries.append(row["at"])
        else:
            subject, source, name = row["answer"]
            answer = (row["at"], row["receipt"])
            found[subject, source, name].answers.append(answer)
    return found
