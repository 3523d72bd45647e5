"""The check of an archive's files says exactly what is wrong with them."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.registry.archive_files.layout import (
    MANIFEST,
    Manifest,
    read_manifest,
    write_manifest,
)
from tests.registry.conftest import Desk

Output = pytest.CaptureFixture[str]
Command = Callable[..., Awaitable[int]]


@pytest.fixture
async def exported(told: Desk, command: Command, tmp_path: Path) -> Path:
    assert await told.fetch("SELECT FROM archive LIMIT 1")
    assert await command("export-archive", str(tmp_path), "--without-kafka") == 0
    return tmp_path


def a_file(folder: Path) -> Path:
    """One with several records."""
    found = max(read_manifest(folder).files, key=lambda each: each.records)
    return folder / found.path


def with_line(path: Path, number: int, **change: Any) -> None:
    """Another word in a line; None takes it away."""
    lines = path.read_bytes().splitlines(keepends=True)
    said = orjson.loads(lines[number]) | change
    kept = {name: value for name, value in said.items() if value is not None}
    lines[number] = orjson.dumps(kept) + b"\n"
    path.write_bytes(b"".join(lines))


def last_byte(folder: Path) -> None:
    path = a_file(folder)
    path.write_bytes(path.read_bytes()[:-1])


def other_data(folder: Path) -> None:
    """Somebody has written a value anew, and its hash too."""
    path = a_file(folder)
    said = orjson.loads(path.read_bytes().splitlines()[0])
    value = said["value"].replace('"data":{', '"data":{ ')
    with_line(path, 0, value=value, sha256=sha256(value.encode()).hexdigest())


def in_manifest(change: Callable[[Manifest], None]) -> Callable[[Path], None]:
    def spoil(folder: Path) -> None:
        manifest = read_manifest(folder)
        change(manifest)
        write_manifest(folder, manifest)

    return spoil


def one_more(manifest: Manifest) -> None:
    manifest.partitions[0].next += 2


def twice(folder: Path) -> None:
    path = a_file(folder)
    first, second, *rest = path.read_bytes().splitlines(keepends=True)
    again = orjson.loads(first) | {"position": orjson.loads(second)["position"]}
    path.write_bytes(b"".join([first, orjson.dumps(again) + b"\n", *rest]))


def one_file_more(folder: Path) -> None:
    (folder / "mer.jsonl").write_text("x")


SPOILED: dict[str, tuple[Callable[[Path], None], tuple[str, ...]]] = {
    "a byte": (
        last_byte,
        ("has other bytes than those that were exported",),
    ),
    "a record's bytes": (
        lambda folder: with_line(a_file(folder), 0, value="{}"),
        ("other bytes than those archived", "is no fact"),
    ),
    "a record's data": (other_data, ("is no fact: datahash",)),
    "an identity": (
        lambda folder: with_line(a_file(folder), 0, mark="00" * 24),
        ("is another fact than its line says",),
    ),
    "an initiative": (
        lambda folder: with_line(a_file(folder), 0, subject="889640782:x"),
        ("is no fact: ",),
    ),
    "an offset": (
        lambda folder: with_line(a_file(folder), 1, position=3_999),
        ("is not at its place in the file", "lies beyond the checkpoint"),
    ),
    "a line": (
        lambda folder: with_line(a_file(folder), 1, value=None),
        ("line 2 is no record", "records, the manifest tells of"),
    ),
    "a fact twice": (twice, ("was said before; a fact stands once",)),
    "a file": (lambda folder: a_file(folder).unlink(), ("is missing",)),
    "one file more": (
        one_file_more,
        ("mer.jsonl: is not in the manifest",),
    ),
    "an offset nobody knows of": (
        in_manifest(one_more),
        ("nobody has asked why 2 offsets are left out",),
    ),
}


async def test_what_is_as_it_was_exported_has_no_fault(
    exported: Path, command: Command, capsys: Output
) -> None:
    capsys.readouterr()

    status = await command("check-archive", str(exported), "--with-database")

    shown = capsys.readouterr()
    assert status == 0
    assert shown.out == "25 records: every one as it was archived, none is missing\n"
    assert "checks every record: 25 facts" in shown.err


@pytest.mark.parametrize("spoiled", SPOILED)
async def test_what_is_wrong_is_said(
    exported: Path, command: Command, capsys: Output, spoiled: str
) -> None:
    spoil, expected = SPOILED[spoiled]
    spoil(exported)
    capsys.readouterr()

    status = await command("check-archive", str(exported))

    shown = capsys.readouterr().out
    assert status == 3
    assert [each for each in expected if each not in shown] == []


ONE = "WHERE mark = (SELECT min(mark) FROM archive)"
DIFFERS = {
    "gone from the database": (
        f"DELETE FROM archive {ONE}",
        "is in the files, and not in the database",
    ),
    "another time": (
        f"UPDATE archive SET appended = appended + interval '1 ms' {ONE}",
        "differs from the database: appended",
    ),
    "other bytes": (
        f"UPDATE archive SET value = value || ' ' {ONE}",
        "differs from the database: sha256",
    ),
    "another offset": (
        f"UPDATE archive SET topic_id = 'another' {ONE}",
        "is in the files, and not in the database",
    ),
}


@pytest.mark.parametrize("differs", DIFFERS)
async def test_what_the_database_has_otherwise_is_said(
    told: Desk, exported: Path, command: Command, capsys: Output, differs: str
) -> None:
    change, expected = DIFFERS[differs]
    await told.pool.execute(change)
    capsys.readouterr()

    alone = await command("check-archive", str(exported))
    beside = await command("check-archive", str(exported), "--with-database")

    assert (alone, beside) == (0, 3)
    assert expected in capsys.readouterr().out


async def test_what_only_the_database_has_is_said(
    exported: Path, command: Command, capsys: Output
) -> None:
    """A record that the files lack, below the checkpoint at which they were made."""
    path = a_file(exported)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[1:]))
    capsys.readouterr()

    assert await command("check-archive", str(exported), "--with-database") == 3
    assert "is in the database, and not in the files" in capsys.readouterr().out


async def test_without_a_manifest_there_is_nothing_to_check(
    command: Command, tmp_path: Path, capsys: Output
) -> None:
    assert await command("check-archive", str(tmp_path)) == 1
    assert "export to it first" in capsys.readouterr().err

    (tmp_path / MANIFEST).write_text("{}{")
    assert await command("check-archive", str(tmp_path)) == 1
    assert "cannot be read as a manifest" in capsys.readouterr().err
