"""Facts that come while views are made anew: caught up with, none is lost."""

import asyncio
from typing import Any

import pytest

from services.kit.batch import Arrived
from services.kit.checkpoint import Place
from services.kit.db import transaction
from services.registry import handlers
from services.registry.rebuilding import beside, course, swapping
from tests.registry.conftest import Desk
from tests.registry.hand import hand
from tests.stack import Stack

from .conftest import make_findable
from .views import Steps, compared, left_over, rebuilt, stories, tables


async def meanwhile(desk: Desk, patch: pytest.MonkeyPatch) -> None:
    """Between the fold and the end: more is said, of an old initiative and of a new.

    What comes last lies earlier in its partition, as what was parked does.
    """
    old, new = stories()[0], hand(local="ny")
    before = len(old.told)
    old.amended("2026-04-01T09:00:00", "enda en")
    new.registered("2026-04-01T09:00:00")
    new.shared("2026-04-02T09:00:00")
    add_keys = beside.add_keys

    async def later(*given: Any) -> None:
        await add_keys(*given)
        await desk.tell(*old.told[before:], *new.told)
        await make_findable(desk)

    patch.setattr(beside, "add_keys", later)


async def test_what_comes_meanwhile_is_caught_up_with(
    told: Desk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await meanwhile(told, monkeypatch)
    await told.pool.execute("DELETE FROM milestone")

    found = await rebuilt(stack.database)

    assert found.anew == found.live
    assert {each.table for each in found.differences} == {"milestone"}
    assert found.anew.initiatives == 4
    assert await compared(stack.database) == {}


async def test_a_fact_that_was_parked_comes_with_an_old_offset_and_is_caught_up_with(
    told: Desk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a redrive does it: behind the checkpoint, in a later turn."""
    late = hand(local="sen")
    late.registered("2026-01-05T09:00:00")
    late.shared("2026-01-06T09:00:00")
    held_back, *rest = told.lying(late.told)
    await told.take(rest)
    add_keys = beside.add_keys

    async def redriven(*given: Any) -> None:
        await add_keys(*given)
        place = Place(held_back.topic, "id", held_back.partition)
        first = late.told[0]
        arrived = Arrived(
            first.fact, place, held_back.offset, first.appended, first.value, late=True
        )
        async with transaction(told.pool) as conn:
            await handlers.on_facts(conn, [arrived])

    monkeypatch.setattr(beside, "add_keys", redriven)

    found = await rebuilt(stack.database, only_compare=True)

    assert found.same
    assert found.anew.initiatives == 4


async def test_a_rebuild_that_does_not_catch_up_is_noticed(
    told: Desk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await meanwhile(told, monkeypatch)

    async def none(*_: Any) -> int:
        return 0

    monkeypatch.setattr(course, "catch_up", none)

    found = await compared(stack.database)
    assert found["initiative"] == (0, 1, 1)


@pytest.mark.usefixtures("told")
async def test_of_two_rebuilds_at_once_the_second_is_refused_with_a_clear_word(
    stack: Stack,
) -> None:
    async with course.alone(stack.database):
        with pytest.raises(course.Busy, match=r"another .* running .* since 20"):
            await rebuilt(stack.database)

    assert (await rebuilt(stack.database)).same


async def test_a_checkpoint_that_is_held_on_to_is_waited_for_and_then_told(
    told: Desk, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told.pool.execute("DELETE FROM milestone")
    before = await tables(told)
    monkeypatch.setattr(swapping, "PATIENCE", "SET LOCAL lock_timeout = '100ms'")
    monkeypatch.setattr(course, "MOST_ROUNDS", 3)
    steps = Steps()

    async with transaction(told.pool) as conn:
        await conn.execute("SELECT FROM checkpoint FOR UPDATE")
        with pytest.raises(course.HeldUp, match="pg_stat_activity"):
            await rebuilt(stack.database, steps)

    assert sum(step.startswith("waits") for step in steps.seen) == 3
    assert await tables(told) == before
    assert await left_over(told) == []


async def test_facts_wait_for_the_last_step_and_are_taken_in_after_it(
    told: Desk, stack: Stack
) -> None:
    """A batch that comes while all is compared ends after the swap, none is lost."""
    await told.pool.execute("DELETE FROM milestone")
    story = hand(local="imens")
    story.registered("2026-01-05T09:00:00")
    coming: list[asyncio.Task[None]] = []

    def tell_now(step: str) -> None:
        if step.startswith("compares"):
            coming.append(asyncio.create_task(told.tell(*story.told)))

    found = await rebuilt(stack.database, Steps(tell_now))
    await coming[0]

    assert found.swapped
    assert found.anew.initiatives == 3
    assert len(await told.fetch("TABLE initiative")) == 4
    assert await compared(stack.database) == {}
