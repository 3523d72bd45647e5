"""Views made anew: the same as the live ones, or what differs is found and mended."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.registry.rebuilding.folding import Made
from tests.histories import Told, cut, histories, interleaved
from tests.registry.conftest import Desk
from tests.registry.hand import hand
from tests.stack import Stack

from .conftest import make_findable
from .views import SPOILED, compared, left_over, rebuilt, tables

FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def test_views_that_are_right_stay_as_they_are(told: Desk, stack: Stack) -> None:
    before = await tables(told)
    assert len(before["milestone"]) > 3

    found = await rebuilt(stack.database)

    assert found.same
    assert not found.swapped
    assert found.anew.facts == len(before["archive"])
    assert found.anew.initiatives == 3
    assert await tables(told) == before
    assert await left_over(told) == []


@FEW
@given(data=st.data(), history=histories(longest=30))
async def test_whatever_was_said_in_whatever_batches_nothing_differs(
    desk: Desk, stack: Stack, data: st.DataObject, history: list[Told]
) -> None:
    await desk.empty()
    batches = cut(data.draw, interleaved(data.draw, history))
    findable_after = data.draw(st.integers(0, len(batches)))
    for n, batch in enumerate(batches):
        if n == findable_after:
            await make_findable(desk)
        await desk.tell(*batch)

    found = await rebuilt(stack.database, only_compare=True)

    assert found.differences == []
    assert found.live == found.anew


@pytest.mark.usefixtures("told")
async def test_several_processes_make_the_same(stack: Stack) -> None:
    one = await rebuilt(stack.database, only_compare=True)
    three = await rebuilt(stack.database, processes=3, only_compare=True)

    assert one.same
    assert three.same
    assert one.anew == three.anew


@pytest.mark.usefixtures("desk")
async def test_nothing_at_all_is_made_anew_too(stack: Stack) -> None:
    found = await rebuilt(stack.database)

    assert found.same
    assert found.anew.initiatives == 0


@pytest.mark.parametrize("spoiled", SPOILED)
async def test_a_spoiled_row_is_found_and_mended(
    told: Desk, stack: Stack, spoiled: str
) -> None:
    before = await tables(told)
    spoil, expected = SPOILED[spoiled]
    await told.pool.execute(spoil)
    as_spoiled = await tables(told)
    assert as_spoiled != before

    seen = await compared(stack.database)
    untouched = await tables(told)
    found = await rebuilt(stack.database)

    assert seen == expected
    assert untouched == as_spoiled
    assert found.swapped
    assert await tables(told) == before
    assert await compared(stack.database) == {}


async def test_what_waits_to_be_findable_is_no_difference_and_is_findable_afterwards(
    told: Desk, stack: Stack
) -> None:
    story = hand(local="ny")
    story.registered("2026-01-05T09:00:00")
    await told.tell(*story.told)
    assert await told.fetch("SELECT FROM unfindable")
    assert await compared(stack.database) == {}
    await told.pool.execute("DELETE FROM listed")

    await rebuilt(stack.database)

    assert await told.fetch("SELECT FROM unfindable") == []
    assert await told.fetch("SELECT FROM findable WHERE subject LIKE '%:ny'")


@pytest.mark.usefixtures("told")
async def test_a_rebuild_that_skips_milestones_is_noticed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def skip(*_: Any) -> None:
        return None

    monkeypatch.setattr(Made, "pass_milestone", skip)

    assert (await compared(stack.database)).keys() == {"milestone"}


@pytest.mark.usefixtures("told")
async def test_a_rebuild_that_does_not_look_again_when_a_fact_is_named_is_noticed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def go_on(*_: Any) -> None:
        return None

    monkeypatch.setattr(Made, "settle", go_on)

    assert (await compared(stack.database)).keys() >= {"initiative"}


async def test_what_is_parked_has_no_effect_and_must_have_none(
    told: Desk, stack: Stack
) -> None:
    await told.pool.execute(
        "INSERT INTO parked (group_id, mark, topic, topic_id, partition, position,"
        " appended, speaker, subject, source, fact_id, type, value)"
        " SELECT 'registry', mark, topic, topic_id, partition, position, appended,"
        " 's', subject, 's', 'i', 't', value FROM archive WHERE subject LIKE '%:egen'"
    )
    try:
        assert await compared(stack.database) == {"parked": (0, 1, 0)}
    finally:
        await told.pool.execute("DELETE FROM parked")
