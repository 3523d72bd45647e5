"""Every statement fits the migrated database."""

import asyncpg
import pytest

from services.registry import store

from .conftest import Desk

STATEMENTS = {
    name: value
    for name, value in vars(store).items()
    if name.isupper() and isinstance(value, str)
}


@pytest.mark.parametrize("name", STATEMENTS)
async def test_a_statement_fits_the_tables_as_they_are(desk: Desk, name: str) -> None:
    async with desk.pool.acquire() as conn:
        await conn.execute(f"PREPARE tried AS {STATEMENTS[name]}")

        await conn.execute("DEALLOCATE tried")


async def test_the_columns_of_the_archive_are_all_that_it_has(desk: Desk) -> None:
    rows = await desk.fetch(
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = 'registry' AND table_name = 'archive'"
    )

    assert {row["column_name"] for row in rows} == set(store.ARCHIVE_COLUMNS)


async def test_a_wrong_column_would_be_noticed(desk: Desk) -> None:
    wrong = store.PAGE.replace("body", "bodi")

    async with desk.pool.acquire() as conn:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await conn.execute(f"PREPARE wrong AS {wrong}")


def test_there_are_statements_to_prepare() -> None:
    assert {"KNOWN", "BEGIN", "LOCK_STATES", "SAVE", "PAGE", "HISTORY"} <= set(
        STATEMENTS
    )
