"""A registry's views, to be looked at, spoiled and made anew."""

from collections.abc import Callable
from dataclasses import dataclass, field

import asyncpg

from services.registry import handlers
from services.registry.rebuilding.beside import DERIVED, PREFIX
from services.registry.rebuilding.course import Rebuilt, rebuild
from tests.registry.conftest import Desk
from tests.registry.hand import Hand, hand

TABLES = (
    *(*DERIVED, "unfindable", "horizon", "checkpoint", "outbox"),
    *("archive", "arena_fact"),
)
Tables = dict[str, list[str]]


@dataclass
class Steps:
    """Who is told of the steps, and does something when one begins."""

    then: Callable[[str], None] = lambda _: None
    seen: list[str] = field(default_factory=list)

    def step(self, what: str, total: int | None = None) -> None:
        self.seen.append(what if total is None else f"{what}: {total}")
        self.then(what)

    def done(self, facts: int) -> None:
        self.seen.append(f"{facts} done")


async def rebuilt(
    url: str,
    steps: Steps | None = None,
    *,
    processes: int = 1,
    only_compare: bool = False,
) -> Rebuilt:
    """Made anew, as the command does it."""
    return await rebuild(
        url,
        handlers.GROUP,
        steps or Steps(),
        processes=processes,
        only_compare=only_compare,
    )


async def compared(url: str) -> dict[str, tuple[int, int, int]]:
    """What differs, by table: missing, too many, wrong."""
    found = await rebuilt(url, only_compare=True)
    return {e.table: (e.missing, e.surplus, e.wrong) for e in found.differences}


async def tables(desk: Desk) -> Tables:
    """All that the registry has stored, row by row, in no order of theirs."""
    return {
        table: sorted(str(tuple(row)) for row in await desk.fetch(f"TABLE {table}"))
        for table in TABLES
    }


async def left_over(desk: Desk) -> list[asyncpg.Record]:
    return await desk.fetch(
        "SELECT FROM pg_tables WHERE starts_with(tablename, $1)", PREFIX
    )


def stories() -> list[Hand]:
    """A long one, one with what names another fact, one that is secret."""
    long, put_right, own = hand(local="lang"), hand(local="rettet"), hand(local="egen")
    for story in (long, put_right):
        story.registered("2026-01-05T09:00:00")
        story.shared("2026-01-05T09:00:00")
        story.readable("2026-01-05T09:00:01")
    for n in range(9):
        long.amended(f"2026-02-{n + 1:02}T09:00:00", f"tittel {n}")
    amended = put_right.amended("2026-02-01T09:00:00", "feil")
    for n in range(7):
        put_right.locked(f"2026-09-{n + 1:02}", f"k{n}")
    name = "initiative.amended"
    withdrawn = {
        "fact": {"source": amended.source, "id": amended.id},
        "type": name,
        "reason": "r",
    }
    put_right.owner_says("2026-03-01T09:00:00", "fact.withdrawn", withdrawn)
    own.registered("2026-01-06T09:00:00", visibility="own")
    return [long, put_right, own]


# how a row is spoiled, and what differs then: missing, too many, wrong
A_BODY = "(SELECT body FROM initiative ORDER BY subject DESC LIMIT 1)"
SPOILED = {
    "another's state": (
        f"UPDATE initiative SET body = {A_BODY} WHERE subject LIKE '%:lang'",
        {"initiative": (0, 0, 1)},
    ),
    "a state too old": (
        "UPDATE initiative SET turn = turn - 1 WHERE subject LIKE '%:lang'",
        {"initiative": (0, 0, 1)},
    ),
    "no state": (
        "DELETE FROM initiative WHERE subject LIKE '%:egen'",
        {"initiative": (1, 0, 0)},
    ),
    "a state of nothing": (
        (
            "INSERT INTO initiative SELECT 'x', place, turn, reached, body"
            " FROM initiative LIMIT 1"
        ),
        {"initiative": (0, 1, 0)},
    ),
    "not listed": (
        "DELETE FROM listed WHERE channel = 'municipal' AND subject LIKE '%:lang'",
        {"listed": (1, 0, 0)},
    ),
    "listed for others": (
        (
            "INSERT INTO listed SELECT 'public', place, subject FROM initiative"
            " WHERE subject LIKE '%:egen'"
        ),
        {"listed": (0, 1, 0)},
    ),
    "a wrong milestone": (
        (
            f"UPDATE milestone SET body = {A_BODY}"
            " WHERE subject LIKE '%:lang' AND turn = 6"
        ),
        {"milestone": (0, 0, 1)},
    ),
    "no milestone": (
        "DELETE FROM milestone WHERE subject LIKE '%:lang' AND turn = 6",
        {"milestone": (1, 0, 0)},
    ),
    "a milestone of nothing": (
        (
            "INSERT INTO milestone SELECT subject, 7, reached, body FROM milestone"
            " WHERE subject LIKE '%:lang' AND turn = 6"
        ),
        {"milestone": (0, 1, 0)},
    ),
    "wrong words": (
        (
            "UPDATE findable SET words = to_tsvector('norwegian', 'annet')"
            " WHERE subject LIKE '%:lang'"
        ),
        {"findable": (0, 0, 1)},
    ),
    "not findable": (
        "DELETE FROM findable WHERE subject LIKE '%:lang'",
        {"findable": (1, 0, 0)},
    ),
    "a day too few": (
        (
            "DELETE FROM dated WHERE (subject, day) ="
            " (SELECT subject, min(day) FROM dated GROUP BY subject LIMIT 1)"
        ),
        {"dated": (1, 0, 0)},
    ),
    "a day too many": (
        "INSERT INTO dated SELECT subject, '2031-01-01' FROM initiative",
        {"dated": (0, 3, 0)},
    ),
    "an item that is not found": (
        "DELETE FROM concerns WHERE initiative LIKE '%:lang'",
        {"concerns": (1, 0, 0)},
    ),
    "an item of another": (
        "INSERT INTO concerns SELECT '889640782:egen', subject FROM concerns",
        {"concerns": (0, 1, 0)},
    ),
    "turns that are none": (
        "UPDATE archive SET turn = turn + 1 WHERE subject LIKE '%:egen'",
        {"archive.turn": (0, 0, 1)},
    ),
}
