"""A database of before, brought up to date: items are sorted, and all is heard anew."""

import shutil
from pathlib import Path

import asyncpg

from services.consultation import store
from services.consultation.rules.state import Item
from services.kit.migrations import INBOX, OUTBOX, migrate
from tests.stack import SERVICES, Stack, fresh_database

from .ground import GROUND
from .telling import item_of, told
from .walking import ITEMS, Walk

OWN = SERVICES / "consultation" / "migrations"
OLD = """
INSERT INTO board (subject, arena, kind, year, running, version, initiatives, state)
VALUES ($1, 'nav', $2, 26, $3, 1, '{}', $4)
"""
HEARD = """
INSERT INTO initiative (subject, last_lock, heard)
VALUES ('1:x', '2027-03-01', '{"subject": "1:x", "locks": {"k": "2027-03-01"}}');
INSERT INTO known (mark, value) VALUES ('m', 'v');
INSERT INTO checkpoint (group_id, topic, topic_id, partition, next, appended)
VALUES ('consultation', 'tidlig.state.v1', 'i', 0, 7, now());
"""
LEFT = """
SELECT (SELECT count(*) FROM initiative) + (SELECT count(*) FROM known)
     + (SELECT count(*) FROM checkpoint)
"""


async def test_what_was_kept_before_is_found_again(
    stack: Stack, tmp_path: Path
) -> None:
    url = await fresh_database(stack.admin_url, ["consultation"])
    shutil.copy(OWN / "0100_arena.sql", tmp_path)
    await migrate(url, "consultation", [OUTBOX, INBOX, tmp_path])
    options = {"search_path": "consultation"}
    conn = await asyncpg.connect(url, server_settings=options)
    open_one = item_of(told(Walk(GROUND), 2), ITEMS[0])
    closed = open_one.model_copy(update={"id": "item:nav:2-26", "stage": "withdrawn"})
    for n, item in enumerate((open_one, closed), 1):
        await conn.execute(OLD, item.id, "item", n, as_before(item))
    await conn.execute(OLD, "meeting:nav:1-26", "meeting", 1, b'{"stage": "held"}')
    await conn.execute(HEARD)

    await migrate(url, "consultation", [OUTBOX, INBOX, OWN])

    found = await store.open_items(conn, "nav")
    assert found == [open_one]
    assert await store.for_agenda(conn, "nav", []) == [open_one]
    assert await conn.fetchval(LEFT) == 0
    await conn.close()


def as_before(item: Item) -> bytes:
    """As it was stored then: without what was added since."""
    return item.model_dump_json(exclude={"by_tracker"}).encode()
