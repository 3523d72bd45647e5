"""What was parked takes effect later: in order, once, whoever asks and when."""

import asyncio
from collections.abc import Sequence

from services.kit.batch import Arrived
from services.kit.db import Connection
from services.kit.redrive import Outcome
from services.kit.redrive import keys as parked_keys
from tests.schemas.said import NARVIK

from .conftest import Room
from .facts import facts, said
from .member import fails_on, nothing
from .parking import later, others, parked_ids, reading, records, redriven
from .test_batches import Log


async def test_all_of_it_takes_effect_in_its_order_and_is_known_to_be_late(
    room: Room,
) -> None:
    bad = said(partition=2)
    waiting = [later(bad) for _ in range(3)]
    late: list[bool] = []
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad, *waiting[:2], others(bad))))
    await reader.inbox.handle(log.all(records(waiting[2])))

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        late.extend(each.late for each in arrived)

    reader.then = then
    outcome = await redriven(reader, bad)
    await reader.inbox.handle(log.all(records(later(bad))))

    assert outcome == Outcome(applied=4, waiting=0)
    assert await parked_ids(reader) == []
    rows = [row for row in await reader.effects() if row["topic"] == "tidlig.state.v1"]
    assert [row["id"] for row in rows[:4]] == [e["id"] for e in (bad, *waiting)]
    assert [row["position"] for row in rows] == [0, 1, 2, 3, 4]
    assert late == [True] * 4 + [False]


async def test_up_to_the_first_that_still_fails(room: Room) -> None:
    bad = said(partition=2)
    waiting = [later(bad) for _ in range(5)]
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad, *waiting)))
    reader.then = fails_on(waiting[2]["id"])

    outcome = await redriven(reader, bad)

    assert (outcome.applied, outcome.waiting) == (3, 3)
    assert outcome.cause is not None
    assert outcome.cause.error_class == "KeyError"
    assert await reader.ids() == [e["id"] for e in (bad, *waiting[:2])]
    assert await parked_ids(reader, behind=False) == [waiting[2]["id"]]
    assert await parked_ids(reader, behind=True) == [e["id"] for e in waiting[3:]]


async def test_what_still_fails_stays_as_it_was_and_since_when(room: Room) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad, later(bad))))
    before = await room.pool.fetch("SELECT * FROM parked ORDER BY n")

    outcome = await redriven(reader, bad)

    assert (outcome.applied, outcome.waiting) == (0, 2)
    assert await room.pool.fetch("SELECT * FROM parked ORDER BY n") == before
    assert await reader.ids() == []


async def test_only_the_speakers_own_facts_are_redriven(room: Room) -> None:
    bad = said(partition=2)
    heard = others(bad)
    reader = reading(room, fails_on(bad["id"], heard["id"]))
    await reader.inbox.handle(Log().all(records(said(partition=2), bad, heard)))
    reader.then = nothing

    await redriven(reader, bad)

    assert await parked_ids(reader) == [heard["id"]]
    assert await parked_keys(room.pool, room.group) == [(NARVIK, bad["subject"])]


async def test_nothing_is_redriven_where_nothing_is_parked(room: Room) -> None:
    reader = reading(room, nothing)

    outcome = await redriven(reader, said(partition=2))

    assert outcome == Outcome(0, 0)


async def test_the_reason_is_kept_with_what_came_of_it(room: Room) -> None:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))
    await reader.inbox.handle(Log().all(records(bad, later(bad))))

    await redriven(reader, bad)
    reader.then = nothing
    await redriven(reader, bad)

    rows = await room.pool.fetch(
        "SELECT reason, applied, waiting FROM redriven WHERE group_id = $1 ORDER BY n",
        room.group,
    )
    assert [tuple(row) for row in rows] == [("mended", 0, 2), ("mended", 2, 0)]


