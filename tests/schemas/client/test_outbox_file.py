"""The files of the client: on disk when the call returns, recognised, shared."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from schemas.client import CursorFile, OutboxFile, WrongFile

from .conftest import ONE, SOURCE, Make, say


def test_what_is_said_is_in_the_file_when_the_call_returns(
    make: Make, tmp_path: Path
) -> None:
    said = say(make())

    with sqlite3.connect(tmp_path / "ut.db") as other:
        rows = other.execute("SELECT id, text, state FROM event").fetchall()
    other.close()

    assert rows == [(said.id, said.text, "waiting")]


def test_every_commit_of_the_outbox_goes_to_the_disk(tmp_path: Path) -> None:
    outbox = OutboxFile(tmp_path / "ut.db")

    ((synchronous,),) = outbox.file.rows("PRAGMA synchronous")
    ((journal,),) = outbox.file.rows("PRAGMA journal_mode")
    outbox.close()

    # 2 is FULL: with a write-ahead log each commit is synced
    assert (synchronous, journal) == (2, "wal")


def test_an_identity_is_kept_once(tmp_path: Path) -> None:
    outbox = OutboxFile(tmp_path / "ut.db")
    first = outbox.add(ONE, SOURCE, "1", b"{}")
    again = outbox.add(ONE, SOURCE, "1", b"{}")
    outbox.close()

    assert first is not None
    assert again is None


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    letter, other, cursor = (tmp_path / name for name in ("brev", "annet", "cursor"))
    letter.write_text("Kjære departement, " * 100)
    database = sqlite3.connect(other)
    database.execute("CREATE TABLE theirs (x)")
    database.close()
    CursorFile(cursor).close()
    before = {path: path.read_bytes() for path in (letter, other, cursor)}

    for path in before:
        with pytest.raises(WrongFile, match=path.name):
            OutboxFile(path)

    assert {path: path.read_bytes() for path in before} == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="borte is no folder"):
        OutboxFile(tmp_path / "borte" / "ut.db")


def test_many_may_open_a_new_file_at_once(tmp_path: Path) -> None:
    def open_and_say(n: int) -> None:
        outbox = OutboxFile(tmp_path / "ut.db")
        for m in range(5):
            assert outbox.add(ONE, SOURCE, f"{n}-{m}", b"{}")
        outbox.close()

    with ThreadPoolExecutor(8) as together:
        list(together.map(open_and_say, range(8)))

    outbox = OutboxFile(tmp_path / "ut.db")
    assert outbox.count("waiting") == 40
    outbox.close()


def test_an_answer_settles_only_what_waits(make: Make) -> None:
    emitter = make()
    said = say(emitter)

    assert emitter.outbox.accept([said], [{"receipt": "første"}]) == 1
    assert emitter.outbox.accept([said], [{"receipt": "andre"}]) == 0
    (kept,) = emitter.accepted()
    assert kept.receipt == {"receipt": "første"}
