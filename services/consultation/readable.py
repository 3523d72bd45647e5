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
from .rules import Board, Item, Meeting

Json = dict[str, Any]


async def items(pool: Pool, arena: str, reader: Reader) -> list[Item]:
    """Items of which the reader sees everything."""
    return await of_these(pool, await store.of_arena(pool, arena, "item"), reader)


async def open_items(pool: Pool, arena: str, reader: Reader) -> list[Item]:
    """The same, without what is closed or withdrawn."""
    return await of_these(pool, await store.open_items(pool, arena), reader)


async def of_these(pool: Pool, boards: list[Board], reader: Reader) -> list[Item]:
    grants = await answers.grants_of(pool, boards)
    return [
        each
        for each in boards
        if isinstance(each, Item) and view.access_of(each, reader, grants) == "all"
    ]


async def for_agenda(
    pool: Pool, arena: str, reader: Reader, today: date
) -> tuple[list[Item], dict[str, Heard]]:
    """Items that may be on an agenda, and what was heard of initiatives that they are
    about or that lock today or later, with their other sides: what a member may read.
    """
    if ARENA not in reader.channels:
        return [], {}
    locking = {each.subject: each for each in await store.locking(pool, today)}
    heard = await with_sides(pool, locking)
    boards = await store.for_agenda(pool, arena, heard.keys())
    found = await of_these(pool, boards, reader)
    named = {name for each in found for name in each.initiatives}
    about = await store.heard(pool, named - heard.keys())
    heard = await with_sides(pool, {**heard, **about})
    return found, {
        name: each
        for name, each in sorted(heard.items())
        if may_read_initiative(name, reader, each.grants)
    }


async def with_sides(pool: Pool, found: Mapping[str, Heard]) -> dict[str, Heard]:
    """These, and all that they are said to be joined with."""
    heard = dict(found)
    while more := {n for e in heard.values() for n in e.signal.joined} - heard.keys():
        heard |= await store.heard(pool, more)
    return heard


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
