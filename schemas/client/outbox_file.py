"""The outbox: what is said is on disk, with its id and time, before it is sent."""

import json
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from ..fact import Fault
from .durable import DurableFile
from .service import Problem

State = Literal["waiting", "accepted", "refused"]
KIND = 0x74646C6F
SCHEMA = """
CREATE TABLE event (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    subject TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    text BLOB NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'accepted', 'refused')),
    answer TEXT,
    UNIQUE (subject, source, id));
CREATE INDEX event_by_state ON event (state, place)
"""


@dataclass(frozen=True, slots=True)
class Said:
    """An event that was said, and what became of it as far as is known here.

    `place` is its place in the order of speaking; `text` the event as it is sent.
    `receipt` is intake's when it is accepted, `problem` why it is refused.
    """

    place: int
    subject: str
    source: str
    id: str
    text: bytes
    state: State = "waiting"
    receipt: dict[str, Any] | None = None
    problem: Problem | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        return (self.subject, self.source, self.id)

    @property
    def type(self) -> str:
        return str(json.loads(self.text)["type"])

    @property
    def time(self) -> datetime:
        return datetime.fromisoformat(json.loads(self.text)["time"])


class OutboxFile:
    """What was said, in its order, with what intake answered."""

    def __init__(self, path: Path) -> None:
        """Opens the file or makes it. Raises `WrongFile` or OSError."""
        self.file = DurableFile(path, kind=KIND, schema=SCHEMA, synchronous="FULL")

    def close(self) -> None:
        self.file.close()

    def add(self, subject: str, source: str, id: str, text: bytes) -> Said | None:
        """Keep an event; None where its identity is there already."""
        try:
            with self.file.transaction() as conn:
                place = conn.execute(
                    "INSERT INTO event (subject, source, id, text) VALUES (?, ?, ?, ?)",
                    (subject, source, id, text),
                ).lastrowid
        except sqlite3.IntegrityError:
            return None
        return Said(place or 0, subject, source, id, text)

    def find(self, subject: str, source: str, id: str) -> Said | None:
        found = self.select(
            "subject = ? AND source = ? AND id = ?", subject, source, id
        )
        return found[0] if found else None

    def waiting(self, after: int, upto: int, most: int) -> list[Said]:
        """What is to be sent, in the order it was said."""
        return self.select(
            "state = 'waiting' AND place > ? AND place <= ? ORDER BY place LIMIT ?",
            after,
            upto,
            most,
        )

    def in_state(self, state: State, most: int) -> list[Said]:
        """The newest of that state, in the order they were said."""
        found = self.select("state = ? ORDER BY place DESC LIMIT ?", state, most)
        return found[::-1]

    def count(self, state: State, upto: int | None = None) -> int:
        last = self.last() if upto is None else upto
        (row,) = self.file.rows(
            "SELECT count(*) FROM event WHERE state = ? AND place <= ?", state, last
        )
        return int(row[0])

    def last(self) -> int:
        """The place of what was said last; 0 where nothing was."""
        (row,) = self.file.rows("SELECT coalesce(max(place), 0) FROM event")
        return int(row[0])

    def accept(self, events: Sequence[Said], receipts: Sequence[dict[str, Any]]) -> int:
        """Note intake's receipts; how many of them were still waited for."""
        return self.settle(
            "accepted",
            [
                (json.dumps(receipt), each.place)
                for each, receipt in zip(events, receipts, strict=True)
            ],
        )

    def refuse(self, event: Said, problem: Problem) -> int:
        return self.settle("refused", [(json.dumps(asdict(problem)), event.place)])

    def settle(self, state: State, answers: Sequence[tuple[str, int]]) -> int:
        with self.file.transaction() as conn:
            return conn.executemany(
                f"UPDATE event SET state = '{state}', answer = ? "
                "WHERE place = ? AND state = 'waiting'",
                answers,
            ).rowcount

    def wait_again(self, places: Sequence[int]) -> int:
        """Let refused events wait once more, each in its old place."""
        with self.file.transaction() as conn:
            return conn.executemany(
                "UPDATE event SET state = 'waiting', answer = NULL "
                "WHERE place = ? AND state = 'refused'",
                [(place,) for place in places],
            ).rowcount

    def select(self, condition: str, *values: object) -> list[Said]:
        rows = self.file.rows(f"SELECT * FROM event WHERE {condition}", *values)
        return [said(row) for row in rows]


def said(row: sqlite3.Row) -> Said:
    answer: Any = None if row["answer"] is None else json.loads(row["answer"])
    return Said(
        row["place"],
        row["subject"],
        row["source"],
        row["id"],
        row["text"],
        row["state"],
        receipt=answer if row["state"] == "accepted" else None,
        problem=problem(answer) if row["state"] == "refused" else None,
    )


def problem(answer: dict[str, Any]) -> Problem:
    faults = tuple(Fault(**each) for each in answer.pop("faults"))
    return Problem(**answer, faults=faults)
