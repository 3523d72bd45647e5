"""Runs a service's migrations: plain SQL in dbmate's file format, forward only.

Each file once, in order of its name, in a transaction of its own, under an advisory
lock. A file that was changed after it ran is refused.
"""

from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from .db import connect

HERE = Path(__file__).parent / "sql"
OUTBOX = HERE / "outbox"
INBOX = HERE / "inbox"
UP = "-- migrate:up\n"
DOWN = "-- migrate:down"
LOCK = "SELECT pg_advisory_lock(hashtextextended($1, 0))"
TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version varchar(128) PRIMARY KEY,
    sha256  bytea NOT NULL
)
"""
APPLIED = "SELECT version, sha256 FROM schema_migrations"
APPLY = "INSERT INTO schema_migrations (version, sha256) VALUES ($1, $2)"


class Changed(Exception):
    """A migration that has run was edited afterwards."""

    def __init__(self, path: Path) -> None:
        super().__init__(
            f"{path.name} was changed after it had run; restore it and add a new file"
        )


async def migrate(url: str, schema: str, folders: Iterable[Path]) -> list[str]:
    """Apply what has not been applied; names of the files that were.

    Raises `Changed`, and what Postgres raises: a file that fails leaves no trace.
    """
    conn = await connect(url, schema)
    try:
        await conn.execute(LOCK, f"tidlig migrations {schema}")
        await conn.execute(TABLE)
        applied = {row["version"]: row["sha256"] for row in await conn.fetch(APPLIED)}
        new = [path for path in files_in(folders) if is_new(path, applied)]
        for path in new:
            async with conn.transaction():
                await conn.execute("SET LOCAL lock_timeout = '5s'")
                await conn.execute(statements_in(path))
                await conn.execute(APPLY, version_of(path), digest_of(path))
        return [path.stem for path in new]
    finally:
        await conn.close()


def files_in(folders: Iterable[Path]) -> list[Path]:
    """Every file, those of an earlier folder first."""
    return [path for folder in folders for path in sorted(folder.glob("*.sql"))]


def is_new(path: Path, applied: dict[str, bytes]) -> bool:
    known = applied.get(version_of(path))
    if known is not None and known != digest_of(path):
        raise Changed(path)
    return known is None


def version_of(path: Path) -> str:
    """dbmate's version: the digits that the name begins with."""
    return path.name.partition("_")[0]


def statements_in(path: Path) -> str:
    text = path.read_text("utf-8")
    if not text.startswith(UP):
        raise ValueError(f"{path.name} does not begin with a line `{UP.strip()}`")
    if DOWN in text:
        raise ValueError(f"{path.name} goes back: migrations only go forward")
    return text.removeprefix(UP)


def digest_of(path: Path) -> bytes:
    return sha256(path.read_bytes()).digest()
