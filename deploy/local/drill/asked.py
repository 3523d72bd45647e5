"""What the drill asks of the database as its administrator, past all services."""

import asyncio
from collections.abc import Iterable
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from deploy.local.demo.says import Identity
from deploy.local.roles import DATABASE
from deploy.local.stack import Stack

Rows = list[asyncpg.Record]

DELIVERED = """
SELECT subject, source, fact_id FROM delivery.fact WHERE topic = ANY($1::text[])
"""
# a state that rests on more or fewer facts than the archive has of its initiative
WRONG_TURNS = """
SELECT count(*)
  FROM (SELECT subject, count(*) AS said FROM registry.archive GROUP BY subject) AS a
  FULL JOIN registry.initiative AS i USING (subject)
 WHERE a.said IS DISTINCT FROM i.turn
"""
RECEIPTS = "SELECT subject, source, event_id FROM intake.receipt"
READABLE = """
SELECT subject, source, event_id FROM intake.receipt JOIN intake.readable USING (mark)
"""
UNSENT = """
SELECT subject, source, event_id
  FROM intake.receipt JOIN intake.outbox ON seq = outbox_seq
"""


def ask(stack: Stack, query: str, *arguments: object) -> Rows:
    """The rows of one question. Raises what asyncpg raises."""

    async def answer() -> Rows:
        url = urlunsplit(urlsplit(stack.admin_url)._replace(path=f"/{DATABASE}"))
        conn = await asyncpg.connect(url)
        try:
            return list(await conn.fetch(query, *arguments))
        finally:
            await conn.close()

    return asyncio.run(answer())


def identities(rows: Iterable[asyncpg.Record]) -> set[Identity]:
    return {(row[0], row[1], row[2]) for row in rows}
