"""Checks an archive's files: hashes, every record anew, every offset accounted for.

Of a partition all identities are in memory, of its records one.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import orjson

from schemas.admission import admit
from schemas.fact import Fact, Refusal
from services.registry.telling import Telling

from .layout import (
    MANIFEST,
    STRETCH,
    UNFINISHED,
    File,
    Manifest,
    Partition,
    hash_of,
    read_manifest,
)
from .left_out import EXPLAINED
from .lines import Broken, Line, lines_in

# so many are told one by one, the rest are counted
MOST = 200


@dataclass
class Faults:
    """What is wrong, a sentence each."""

    told: list[str] = field(default_factory=list)
    count: int = 0

    def add(self, where: str, what: str) -> None:
        self.count += 1
        if len(self.told) < MOST:
            self.told.append(f"{where}: {what}")


@dataclass(frozen=True, slots=True)
class Checked:
    """The manifest, and what is wrong with what it tells of."""

    manifest: Manifest
    faults: Faults


def check(folder: Path, telling: Telling) -> Checked:
    """Check everything that can be checked without a database.

    Raises `Unreadable` where there is no manifest.
    """
    manifest, faults = read_manifest(folder), Faults()
    if not manifest.complete:
        faults.add(MANIFEST, "the export did not come to its end; export again")
    for path in unknown_files(folder, manifest):
        faults.add(path, "is not in the manifest")
    telling.step("checks every record", manifest.records)
    done = 0
    for each in manifest.partitions:
        for told in Partitioned(folder, each, faults).check():
            telling.done(done + told)
        done += each.records
    return Checked(manifest, faults)


def unknown_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    known = {MANIFEST, *(file.path for file in manifest.files)}
    for path in sorted(folder.rglob("*")):
        below = path.relative_to(folder).as_posix()
        # what was begun and never had its name is no part of the archive
        if path.is_file() and below not in known and not below.endswith(UNFINISHED):
            yield below


@dataclass
class Partitioned:
    """The check of one partition: its files in order, and that no offset is amiss."""

    folder: Path
    partition: Partition
    faults: Faults
    there: bytearray = field(default_factory=bytearray)
    marks: set[bytes] = field(default_factory=set)

    @property
    def where(self) -> str:
        return f"{self.partition.topic}/{self.partition.partition}"

    def check(self) -> Iterator[int]:
        """Yields from time to time how many records it has checked."""
        self.there = bytearray(self.partition.next)
        done = 0
        for stretch in sorted(self.partition.files):
            file = self.partition.files[stretch]
            if self.is_as_written(file):
                self.check_records(file, stretch)
            done += file.records
            yield done
        self.account_for_the_rest()

    def is_as_written(self, file: File) -> bool:
        """Its bytes are those that were exported; where not, its lines tell more."""
        path = self.folder / file.path
        if not path.is_file():
            self.faults.add(file.path, "is missing")
            return False
        if hash_of(path) != file.sha256:
            self.faults.add(file.path, "has other bytes than those that were exported")
        return True

    def check_records(self, file: File, stretch: int) -> None:
        before, count = stretch * STRETCH - 1, 0
        try:
            for line in lines_in(self.folder / file.path):
                count += 1
                self.check_record(file, line)
                if not before < line.position < (stretch + 1) * STRETCH:
                    self.faults.add(at(file, line), "is not at its place in the file")
                before = line.position
        except (Broken, OSError) as error:
            self.faults.add(file.path, str(error))
        if count != file.records:
            told = f"{count} records, the manifest tells of {file.records}"
            self.faults.add(file.path, told)

    def check_record(self, file: File, line: Line) -> None:
        """The bytes are those that were archived, and still the fact that they were."""
        if line.position >= self.partition.next:
            self.faults.add(at(file, line), "lies beyond the checkpoint")
        else:
            self.there[line.position] = 1
        if sha256(line.value).hexdigest() != line.sha256:
            self.faults.add(at(file, line), "has other bytes than those archived")
        key = line.subject.encode()
        verdict = admit(line.value, (), self.partition.topic, key)
        if not isinstance(verdict, Fact):
            self.faults.add(at(file, line), f"is no fact: {reason_of(verdict)}")
        elif verdict.mark != line.mark:
            self.faults.add(at(file, line), "is another fact than its line says")
        elif verdict.mark in self.marks:
            self.faults.add(at(file, line), "was said before; a fact stands once")
        else:
            self.marks.add(verdict.mark)

    def account_for_the_rest(self) -> None:
        """Every offset that was taken in is a record, or it is said why not."""
        left_out = self.partition.left_out
        if left_out is None:
            missing = self.partition.next - sum(self.there)
            if missing:
                told = f"nobody has asked why {missing} offsets are left out"
                self.faults.add(self.where, told)
            return
        if self.is_as_written(left_out):
            self.note_left_out(left_out)
        for first, last in gaps(self.there):
            self.faults.add(f"{self.where}@{first}", f"nothing up to {last}, nor why")

    def note_left_out(self, file: File) -> None:
        for text in (self.folder / file.path).read_bytes().splitlines():
            try:
                said = orjson.loads(text)
                position, why = int(said["position"]), str(said["why"])
            except (ValueError, KeyError, TypeError):
                self.faults.add(file.path, "holds a line that says nothing")
                continue
            if not 0 <= position < len(self.there) or self.there[position]:
                told = "is said to be left out, and is not"
                self.faults.add(f"{self.where}@{position}", told)
                continue
            self.there[position] = 1
            if why not in EXPLAINED:
                self.faults.add(f"{self.where}@{position}", UNEXPLAINED.get(why, why))


UNEXPLAINED = {
    "lost": "a fact that was taken in, and is neither archived nor parked",
    "newer": "only newer code can read it, and yet it was passed by",
    "gone": "Kafka has nothing there any more, so nobody knows what it was",
}


def reason_of(verdict: object) -> str:
    if isinstance(verdict, Refusal):
        return verdict.reason
    return "newer code has written it"


def at(file: File, line: Line) -> str:
    return f"{file.path}@{line.position}"


def gaps(there: bytearray) -> Iterator[tuple[int, int]]:
    """First and last of each run of offsets that are not there."""
    first = there.find(0)
    while first >= 0:
        after = there.find(1, first)
        end = len(there) if after < 0 else after
        yield first, end - 1
        first = there.find(0, end)
