"""Every statement fits the migrated database."""

from collections.abc import Iterator
from itertools import combinations
from types import ModuleType
from typing import Any

import asyncpg
import pytest

from services.registry import archive, finding, horizon, milestones, store
from services.registry.finding import Hints

from .conftest import NOW, Desk

BEGINS = ("SELECT", "INSERT", "UPDATE", "DELETE", "\nSELECT", "\nINSERT", "\nDELETE")
# pieces of other statements, and what is no query
PIECES = {"OF_CHANNELS", "STALE", "FOUND", "PLAN_EACH", "WORDS", "CHANGED", "OPEN_TO"}


def statements_in(*modules: ModuleType) -> Iterator[tuple[str, str]]:
    for module in modules:
        for name, value in vars(module).items():
            whole = name.isupper() and name not in PIECES
            if whole and isinstance(value, str) and value.startswith(BEGINS):
                yield f"{module.__name__.rpartition('.')[2]}.{name}", value


def statements_of_lists() -> Iterator[tuple[str, str]]:
    """Whatever is asked for, by one thing and by two."""
    asked: dict[str, Any] = {
        "owner": "889640782",
        "line": "state",
        "phase": "idea",
        "short": "00000",
        "words": "søknad",
        "changed_since": NOW,
    }
    for names in [*combinations(asked, 1), *combinations(asked, 2), tuple(asked)]:
        hints = Hints(**{name: asked[name] for name in names})
        yield "lists by " + ", ".join(names), finding.statement(hints)


STATEMENTS = {
    **dict(statements_in(archive, finding, horizon, milestones, store)),
    **dict(statements_of_lists()),
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
    wrong = finding.ALL.replace("body", "bodi")

    async with desk.pool.acquire() as conn:
        with pytest.raises(asyncpg.UndefinedColumnError):
            await conn.execute(f"PREPARE wrong AS {wrong}")


def test_there_are_statements_to_prepare() -> None:
    of_store = ("KNOWN", "BEGIN", "STATES", "LOCK_STATES", "SAVE", "HISTORY")

    assert {f"store.{name}" for name in of_store} <= STATEMENTS.keys()
    assert {
        "finding.ALL",
        "finding.VERSIONS",
        "finding.MAKE_FINDABLE",
    } <= STATEMENTS.keys()
    assert {"milestones.SAID_SINCE", "horizon.MOVE_HORIZON"} <= STATEMENTS.keys()
