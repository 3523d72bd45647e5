"""The archive as files: exact bytes, only what is new, and why what is left out."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import orjson
import pytest

from schemas.topics import STATE
from services.registry.archive_files import exporting, layout
from services.registry.archive_files.layout import MANIFEST, UNFINISHED
from services.registry.archive_files.lines import Line, line_in, line_of, lines_in
from tests.registry.conftest import Desk
from tests.registry.hand import hand, oslo

Output = pytest.CaptureFixture[str]
Command = Callable[..., Awaitable[int]]


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def all_lines(folder: Path) -> list[Line]:
    return [line for path in folder.rglob("*.jsonl") for line in lines_in(path)]


async def archived(desk: Desk) -> set[tuple[object, ...]]:
    rows = await desk.fetch("SELECT position, appended, mark, value FROM archive")
    return {tuple(row) for row in rows}


async def test_files_hold_the_exact_bytes_with_coordinates_and_times(
    told: Desk, command: Command, tmp_path: Path
) -> None:
    assert await command("export-archive", str(tmp_path), "--without-kafka") == 0

    lines = all_lines(tmp_path)
    found = {(e.position, e.appended, e.mark, e.value) for e in lines}
    assert found == await archived(told)
    manifest = layout.read_manifest(tmp_path)
    assert manifest.complete
    assert manifest.records == len(lines)
    checkpoints = await told.fetch("SELECT topic, partition, next FROM checkpoint")
    assert {(e.topic, e.partition, e.next) for e in manifest.partitions} == {
        tuple(row) for row in checkpoints
    }
    assert max(each.records for each in manifest.files) <= 4
    assert len(list(manifest.files)) > 6


async def test_given_again_it_writes_nothing_and_later_only_what_is_new(
    told: Desk, command: Command, tmp_path: Path, capsys: Output
) -> None:
    export = ("export-archive", str(tmp_path), "--without-kafka")
    await command(*export)
    before = files_in(tmp_path)
    capsys.readouterr()

    await command(*export)
    again, output = files_in(tmp_path), capsys.readouterr().out
    story = hand(local="ny")
    story.registered("2026-05-05T09:00:00")
    await told.tell(*story.told)
    await command(*export)
    later = files_in(tmp_path)

    assert again == before
    assert "0 files written" in output
    changed = {path for path in later if later[path] != before.get(path)}
    assert len(changed) == 2
    assert MANIFEST in changed


@pytest.mark.usefixtures("told")
async def test_one_that_is_broken_off_is_gone_on_with(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = tmp_path / "whole"
    await command("export-archive", str(whole), "--without-kafka")
    broken = tmp_path / "broken"
    write, left = layout.write_whole, iter(range(3))

    def full(path: Path, pieces: list[bytes]) -> tuple[int, str]:
        if next(left, None) is None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.with_name(path.name + UNFINISHED).write_bytes(pieces[0][:20])
            raise OSError(28, "No space left on device")
        return write(path, pieces)

    monkeypatch.setattr(exporting, "EVERY", 0.0)
    monkeypatch.setattr(exporting, "write_whole", full)
    assert await command("export-archive", str(broken), "--without-kafka") == 1
    assert not layout.read_manifest(broken).complete
    written = files_in(broken)
    assert await command("check-archive", str(broken)) == 3

    monkeypatch.setattr(exporting, "write_whole", write)
    assert await command("export-archive", str(broken), "--without-kafka") == 0
    assert files_in(broken) == files_in(whole)
    assert len(written) == 3 + 1 + 1


async def test_a_fact_that_was_parked_comes_into_its_own_file_afterwards(
    told: Desk, command: Command, tmp_path: Path
) -> None:
    """Its offset lies far back: that file is written anew, and no other."""
    await told.pool.execute("CREATE TABLE kept AS SELECT * FROM archive LIMIT 0")
    take = (
        "WITH gone AS (DELETE FROM {} {} RETURNING *) INSERT INTO {} SELECT * FROM gone"
    )
    first = f"WHERE position = 0 AND topic = '{STATE.name}'"
    await told.pool.execute(take.format("archive", first, "kept"))
    export = ("export-archive", str(tmp_path), "--without-kafka")
    await command(*export)
    before = files_in(tmp_path)
    await told.pool.execute(take.format("kept", "", "archive"))
    await told.pool.execute("DROP TABLE kept")

    await command(*export)

    after = files_in(tmp_path)
    changed = {p for p in after if after[p] != before.get(p)} - {MANIFEST}
    assert changed
    assert all(path.endswith(f"{0:020d}.jsonl") for path in changed)
    assert await command("check-archive", str(tmp_path), "--with-database") == 0


@pytest.mark.usefixtures("told")
async def test_a_folder_with_something_else_in_it_is_left_alone(
    command: Command, tmp_path: Path, capsys: Output
) -> None:
    (tmp_path / "brev.txt").write_text("kjære deg")

    assert await command("export-archive", str(tmp_path), "--without-kafka") == 1
    assert "holds no manifest.json" in capsys.readouterr().err
    assert set(files_in(tmp_path)) == {"brev.txt"}


async def test_what_was_said_in_the_arena_is_archived_too(
    told: Desk, command: Command, tmp_path: Path
) -> None:
    await told.pool.execute(
        "INSERT INTO arena_fact (mark, subject, topic, topic_id, partition, position,"
        " appended, value) SELECT mark, subject, topic, topic_id, partition, position,"
        " appended, value FROM archive"
        " WHERE position > 4"
    )
    await told.pool.execute("DELETE FROM archive WHERE position > 4")
    try:
        await command("export-archive", str(tmp_path), "--without-kafka")

        assert len(all_lines(tmp_path)) == 25
        assert await command("check-archive", str(tmp_path), "--with-database") == 0
    finally:
        await told.pool.execute("TRUNCATE arena_fact")


@pytest.mark.parametrize(
    "value", [b'{"a": "\\u0000 \xc3\xb8\xe2\x80\xa8"}', b"\n\r\n", b"\xff\xfe", b""]
)
def test_a_line_is_one_line_and_gives_back_every_byte(value: bytes) -> None:
    text = line_of(3, oslo("2026-01-05T09:00:00"), "s", b"m", value)

    assert text.count(b"\n") == 1
    assert line_in(text).value == value
    assert orjson.loads(text)["position"] == 3
