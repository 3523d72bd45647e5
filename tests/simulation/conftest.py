"""One database for all schedules, and a loop in virtual time that lasts as long."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from services.kit.db import connect
from services.kit.migrations import INBOX, OUTBOX, migrate
from tests.stack import SERVICES, fresh_database

from . import availability, path
from .database import Database
from .loop import Loop
from .running import in_silence


@pytest.fixture(scope="module")
def loop() -> Iterator[Loop]:
    loop = Loop()
    # what there is already is not searched for garbage a thousand times
    gc.freeze()
    with in_silence():
        yield loop
    gc.unfreeze()
    loop.close()


@pytest.fixture(scope="module")
def kit(admin_url: str, loop: Loop) -> Iterator[Database]:
    """The kit's tables, and those of what is done with facts here."""
    with opened(loop, admin_url, "kit", path.TABLES) as database:
        yield database


@pytest.fixture(scope="module")
def delivery(admin_url: str, loop: Loop) -> Iterator[Database]:
    """Delivery's tables."""
    with opened(loop, admin_url, "delivery", availability.TABLES) as database:
        yield database


@contextmanager
def opened(loop: Loop, admin_url: str, schema: str, tables: str) -> Iterator[Database]:
    database = Database(loop)
    url = loop.run_until_complete(prepared(admin_url, schema, tables))
    loop.run_until_complete(database.open(url, schema))
    yield database
    loop.run_until_complete(database.close())


async def prepared(admin_url: str, schema: str, tables: str) -> str:
    url = await fresh_database(admin_url, [schema])
    own = SERVICES / schema / "migrations"
    await migrate(url, schema, [OUTBOX, INBOX, *([own] if own.exists() else [])])
    conn = await connect(url, schema)
    await conn.execute(tables)
    await conn.close()
    return url
