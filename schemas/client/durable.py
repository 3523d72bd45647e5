"""The client's own files: SQLite, made once, recognised again."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from time import monotonic, sleep
from typing import Literal

from .errors import WrongFile

# how long another process may hold the file
BUSY_SECONDS = 30.0
# between two attempts where SQLite itself does not wait
TURN_SECONDS = 0.02


class DurableFile:
    """A SQLite file that several threads and processes may use at once.

    `kind` is written into the file, so that an outbox is not taken for a cursor.
    """

    def __init__(
        self,
        path: Path,
        *,
        kind: int,
        schema: str,
        synchronous: Literal["FULL", "NORMAL"],
    ) -> None:
        """Raises `WrongFile`, or OSError where the folder is not there."""
        self.path = path
        self.lock = RLock()
        if not path.parent.is_dir():
            raise FileNotFoundError(f"{path.parent} is no folder; make it first")
        self.conn = sqlite3.connect(
            path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self.conn.execute(f"PRAGMA synchronous = {synchronous}")
            self.prepare(kind, schema)
        except sqlite3.DatabaseError as error:
            self.conn.close()
            if isinstance(error, sqlite3.OperationalError):
                raise
            raise WrongFile(f"{path} is no file of this client: {error}") from None
        except WrongFile:
            self.conn.close()
            raise

    def prepare(self, kind: int, schema: str) -> None:
        """Make the tables in a new file; recognise one that was made before."""
        with self.transaction() as conn:
            (found,) = conn.execute("PRAGMA application_id").fetchone()
            (tables,) = conn.execute("SELECT count(*) FROM sqlite_schema").fetchone()
            if found == 0 and tables == 0:
                for statement in schema.split(";"):
                    conn.execute(statement)
                conn.execute(f"PRAGMA application_id = {kind}")
            elif found != kind:
                raise WrongFile(f"{self.path} is another kind of file; name a new one")
        self.keep_a_log()

    def keep_a_log(self) -> None:
        """Turn to WAL: readers wait for no writer, a commit is one write and one fsync.

        SQLite does not wait here for others that have the file, so this does.
        """
        give_up = monotonic() + BUSY_SECONDS
        while True:
            try:
                self.conn.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                late = monotonic() > give_up
                if late or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                sleep(TURN_SECONDS)
            else:
                return

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written within, or nothing; on disk when it ends."""
        with self.lock:
            self.conn.execute("BEGIN IMMEDIATE")
            try:
                yield self.conn
                self.conn.execute("COMMIT")
            except BaseException:
                if self.conn.in_transaction:
                    self.conn.execute("ROLLBACK")
                raise

    def rows(self, query: str, *values: object) -> list[sqlite3.Row]:
        with self.lock:
            cursor = self.conn.execute(query, values)
            cursor.row_factory = sqlite3.Row
            return cursor.fetchall()

    def close(self) -> None:
        with self.lock:
            self.conn.close()
