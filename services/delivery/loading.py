"""What bears on the facts of a step, as earlier steps have left it."""

from collections.abc import Iterable, Mapping, Sequence

from services.kit.db import Connection

from . import store
from .closing import Closing
from .items import Item, Table
from .rules import Initiative, Lines, Said


async def load(conn: Connection, arrivals: Sequence[Said], closes: Closing) -> Table:
    """The initiatives and items of a step; of what was said before what bears on it.

    Of an initiative that is all of it where a grant changes or it closes or opens, else
    what is named; of an item all of it, with the grants of what it is about.
    """
    of_initiatives = [said for said in arrivals if not said.in_arena]
    revised = {said.subject for said in of_initiatives if said.grant is not None}
    revised |= closes.turned
    items = await load_items(conn, arrivals, revised)
    subjects = {said.subject for said in of_initiatives} | revised
    shares = await store.shares(conn, list(subjects | about(items.values(), arrivals)))
    found = {
        s: Initiative(s, shares.get(s, {}), closed=s in closes.shut)
        for s in subjects | shares.keys()
    }
    history = {said.mark: said for said in await store.tied(conn, of_initiatives)}
    if revised:
        said_before = await store.history(conn, list(revised))
        history |= {said.mark: said for said in said_before}
    for said in history.values():
        found[said.subject].know(said)
    await load_rows(conn, history, found)
    return Table(found, items)


async def load_items(
    conn: Connection, arrivals: Sequence[Said], revised: set[str]
) -> dict[str, Item]:
    """Items of which something is said, and those about initiatives that change."""
    of_arena = [said for said in arrivals if said.in_arena]
    # what the tracker says to recipients rests on nothing else
    asked = {said.subject for said in of_arena if said.readers == "arena"}
    before = await store.of_items(conn, list(asked), list(revised))
    names = {said.subject for said in [*of_arena, *before]}
    found = {name: Item(name) for name in names}
    for said in before:
        found[said.subject].facts[said.mark] = said
    await load_rows(conn, {said.mark: said for said in before}, found)
    return found


def about(items: Iterable[Item], arrivals: Iterable[Said]) -> set[str]:
    """All initiatives that these items are about, or are said to be now."""
    found = {name for item in items for name in item.initiatives}
    return found | {name for said in arrivals for name in said.initiatives}


async def load_rows(
    conn: Connection, facts: Mapping[bytes, Said], found: Mapping[str, Lines]
) -> None:
    for row in await store.rows_of(conn, facts) if facts else []:
        found[row.said.subject].rows.setdefault(row.said.mark, {})[row.channel] = row
