"""What makes the code fail is parked with what waits behind it; all else goes on."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from math import log2

import asyncpg
import pytest

from schemas.topics import MUNICIPAL, STATE
from services.kit import health, metrics
from services.kit.batch import Arrived
from services.kit.db import Connection
from services.kit.search import MOST_IN_A_ROW
from tests.schemas.said import NAV
from tests.stack import until

from .conftest import Room
from .facts import again, facts, record, said
from .member import SECRET, Member, fails_on, member, nothing
from .parking import (
    Counting,
    identities,
    later,
    others,
    parked_ids,
    reading,
    records,
    redriven,
)
from .test_batches import Log

pytestmark = pytest.mark.usefixtures("without_kafka")


async def test_it_is_parked_with_its_speakers_later_facts_and_all_else_goes_on(
    room: Room,
) -> None:
    bad, beside = said(partition=2), said(partition=2)
    waits, heard = later(bad), others(bad)
    reader = reading(room, fails_on(bad["id"]))

    await reader.inbox.handle(
        Log().all(
            [*records(beside, bad, waits, heard, later(beside)), *facts(3, partition=5)]
        )
    )

    assert await parked_ids(reader, behind=False) == [bad["id"]]
    assert await parked_ids(reader, behind=True) == [waits["id"]]
    applied = await reader.ids()
    assert len(applied) == 6
    assert heard["id"] in applied
    checkpoints = await reader.checkpoints()
    assert checkpoints[STATE.name, 2] == 4
    assert checkpoints[MUNICIPAL.name, 2] == 1
    assert await reader.stopped() == []


async def test_what_its_speaker_says_in_later_batches_waits_in_order(
    room: Room,
) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    waiting = [later(bad) for _ in range(5)]
    await reader.inbox.handle(log.all(records(bad)))
    reader.then = nothing

    for event in waiting:
        await reader.inbox.handle(log.all(records(event, said(partition=2))))

    assert await parked_ids(reader) == [e["id"] for e in (bad, *waiting)]
    assert len(await reader.ids()) == 5
    assert (await reader.checkpoints())[STATE.name, 2] == 11


async def test_parking_sets_the_mark(room: Room) -> None:
    bad = said(partition=2)
    waits = later(bad)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad, waits)))
    reader.then = nothing
    changed = again(waits, time="2026-09-14T08:30:01+02:00")

    await reader.inbox.handle(log.all(records(bad, waits, changed)))

    assert len(await parked_ids(reader)) == 2
    assert await reader.ids() == []
    assert metrics.DUPLICATES.labels(room.group, STATE.name)._value.get() == 2
    assert await reader.refusals() == {4: "id_reused"}


async def test_a_topic_made_anew_parks_nothing_twice(room: Room) -> None:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))
    await reader.inbox.handle(Log().all(records(bad, later(bad))))
    reader.inbox.ids[STATE.name] = "made anew"

    await reader.inbox.handle(Log().all(records(bad, again(bad, id="new"))))

    assert len(await parked_ids(reader)) == 3
    assert await parked_ids(reader, behind=False) == [bad["id"]]
    assert await reader.ids() == []


async def test_where_nothing_is_parked_nothing_more_is_asked_of_postgres(
    room: Room,
) -> None:
    bad = said(partition=2)
    reader, log = reading(room, nothing), Log()
    asked: list[str] = []

    async def asks_of(batch: list[str]) -> list[str]:
        asked.clear()
        events = [again(said(partition=2), id=each) for each in batch]
        await reader.inbox.handle(log.all(records(*events)))
        return [query for query in asked if "parked" in query or "set_aside" in query]

    async with reader.pool.acquire() as conn:
        listened = conn._con  # type: ignore[attr-defined]  # below the proxy
    listened.add_query_logger(lambda done: asked.append(done.query))
    await asks_of(["first"])
    before = await asks_of(["second"])
    assert any("FROM checkpoint" in query for query in asked)
    reader.then = fails_on(bad["id"])
    await reader.inbox.handle(log.all(records(bad)))
    while_parked = await asks_of(["third"])
    reader.then = nothing
    await redriven(reader, bad)
    await asks_of(["fourth"])
    after = await asks_of(["fifth"])
    listened._query_loggers.clear()

    assert before == []
    assert while_parked != []
    assert after == []


async def test_nothing_of_a_failed_attempt_stays(room: Room) -> None:
    bad = [said(partition=2) for _ in range(3)]
    good = [said(partition=2) for _ in range(61)]
    every = [*good[:20], bad[0], *good[20:40], bad[1], bad[2], *good[40:]]
    reader = reading(room, fails_on(*(event["id"] for event in bad)))

    await reader.inbox.handle(Log().all(records(*every)))

    assert await reader.ids() == [event["id"] for event in good]
    assert await parked_ids(reader) == [event["id"] for event in bad]


async def test_a_culprit_among_a_thousand_is_found_in_few_tries(room: Room) -> None:
    events = [said() for _ in range(1_000)]
    counting = Counting(events[617])
    reader = reading(room, counting)

    await reader.inbox.handle(Log().all(records(*events)))

    assert await parked_ids(reader) == [events[617]["id"]]
    assert len(await reader.ids()) == 999
    assert counting.asked <= 2 * log2(1_000) + 3


async def test_thousands_that_fail_among_others_cost_a_bounded_number_of_tries(
    room: Room,
) -> None:
    events = [said() for _ in range(900)]
    counting = Counting(*events[::3])
    reader = reading(room, counting)

    await reader.inbox.handle(Log().all(records(*events)))

    assert len(await parked_ids(reader)) == 300
    assert len(await reader.ids()) == 600
    assert counting.asked <= 2 * len(events)


async def divides(conn: Connection) -> None:
    await conn.execute("SELECT 1 / 0")


async def holds_nul(conn: Connection) -> None:
    await conn.fetchval("SELECT $1::text", "a\x00b")


async def is_too_large(conn: Connection) -> None:
    await conn.execute("SELECT 2147483647 + 1")


async def comes_too_late(conn: Connection) -> None:
    await conn.execute("CREATE TEMP TABLE owner (n int PRIMARY KEY) ON COMMIT DROP")
    await conn.execute(
        "CREATE TEMP TABLE owned (n int REFERENCES owner DEFERRABLE INITIALLY DEFERRED)"
        " ON COMMIT DROP"
    )
    await conn.execute("INSERT INTO owned VALUES (1)")


async def uses_a_connection_twice(conn: Connection) -> None:
    # asyncpg: another operation is in progress
    await asyncio.gather(conn.execute("SELECT pg_sleep(0.1)"), conn.execute("SELECT 1"))


async def goes_too_deep(conn: Connection) -> None:
    await goes_too_deep(conn)


@pytest.mark.parametrize(
    ("poison", "error_class"),
    [
        (divides, "DivisionByZeroError"),
        (holds_nul, "CharacterNotInRepertoireError"),
        (is_too_large, "NumericValueOutOfRangeError"),
        (comes_too_late, "ForeignKeyViolationError"),
        (uses_a_connection_twice, "InterfaceError"),
        (goes_too_deep, "RecursionError"),
    ],
)
async def test_whatever_the_code_fails_of_only_the_fact_itself_waits(
    room: Room, poison: object, error_class: str
) -> None:
    bad = said(partition=2)

    async def then(conn: Connection, arrived: Sequence[Arrived]) -> None:
        if bad["id"] in [each.fact.id for each in arrived]:
            await poison(conn)  # type: ignore[operator]  # one of those above

    reader = reading(room, then)

    await reader.inbox.handle(
        Log().all([*facts(2, partition=2), record(bad), *facts(2, partition=2)])
    )

    (row,) = await room.pool.fetch(
        "SELECT * FROM parked WHERE group_id = $1", room.group
    )
    assert (row["fact_id"], row["error_class"]) == (bad["id"], error_class)
    assert row["place"].startswith("tests/kit/test_parking.py:")
    assert len(await reader.ids()) == 4


async def test_an_error_that_passes_by_itself_parks_nothing(room: Room) -> None:
    events = [said(partition=2) for _ in range(4)]
    troubles = [1]

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        if events[1]["id"] not in [each.fact.id for each in arrived]:
            return
        if len(arrived) == 1 and troubles:
            troubles.pop()
            raise asyncpg.DeadlockDetectedError
        if troubles:
            raise KeyError

    reader = reading(room, then)
    batch = Log().all(records(*events))

    await reader.inbox.handle(batch)
    at_first = (await parked_ids(reader), await reader.ids())
    await reader.inbox.handle(batch)

    assert troubles == []
    assert at_first == ([], [])
    assert await parked_ids(reader) == []
    assert await reader.ids() == [event["id"] for event in events]


async def test_a_connection_that_breaks_in_the_search_loses_and_parks_nothing(
    room: Room,
) -> None:
    events = [said(partition=2) for _ in range(8)]
    breaks = [1]

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        if len(arrived) == 2 and breaks:
            breaks.pop()
            await room.terminate_others()
        if events[3]["id"] in [each.fact.id for each in arrived]:
            raise KeyError(SECRET)

    reader = reading(room, then)
    batch = Log().all(records(*events))

    await reader.inbox.handle(batch)
    await room.pool.expire_connections()
    broken = (await parked_ids(reader), await reader.ids())
    await reader.inbox.handle(batch)

    assert breaks == []
    assert broken == ([], [])
    assert await parked_ids(reader) == [events[3]["id"]]
    assert len(await reader.ids()) == 7


async def test_two_members_with_the_same_batch_park_it_once(room: Room) -> None:
    bad = said(partition=2)
    members = [reading(room, fails_on(bad["id"])) for _ in range(4)]
    batch = Log().all(records(said(partition=2), bad, later(bad), said(partition=2)))

    await asyncio.gather(*(each.inbox.handle(batch) for each in members))

    assert await parked_ids(members[0], behind=False) == [bad["id"]]
    assert len(await parked_ids(members[0])) == 2
    assert len(await members[0].ids()) == 2
    assert [each.inbox.failures for each in members] == [0] * 4


async def test_the_member_that_takes_over_knows_what_is_parked(room: Room) -> None:
    bad = said(partition=2)
    first, second = reading(room, fails_on(bad["id"])), reading(room, nothing)
    log = Log()
    await first.inbox.handle(log.all(records(bad)))

    await second.inbox.handle(log.all(records(later(bad), said(partition=2))))

    assert len(await parked_ids(first)) == 2
    assert len(await second.ids()) == 1


async def test_when_every_fact_fails_nothing_is_parked_and_ready_says_so(
    room: Room,
) -> None:
    reader, log = reading(room, nothing, 2, 5), Log()

    async def every(_: Connection, arrived: Sequence[Arrived]) -> None:
        if any(each.place.partition == 2 for each in arrived):
            raise KeyError(SECRET)

    before = log.all(facts(2, partition=2))
    await reader.inbox.handle(before)
    reader.then = every
    lost = log.all(facts(300, partition=2))
    await reader.inbox.handle([*lost, *log.all(facts(2, partition=5))])

    assert await parked_ids(reader) == []
    (row,) = await reader.stopped()
    assert (row["partition"], row["record"]) == (2, 2)
    assert row["error_class"] == "KeyError"
    assert "every fact in a row" in row["place"]
    assert len(await reader.ids()) == 4
    assert [stop.offset for stop in reader.inbox.stopped.values()] == [2]

    reader.then = nothing
    await reader.inbox.handle(lost)

    assert len(await reader.ids()) == 304
    assert await reader.stopped() == []
    assert reader.inbox.stopped == {}


async def test_what_lies_before_a_row_of_failures_takes_effect(room: Room) -> None:
    good, bad = [[said(partition=2) for _ in range(n)] for n in (3, MOST_IN_A_ROW + 5)]
    reader = reading(room, fails_on(*(event["id"] for event in bad)), 2)

    await reader.inbox.handle(Log().all(records(*good, *bad)))

    assert await reader.ids() == [event["id"] for event in good]
    assert await parked_ids(reader) == []
    assert [row["record"] for row in await reader.stopped()] == [3]


async def test_facts_that_come_one_by_one_and_all_fail_are_not_all_parked(
    room: Room,
) -> None:
    reader, log = reading(room, nothing, 2), Log()

    async def every(_: Connection, __: Sequence[Arrived]) -> None:
        raise KeyError(SECRET)

    reader.then = every
    for _ in range(MOST_IN_A_ROW):
        await reader.inbox.handle(log.all(facts(1, partition=2)))
    held = log.all(facts(1, partition=2))
    for _ in range(10):
        await reader.inbox.handle(held)

    assert len(await parked_ids(reader)) == MOST_IN_A_ROW
    assert [row["record"] for row in await reader.stopped()] == [MOST_IN_A_ROW]


async def test_no_text_of_an_error_is_kept_anywhere(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))

    await reader.inbox.handle(Log().all(records(bad, later(bad))))
    await redriven(reader, bad)

    logged = capsys.readouterr()
    assert "facts_parked" in logged.out
    rows = await room.pool.fetch("SELECT parked::text FROM parked")
    ops = await room.pool.fetch("SELECT parked::text FROM kit_ops.parked")
    assert SECRET not in f"{rows}{ops}{logged.out}{logged.err}"
    assert NAV not in f"{ops}"
    labels = (room.group, "KeyError")
    assert metrics.FACTS_PARKED.labels(*labels)._value.get() == 1
    assert metrics.FACTS_HELD_BACK.labels(room.group)._value.get() == 1


async def test_operations_see_where_since_when_and_how_many_wait(room: Room) -> None:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))

    await reader.inbox.handle(Log().all(records(bad, later(bad), later(bad))))

    (row,) = await room.pool.fetch(
        "SELECT * FROM kit_ops.parked WHERE group_id = $1", room.group
    )
    assert (row["topic"], row["partition"], row["position"]) == (STATE.name, 2, 0)
    assert (row["error_class"], row["waiting_behind"]) == ("KeyError", 2)
    assert row["set_aside"] is False


async def test_on_a_real_kafka_it_is_parked_and_ready_stays_true(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.inbox.RETRY_STOPPED", timedelta(seconds=0.2))
    reader: Member = await member(room)
    bad = said(partition=3)
    reader.then = fails_on(bad["id"])

    async with reader.consuming():
        places = await room.writer.write(
            *facts(2, partition=3), record(bad), record(later(bad)), *facts(2)
        )
        await reader.reached(*places)

        async def ready() -> bool:
            return await health.consumer(reader.inbox)() is None

        await until(ready, what="readiness")

    assert len(await parked_ids(reader)) == 2
    assert len(await reader.ids()) == 4
    assert len(await identities(reader)) == 2
