"""Until when everything has been taken in: it follows the clock, not what is said."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from schemas.topics import MUNICIPAL, STATE, TRACKER
from services.kit.checkpoint import Place
from services.kit.inbox import Inbox
from services.registry import handlers, store
from services.registry.horizon import horizon, move

from .conftest import NOW, Desk
from .hand import announced_and_shared

HOUR = timedelta(hours=1)


def inbox_of(desk: Desk) -> Inbox:
    return Inbox(
        handlers.GROUP,
        handlers.TOPICS,
        pool=desk.pool,
        apply=handlers.on_facts,
        known=store.known,
    )


def ends(desk: Desk, **more: int) -> Mapping[Place, int]:
    """Where partitions end: those that were written to, and empty ones."""
    found = {
        Place(topic, f"id of {topic}", partition): end + more.get("unread", 0)
        for (topic, partition), end in desk.ends.items()
    }
    empty: dict[Place, Any] = {
        Place(topic.name, f"id of {topic.name}", number): 0
        for topic in (STATE, MUNICIPAL, TRACKER)
        for number in range(12)
    }
    return {**empty, **found}


async def test_it_moves_when_all_has_been_folded_and_also_when_nothing_is_said(
    desk: Desk,
) -> None:
    assert await horizon(desk.pool) is None
    assert await move(desk.pool, inbox_of(desk), ends(desk), NOW)
    await desk.tell(*announced_and_shared().told)
    assert await move(desk.pool, inbox_of(desk), ends(desk), NOW + HOUR)

    assert await horizon(desk.pool) == NOW + HOUR


async def test_it_stands_while_anything_is_not_folded(desk: Desk) -> None:
    await desk.tell(*announced_and_shared().told)
    await move(desk.pool, inbox_of(desk), ends(desk), NOW)

    assert not await move(desk.pool, inbox_of(desk), ends(desk, unread=1), NOW + HOUR)
    assert await horizon(desk.pool) == NOW


async def test_it_never_goes_back(desk: Desk) -> None:
    for upto in (NOW + HOUR, NOW):
        await move(desk.pool, inbox_of(desk), ends(desk), upto)

    assert await horizon(desk.pool) == NOW + HOUR


async def test_a_topic_that_was_made_anew_has_not_been_folded(desk: Desk) -> None:
    await desk.tell(*announced_and_shared().told)
    anew = {
        Place(place.topic, "another id", place.partition): end
        for place, end in ends(desk).items()
    }

    assert not await move(desk.pool, inbox_of(desk), anew, NOW)


@pytest.mark.parametrize("behind", [0, 1])
async def test_one_partition_that_lies_behind_holds_it(desk: Desk, behind: int) -> None:
    await desk.tell(*announced_and_shared().told)
    found = dict(ends(desk))
    place = next(each for each, end in found.items() if end)
    found[place] += behind

    assert await move(desk.pool, inbox_of(desk), found, NOW) == (behind == 0)
