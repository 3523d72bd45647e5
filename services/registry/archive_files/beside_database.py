"""Compares an archive's files with the archive itself, a record beside a record."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import asyncpg

from services.kit.checkpoint import Place
from services.kit.db import Connection
from services.registry.telling import Telling

from .checking import Checked, Faults
from .exporting import rows_of
from .layout import ARCHIVED, Manifest
from .lines import Broken, lines_in

# the bytes themselves need not be sorted: their hash tells as much
RECORDS = f"""
SELECT topic, topic_id, partition, position, appended, subject, mark,
       encode(sha256(value), 'hex') AS sha256
  FROM {ARCHIVED} AS a
 ORDER BY topic COLLATE "C", topic_id COLLATE "C", partition, position
"""
Key = tuple[Place, int]
STEP = 1_000


@dataclass(frozen=True, slots=True)
class Said:
    """What both must tell alike of the record at an offset."""

    appended: datetime
    subject: str
    mark: bytes
    sha256: str


async def compare(
    conn: Connection, folder: Path, checked: Checked, telling: Telling
) -> None:
    """Add to the faults what one has and the other has not, or has otherwise.

    What was taken in after the export is no fault. The caller holds a snapshot.
    """
    manifest, faults = checked.manifest, checked.faults
    telling.step("compares with the database", manifest.records)
    ends = {each.place: each.next for each in manifest.partitions}
    files = in_files(folder, manifest, faults)
    mine, done = next(files, None), 0
    async for key, said in in_database(conn, ends):
        while mine is not None and mine[0] < key:
            faults.add(where(mine[0]), "is in the files, and not in the database")
            mine = next(files, None)
        if mine is None or mine[0] != key:
            faults.add(where(key), "is in the database, and not in the files")
            continue
        if mine[1] != said:
            faults.add(where(key), f"differs from the database: {names(mine[1], said)}")
        mine = next(files, None)
        done += 1
        if done % STEP == 0:
            telling.done(done)
    while mine is not None:
        faults.add(where(mine[0]), "is in the files, and not in the database")
        mine = next(files, None)


def in_files(
    folder: Path, manifest: Manifest, faults: Faults
) -> Iterator[tuple[Key, Said]]:
    for each in manifest.partitions:
        for stretch in sorted(each.files):
            path = each.files[stretch].path
            try:
                for line in lines_in(folder / path):
                    said = Said(line.appended, line.subject, line.mark, line.sha256)
                    yield (each.place, line.position), said
            except (Broken, OSError):
                # the check has told of it
                faults.add(path, "can be compared only in part")


async def in_database(
    conn: Connection, ends: dict[Place, int]
) -> AsyncIterator[tuple[Key, Said]]:
    """Records of the archive as far as they had been taken in at the export."""
    async for row in rows_of(conn, RECORDS):
        key = (Place(*row[:3]), row["position"])
        if key[1] < ends.get(key[0], 0):
            yield key, said_in(row)


def said_in(row: asyncpg.Record) -> Said:
    return Said(row["appended"], row["subject"], row["mark"], row["sha256"])


def names(mine: Said, theirs: Said) -> str:
    """Of what they tell differently."""
    differ = (
        name
        for name in ("appended", "subject", "mark", "sha256")
        if getattr(mine, name) != getattr(theirs, name)
    )
    return ", ".join(differ)


def where(key: Key) -> str:
    place, position = key
    return f"{place.topic}/{place.partition}@{position}"