async def test_several_redrives_and_batches_at_once_apply_each_fact_once_in_order(
    room: Room,
) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad, *(later(bad) for _ in range(5)))))
    batches = [log.all(records(later(bad), said(partition=2))) for _ in range(20)]
    reader.then = nothing

    async def batch_after_batch() -> None:
        for batch in batches:
            await reader.inbox.handle(batch)

    async def again_and_again() -> None:
        for _ in range(8):
            await redriven(reader, bad)
            await asyncio.sleep(0.01)

    await asyncio.gather(batch_after_batch(), *(again_and_again() for _ in range(3)))
    await redriven(reader, bad)

    assert await parked_ids(reader) == []
    found = await reader.effects()
    assert len(found) == 46
    mine = [r["position"] for r in found if r["id"] in {bad["id"]} | later_ids(found)]
    assert mine == sorted(mine)


def later_ids(found: Sequence[object]) -> set[str]:
    return {row["id"] for row in found if row["id"].startswith("later-")}  # type: ignore[index]  # rows


async def test_a_redrive_that_is_broken_off_leaves_all_of_it_parked(
    room: Room,
) -> None:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))
    await reader.inbox.handle(Log().all(records(bad, *(later(bad) for _ in range(3)))))
    held = asyncio.Event()

    async def hangs(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await asyncio.sleep(60)

    reader.then = hangs
    task = asyncio.create_task(redriven(reader, bad))
    await held.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    broken = (await parked_ids(reader), await reader.ids())
    reader.then = nothing
    await redriven(reader, bad)

    assert len(broken[0]) == 4
    assert broken[1] == []
    assert len(await reader.ids()) == 4


async def test_while_it_runs_facts_of_its_partition_wait_and_others_do_not(
    room: Room,
) -> None:
    bad = said(partition=2)
    reader, other = reading(room, fails_on(bad["id"])), reading(room, nothing)
    log = Log()
    await reader.inbox.handle(log.all(records(bad)))
    held, release = asyncio.Event(), asyncio.Event()

    async def slowly(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await release.wait()

    reader.then = slowly
    task = asyncio.create_task(redriven(reader, bad))
    await held.wait()
    same = asyncio.create_task(other.inbox.handle(log.all(records(later(bad)))))
    await other.inbox.handle(log.all(facts(1, partition=7)))
    meanwhile = await other.ids()
    release.set()
    await asyncio.gather(task, same)

    assert len(meanwhile) == 1
    assert (await other.ids())[-1].startswith("later-")
    assert len(await other.ids()) == 3
    assert await parked_ids(reader) == []


async def test_what_a_batch_parks_meanwhile_is_not_left_behind(room: Room) -> None:
    bad = said(partition=2)
    reader, other = reading(room, fails_on(bad["id"])), reading(room, nothing)
    log = Log()
    await reader.inbox.handle(log.all(records(bad)))
    held, release = asyncio.Event(), asyncio.Event()

    async def slowly(_: Connection, __: Sequence[Arrived]) -> None:
        held.set()
        await release.wait()

    # it has seen that its speaker's facts wait, and is still at work
    other.then, reader.then = slowly, nothing
    batch = log.all(records(later(bad), said(partition=2)))
    parking = asyncio.create_task(other.inbox.handle(batch))
    await held.wait()
    driving = asyncio.create_task(redriven(reader, bad))
    await asyncio.sleep(0.3)
    release.set()
    await asyncio.gather(parking, driving)

    assert await parked_ids(reader) == []
    assert len(await reader.ids()) == 3


async def test_thousands_that_wait_are_applied_in_one_go(room: Room) -> None:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all(records(bad)))
    for _ in range(3):
        batch = records(*(later(bad) for _ in range(1_000)))
        await reader.inbox.handle(log.all(batch))
    asked: list[int] = []

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        asked.append(len(arrived))

    reader.then = then
    outcome = await redriven(reader, bad)

    assert outcome.applied == 3_001
    assert asked == [3_001]
