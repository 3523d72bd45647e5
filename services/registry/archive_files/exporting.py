"""Writes the archive to files, as it was at one moment of the database.

What is there already is not written again: the archive only grows, so a stretch of
offsets that has as many records as before has the same.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

import asyncpg

from services.kit.checkpoint import Place
from services.kit.db import Connection
from services.registry.telling import Telling

from .layout import (
    ARCHIVED,
    STRETCH,
    File,
    Manifest,
    Unreadable,
    path_of,
    read_manifest,
    write_manifest,
    write_whole,
)
from .lines import line_of

AT_ONCE = 500
# seconds between two manifests, while files are written
EVERY = 2.0
CHECKPOINTS = """
SELECT topic, topic_id, partition, next FROM checkpoint WHERE group_id = $1
"""
STRETCHES = f"""
SELECT topic, topic_id, partition, (position / {STRETCH})::integer AS stretch,
       count(*) AS records
  FROM {ARCHIVED} AS a GROUP BY 1, 2, 3, 4
"""
RECORDS = f"""
SELECT a.topic, a.topic_id, a.partition, (a.position / {STRETCH})::integer AS stretch,
       a.position, a.appended, a.subject, a.mark, a.value
  FROM {ARCHIVED} AS a
  JOIN unnest($1::text[], $2::text[], $3::integer[], $4::integer[])
       AS w (topic, topic_id, partition, stretch)
    ON (a.topic, a.topic_id, a.partition, (a.position / {STRETCH})::integer)
       = (w.topic, w.topic_id, w.partition, w.stretch)
 ORDER BY a.topic COLLATE "C", a.topic_id COLLATE "C", a.partition, a.position
"""
Stretch = tuple[Place, int]


@dataclass(frozen=True, slots=True)
class Exported:
    """How many files were written, and how many were there already."""

    manifest: Manifest
    written: int
    kept: int


async def export(
    conn: Connection, group: str, folder: Path, telling: Telling
) -> Exported:
    """Write what is not there yet. The caller holds a snapshot.

    Raises OSError where the folder takes no file, and what Postgres raises.
    """
    telling.step("looks through the archive")
    manifest = begun(folder)
    for row in await conn.fetch(CHECKPOINTS, group):
        manifest.at(Place(*row[:3])).next = row["next"]
    due = {
        (Place(*row[:3]), row["stretch"]): row["records"]
        for row in await conn.fetch(STRETCHES)
    }
    wanted = [
        at for at, records in due.items() if not is_there(folder, manifest, at, records)
    ]
    telling.step("writes files", sum(due[each] for each in wanted))
    manifest.complete = False
    write_manifest(folder, manifest)
    await write_stretches(conn, folder, manifest, wanted, telling)
    manifest.complete = True
    write_manifest(folder, manifest)
    return Exported(manifest, len(wanted), len(due) - len(wanted))


def begun(folder: Path) -> Manifest:
    """What an earlier export has left; nothing where there was none.

    Raises `Unreadable` where the folder holds something else.
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        return read_manifest(folder)
    except Unreadable:
        if any(folder.iterdir()):
            raise
        return Manifest()


def is_there(folder: Path, manifest: Manifest, at: Stretch, records: int) -> bool:
    place, stretch = at
    file = manifest.at(place).files.get(stretch)
    if file is None or file.records != records:
        return False
    path = folder / file.path
    return path.is_file() and path.stat().st_size == file.bytes


async def write_stretches(
    conn: Connection,
    folder: Path,
    manifest: Manifest,
    wanted: Sequence[Stretch],
    telling: Telling,
) -> None:
    """A file for each, one after another; the manifest from time to time."""
    told, done = monotonic(), 0
    async for (place, stretch), rows in by_stretch(conn, wanted):
        path = path_of(place, stretch)
        size, digest = write_whole(folder / path, rows)
        file = File(path=path, records=len(rows), bytes=size, sha256=digest)
        manifest.at(place).files[stretch] = file
        done += len(rows)
        telling.done(done)
        if monotonic() - told > EVERY:
            write_manifest(folder, manifest)
            told = monotonic()


async def by_stretch(
    conn: Connection, wanted: Sequence[Stretch]
) -> AsyncIterator[tuple[Stretch, list[bytes]]]:
    """The lines of one stretch after another, in the order of their offsets."""
    lines: list[bytes] = []
    at: Stretch | None = None
    async for row in rows_of(conn, RECORDS, *columns_of(wanted)):
        here = (Place(*row[:3]), row["stretch"])
        if at is not None and here != at:
            yield at, lines
            lines = []
        at = here
        lines.append(line_of(*row[4:]))
    if at is not None:
        yield at, lines


async def rows_of(
    conn: Connection, query: str, *arguments: object
) -> AsyncIterator[asyncpg.Record]:
    cursor = await conn.cursor(query, *arguments)
    while found := await cursor.fetch(AT_ONCE):
        for row in found:
            yield row


def columns_of(wanted: Sequence[Stretch]) -> tuple[list[object], ...]:
    return (
        [place.topic for place, _ in wanted],
        [place.topic_id for place, _ in wanted],
        [place.partition for place, _ in wanted],
        [stretch for _, stretch in wanted],
    )
