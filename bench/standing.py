"""What a registry holds, in the oracle's form."""

from typing import TYPE_CHECKING, Any

import asyncpg
import orjson

from services.registry.state import Entry, Share, State, from_bytes

from .oracle import Stands

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

STATES = "SELECT subject, body FROM initiative WHERE length(body) > 0"
VALUES = "SELECT value FROM archive"


async def stands_in(conn: "Connection") -> dict[str, Stands]:
    """What stands of every initiative, by the registry's own states."""
    rows = await conn.fetch(STATES)
    return {
        row["subject"]: stands_of(from_bytes(row["subject"], row["body"]))
        for row in rows
    }


async def archived_in(conn: "Connection") -> list[bytes]:
    """The records of the archive."""
    return [row["value"] for row in await conn.fetch(VALUES)]


def stands_of(state: State) -> Stands:
    entries = dict(map(entry_of, state.entries.values()))
    return entries, dict(map(share_of, state.shares.values()))


def entry_of(entry: Entry) -> tuple[str, list[Any]]:
    recipients = " ".join(entry.recipients)
    key = (entry.speaker, entry.family, entry.key, entry.visibility, recipients)
    # a value may hold models of the contract's; what counts is what it says
    return " | ".join(key), [entry.ref.id, orjson.loads(orjson.dumps(entry.value))]


def share_of(share: Share) -> tuple[str, list[Any]]:
    shared = None if share.shared is None else share.shared.ref.id
    ended = None if share.ended is None else share.ended.ref.id
    return share.ref.id, [sorted(share.audience), shared, ended]
