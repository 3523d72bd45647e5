"""What a reader may read in full: items, initiatives, minutes."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from schemas.channels import ARENA
from schemas.policy import Reader, may_read_initiative
from services.kit.db import Pool

from . import answers, minutes, store, view
from .initiatives import Heard
from .minutes import Minutes
from .rules import Item, Meeting

Json = dict[str, Any]


async def items(pool: Pool, arena: str, reader: Reader) -> list[Item]:
    """Items of which the reader sees everything."""
    boards = await store.of_arena(pool, arena, "item")
    grants = await answers.grants_of(pool, boards)
    return [
        each
        for each in boards
        if isinstance(each, Item) and view.access_of(each, reader, grants) == "all"
    ]


async def locking(pool: Pool, reader: Reader, today: date) -> list[Heard]:
    """Initiatives that lock today or later, of those that a member may read."""
    if ARENA not in reader.channels:
        return []
    return [
        each
        for each in await store.locking(pool, today)
        if may_read_initiative(each.subject, reader, each.grants)
    ]


async def minutes_for(
    pool: Pool, found: Minutes, meeting: Meeting, reader: Reader
) -> Json:
    """The minutes; of an item that the reader may not read, its number and state."""
    whole = {each.number for each in await items(pool, meeting.arena, reader)}
    shown = minutes.as_json(found)
    listed = shown["items"]
    if not isinstance(listed, list):
        raise TypeError("minutes have a list of items")
    shown["items"] = [
        each if each["number"] in whole else bare(each) for each in listed
    ]
    return {**shown, "hash": found.hash}


def bare(of_item: Mapping[str, Any]) -> Json:
    return {name: of_item[name] for name in ("number", "stage", "heard")}
