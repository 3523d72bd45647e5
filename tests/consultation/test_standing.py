"""Locks and gates that are put right, taken back or set aside: the agenda follows.

Each history is heard in batches cut at every place, through the tables as they are.
"""

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime
from itertools import combinations, pairwise
from typing import Any

import pytest

from schemas.fact import Fact
from services.consultation import handlers, store
from services.consultation.initiatives import Heard
from services.consultation.policies import calendars, factor_steps
from services.consultation.rules.agenda import suggestions
from services.kit.batch import Arrived
from services.kit.checkpoint import Place
from services.kit.db import Pool, pool_of, transaction
from tests.schemas.said import KS, example, fact
from tests.stack import Stack

from .ground import GROUND

Json = dict[str, Any]
OWNER, TRACKER = Place("owner", "i", 0), Place("tracker", "i", 0)
NOW = datetime(2026, 11, 1, tzinfo=UTC)
OTHER_SIDE = f"{KS}:digisos-2"
TODAY = date(2027, 1, 25)
FEBRUARY, MARCH, APRIL = "2027-02-01", "2027-03-01", "2027-04-01"


def lock(id: str, day: str, key: str = "avtale") -> Json:
    said = example("initiative.lock.recorded")
    return {**said, "id": id, "data": {**said["data"], "key": key, "date": day}}


def plan(id: str, day: str | None, gate: str = "BP2") -> Json:
    said = example("initiative.gateplan.revised")
    return {**said, "id": id, "data": {"gate": gate, "date": day}}


def gate(id: str, outcome: str, day: str) -> Json:
    said = example("initiative.gate.decided")
    data = {**said["data"], "gate": "BP2", "outcome": outcome, "date": day}
    return {**said, "id": id, "data": data}


def life(id: str, word: str) -> Json:
    return {**example(f"initiative.{word}"), "id": id}


def joined(id: str, other: str = OTHER_SIDE) -> Json:
    return {**example("initiative.joined"), "id": id, "data": {"with": other}}


def naming(name: str, id: str, of: Json, **data: Any) -> Json:
    """What is said of another fact, by its speaker or the tracker."""
    said = example(name)
    source = of["source"] if name in ("fact.corrected", "fact.withdrawn") else None
    type_ = of["type"].removeprefix("no.tidlig.").removesuffix(".v1")
    named = {"fact": {"source": of["source"], "id": of["id"]}, "type": type_}
    spoken = {**said["data"], **named, **data}
    if "data" in said["data"] and "data" not in data:
        spoken.pop("data")
    return {**said, "source": source or said["source"], "id": id, "data": spoken}


def corrected(id: str, of: Json, day: str) -> Json:
    return naming("fact.corrected", id, of, data={**of["data"], "date": day})


FIRST, MOVED = lock("1", FEBRUARY), lock("2", MARCH)
PLANNED, STOPPED = plan("1", MARCH), life("1", "stopped")
WRONG_TYPE = naming("fact.withdrawn", "9", {**FIRST, "type": PLANNED["type"]})
# a history: what is said, in its order, and the days on which it locks then
CASES: dict[str, tuple[Sequence[Json], list[str]]] = {
    "a lock moved": ([FIRST, MOVED], [MARCH]),
    "two locks": ([FIRST, lock("2", MARCH, "anbud")], [FEBRUARY, MARCH]),
    "a lock put right": ([FIRST, corrected("9", FIRST, APRIL)], [APRIL]),
    "the last correction counts": (
        [FIRST, corrected("8", FIRST, MARCH), corrected("9", FIRST, APRIL)],
        [APRIL],
    ),
    "what was said later stands above a correction": (
        [FIRST, MOVED, corrected("9", FIRST, APRIL)],
        [MARCH],
    ),
    "a lock withdrawn": ([FIRST, naming("fact.withdrawn", "9", FIRST)], []),
    "a withdrawal uncovers what stood before": (
        [FIRST, MOVED, naming("fact.withdrawn", "9", MOVED)],
        [FEBRUARY],
    ),
    "a withdrawal is final": (
        [FIRST, naming("fact.withdrawn", "8", FIRST), corrected("9", FIRST, MARCH)],
        [],
    ),
    "a wrong type has no effect": ([FIRST, WRONG_TYPE], [FEBRUARY]),
    "a lock set aside": (
        [FIRST, MOVED, naming("fact.setaside", "9", MOVED)],
        [FEBRUARY],
    ),
    "set aside before it is heard": ([naming("fact.setaside", "9", FIRST), FIRST], []),
    "reinstated": (
        [
            FIRST,
            naming("fact.setaside", "8", FIRST),
            naming("fact.reinstated", "9", FIRST),
        ],
        [FEBRUARY],
    ),
    "the gate that chooses the concept": ([PLANNED], [MARCH]),
    "another gate binds nobody": ([plan("1", MARCH, "BP1")], []),
    "a gate planned no longer": ([PLANNED, plan("2", None)], []),
    "a gate plan put right": ([PLANNED, corrected("9", PLANNED, APRIL)], [APRIL]),
    "a plan that was overtaken": ([PLANNED, gate("2", "postponed", FEBRUARY)], []),
    "approved on another day": ([PLANNED, gate("2", "approved", APRIL)], [APRIL]),
    "stopped": ([FIRST, STOPPED], []),
    "stopped by mistake": (
        [FIRST, STOPPED, naming("fact.withdrawn", "9", STOPPED)],
        [FEBRUARY],
    ),
    "paused and begun again": (
        [FIRST, life("2", "paused"), life("3", "resumed")],
        [FEBRUARY],
    ),
}


