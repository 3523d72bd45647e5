"""Where a follower stands: its cursor, and the identities of what it has handled."""

from pathlib import Path

from .durable import DurableFile

KIND = 0x74646C63
SCHEMA = """
CREATE TABLE position (only INTEGER PRIMARY KEY CHECK (only = 1), cursor TEXT);
INSERT INTO position VALUES (1, NULL);
CREATE TABLE handled (mark BLOB PRIMARY KEY) WITHOUT ROWID
"""


class CursorFile:
    """A cursor that is kept once its page is handled, and a mark for each event."""

    def __init__(self, path: Path) -> None:
        """Opens the file or makes it. Raises `WrongFile` or OSError."""
        # what the machine loses with its power is handled once more, not lost
        self.file = DurableFile(path, kind=KIND, schema=SCHEMA, synchronous="NORMAL")

    def close(self) -> None:
        self.file.close()

    @property
    def cursor(self) -> str | None:
        """None where the feed begins."""
        (row,) = self.file.rows("SELECT cursor FROM position")
        return None if row[0] is None else str(row[0])

    def move(self, cursor: str | None) -> None:
        """Stand after a page; None: where the feed begins."""
        with self.file.transaction() as conn:
            conn.execute("UPDATE position SET cursor = ?", (cursor,))

    def handle(self, mark: bytes) -> None:
        """Remember that an event was handled."""
        with self.file.transaction() as conn:
            conn.execute("INSERT OR IGNORE INTO handled VALUES (?)", (mark,))

    def has_handled(self, mark: bytes) -> bool:
        return bool(self.file.rows("SELECT 1 FROM handled WHERE mark = ?", mark))
