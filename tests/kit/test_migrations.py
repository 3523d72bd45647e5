"""Migrations: each file once, in order, and what was applied stays as it was."""

import asyncio
from pathlib import Path

import asyncpg
import pytest

from services.kit.db import connect
from services.kit.migrations import INBOX, OUTBOX, Changed, files_in, migrate
from tests.stack import fresh_database

FIRST = "-- migrate:up\nCREATE TABLE first (n integer);\n"
SECOND = "-- migrate:up\nINSERT INTO first VALUES (1);\n"


@pytest.fixture
async def url(admin_url: str) -> str:
    return await fresh_database(admin_url, ["kit"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0002_second.sql").write_text(SECOND)
    (tmp_path / "0001_first.sql").write_text(FIRST)
    return tmp_path


async def asked(url: str, query: str) -> object:
    conn = await connect(url, "kit")
    try:
        return await conn.fetchval(query)
    finally:
        await conn.close()


async def test_each_file_is_applied_once_in_the_order_of_its_name(
    url: str, folder: Path
) -> None:
    first = await migrate(url, "kit", [folder])
    again = await migrate(url, "kit", [folder])

    assert first == ["0001_first", "0002_second"]
    assert again == []
    assert await asked(url, "SELECT count(*) FROM first") == 1


async def test_a_file_that_is_added_later_is_applied_then(
    url: str, folder: Path
) -> None:
    await migrate(url, "kit", [folder])
    (folder / "0003_third.sql").write_text(SECOND)

    assert await migrate(url, "kit", [folder]) == ["0003_third"]


async def test_a_file_that_was_changed_after_it_ran_is_refused(
    url: str, folder: Path
) -> None:
    await migrate(url, "kit", [folder])
    (folder / "0001_first.sql").write_text(FIRST + "-- changed\n")
    (folder / "0003_third.sql").write_text(SECOND)

    with pytest.raises(Changed, match=r"0001_first\.sql was changed after it had run"):
        await migrate(url, "kit", [folder])

    assert await asked(url, "SELECT count(*) FROM first") == 1


async def test_a_file_that_fails_leaves_no_trace_and_can_be_mended(
    url: str, folder: Path
) -> None:
    failing = folder / "0003_third.sql"
    failing.write_text(SECOND + "CREATE TABLE first ();\n")
    with pytest.raises(asyncpg.exceptions.DuplicateTableError):
        await migrate(url, "kit", [folder])
    after_failure = await asked(url, "SELECT count(*) FROM first")

    failing.write_text(SECOND)

    assert after_failure == 1
    assert await migrate(url, "kit", [folder]) == ["0003_third"]


async def test_of_many_at_once_one_applies_and_the_others_find_it_done(
    url: str, folder: Path
) -> None:
    done = await asyncio.gather(*(migrate(url, "kit", [folder]) for _ in range(5)))

    assert sorted(map(len, done)) == [0, 0, 0, 0, 2]
    assert await asked(url, "SELECT count(*) FROM first") == 1


@pytest.mark.parametrize(
    "text",
    [
        "CREATE TABLE t ();",
        "-- migrate:up transaction:false\nCREATE TABLE t ();",
        FIRST + "-- migrate:down\nDROP TABLE first;",
    ],
)
async def test_a_file_that_would_do_something_else_is_refused(
    url: str, tmp_path: Path, text: str
) -> None:
    (tmp_path / "0001_odd.sql").write_text(text)

    with pytest.raises(ValueError, match=r"0001_odd\.sql"):
        await migrate(url, "kit", [tmp_path])

    assert await asked(url, "SELECT to_regclass('t') IS NULL")


def test_no_two_files_of_a_service_have_the_same_number() -> None:
    services = Path(__file__).parents[2] / "services"
    for own in services.glob("*/migrations"):
        numbers = [path.name[:4] for path in files_in([OUTBOX, INBOX, own])]
        assert len(set(numbers)) == len(numbers), own
        assert all(number.isdigit() for number in numbers)