def arrivals(history: Sequence[Json]) -> list[Arrived]:
    return [arrival(fact(event), n) for n, event in enumerate(history)]


def arrival(said: Fact, n: int) -> Arrived:
    place = TRACKER if said.line is None else OWNER
    return Arrived(said, place, n, NOW, str(n).encode())


@pytest.fixture(scope="module")
async def pool(stack: Stack) -> AsyncIterator[Pool]:
    around = await stack.prepare("consultation")
    async with pool_of(around.postgres, "consultation") as found:
        yield found


async def heard_of(pool: Pool, batches: Sequence[Sequence[Arrived]]) -> Heard:
    """What is kept after these batches, from nothing."""
    subject = batches[0][0].fact.subject
    for table in ("initiative", "word", "known"):
        await pool.execute(f"DELETE FROM {table}")
    for batch in batches:
        async with transaction(pool) as conn:
            await handlers.on_facts(conn, batch)
    return (await store.heard(pool, [subject]))[subject]


@pytest.mark.parametrize("case", CASES)
async def test_the_agenda_follows_what_stands_however_batches_are_cut(
    pool: Pool, case: str
) -> None:
    history, days = CASES[case]
    found = arrivals(history)
    wanted = [*map(date.fromisoformat, days)]

    for cuts in cuts_of(len(found)):
        heard = await heard_of(pool, [found[a:b] for a, b in cuts])
        locking = await store.locking(pool, TODAY)

        shown = [] if heard.is_over else [each.isoformat() for each in heard.locks]
        assert shown == days, (case, cuts)
        assert [each.subject for each in locking] == [heard.subject] * bool(days)
        signals = {heard.subject: heard.signal}
        due = suggestions([], signals, calendars(), factor_steps(), TODAY, GROUND)
        assert [each.before for each in due] == sorted(wanted)[:1]


def cuts_of(length: int) -> list[list[tuple[int, int]]]:
    """Every way to cut so many facts into batches."""
    found = []
    for count in range(length):
        for inner in combinations(range(1, length), count):
            edges = [0, *inner, length]
            found.append(list(pairwise(edges)))
    return found


async def test_a_fact_that_was_parked_takes_its_place_among_the_others(
    pool: Pool,
) -> None:
    first, moved = arrivals([FIRST, MOVED])

    heard = await heard_of(pool, [[moved], [first]])

    assert [each.isoformat() for each in heard.locks] == [MARCH]


TIE = joined("1")


@pytest.mark.parametrize(
    ("history", "other_sides"),
    [
        ([TIE], [OTHER_SIDE]),
        ([TIE, naming("fact.withdrawn", "9", TIE)], []),
        ([TIE, joined("2", f"{KS}:annet")], [f"{KS}:annet", OTHER_SIDE]),
    ],
)
async def test_what_it_is_joined_with_is_what_its_owner_says_still(
    pool: Pool, history: Sequence[Json], other_sides: list[str]
) -> None:
    found = arrivals(history)

    for cuts in cuts_of(len(found)):
        heard = await heard_of(pool, [found[a:b] for a, b in cuts])

        assert heard.signal.joined == tuple(other_sides)
