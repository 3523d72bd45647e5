"""How the files of an archive lie in their folder, and what the manifest tells."""

import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, Field, ValidationError

from services.kit.checkpoint import Place

FORMAT = "tidlig-archive-1"
MANIFEST = "manifest.json"
LEFT_OUT = "left-out.jsonl"
# offsets a file may hold: about 3 MB, and never more than 140
STRETCH = 2_000
# SQL of all that is archived: of initiatives, and of the joint arena
ARCHIVED = """
(SELECT topic, topic_id, partition, position, appended, subject, mark, value
   FROM archive
  UNION ALL
 SELECT topic, topic_id, partition, position, appended, subject, mark, value
   FROM arena_fact)"""
UNFINISHED = ".unfinished"
PIECE = 1 << 20


class Unreadable(Exception):
    """There is no archive there, or not one that this code knows."""


class File(BaseModel, frozen=True):
    """A file: where it lies below the folder, what it holds, and its hash."""

    path: str
    records: int
    bytes: int
    sha256: str


class Partition(BaseModel):
    """A partition of a topic: how far it had been taken in, and its files.

    `next` is the first offset that had not been taken in. `left_out` is the file that
    says why an offset below it is in none of the others, when there were `explained`
    offsets and records; None while nobody has asked.
    """

    topic: str
    topic_id: str
    partition: int
    next: int = 0
    records: int = 0
    files: dict[int, File] = Field(default_factory=dict)
    left_out: File | None = None
    explained: tuple[int, int] = (0, 0)

    @property
    def place(self) -> Place:
        return Place(self.topic, self.topic_id, self.partition)


class Manifest(BaseModel):
    """What an archive's folder holds. `complete` once an export came to its end."""

    format: str = FORMAT
    complete: bool = False
    records: int = 0
    partitions: list[Partition] = Field(default_factory=list)

    def at(self, place: Place) -> Partition:
        """Of this partition; a new one where nothing was known of it."""
        for each in self.partitions:
            if each.place == place:
                return each
        new = Partition(
            topic=place.topic, topic_id=place.topic_id, partition=place.partition
        )
        self.partitions.append(new)
        self.partitions.sort(key=lambda each: each.place)
        return new

    @property
    def files(self) -> Iterator[File]:
        for each in self.partitions:
            yield from (each.files[n] for n in sorted(each.files))
            if each.left_out is not None:
                yield each.left_out

    def count(self) -> None:
        for each in self.partitions:
            each.records = sum(file.records for file in each.files.values())
        self.records = sum(each.records for each in self.partitions)


def read_manifest(folder: Path) -> Manifest:
    """Raises `Unreadable`."""
    path = folder / MANIFEST
    try:
        found = Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise Unreadable(f"{folder} holds no {MANIFEST}: export to it first") from None
    except (OSError, ValidationError) as error:
        name = type(error).__name__
        raise Unreadable(f"{path} cannot be read as a manifest ({name})") from error
    if found.format != FORMAT:
        raise Unreadable(f"{path} is of the format {found.format}, not {FORMAT}")
    return found


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """In one step: who reads sees the old one or the new one."""
    manifest.count()
    write_whole(folder / MANIFEST, [manifest.model_dump_json(indent=1).encode()])


def folder_of(place: Place) -> str:
    """Below the archive's folder; a topic made anew has another id, and another one."""
    topic_id = quote(place.topic_id, safe="")
    return f"{place.topic}/{topic_id}/{place.partition:03d}"


def path_of(place: Place, stretch: int) -> str:
    return f"{folder_of(place)}/{stretch * STRETCH:020d}.jsonl"


def write_whole(path: Path, pieces: Iterable[bytes]) -> tuple[int, str]:
    """Write a file, on disk before it has its name; its size and its SHA-256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    begun = path.with_name(path.name + UNFINISHED)
    size, digest = 0, sha256()
    with begun.open("wb") as file:
        for piece in pieces:
            file.write(piece)
            digest.update(piece)
            size += len(piece)
        file.flush()
        os.fsync(file.fileno())
    begun.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return size, digest.hexdigest()


def hash_of(path: Path) -> str:
    """SHA-256 of a file, a piece at a time."""
    digest = sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
