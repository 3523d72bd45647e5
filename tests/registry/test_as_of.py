"""What had been said by a moment: as it was shown then, of what may be read now."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from schemas.policy import Reader, may_read
from services.kit.db import snapshot
from services.registry import milestones, store
from services.registry.as_seen import Placed, projection
from services.registry.asked import Asked
from services.registry.milestones import state_at
from services.registry.rules import Projection, everything, project
from services.registry.state import to_bytes
from tests.histories import READERS, Told, cut, histories, interleaved, named_in

from .conftest import Desk
from .hand import announced_and_shared, hand
from .test_rules import folded, shown

MANY = settings(max_examples=150, deadline=None)
FEW = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def said_by(history: list[Told], at: datetime) -> list[Told]:
    return [told for told in history if told.appended <= at]


def moments(history: list[Told]) -> st.SearchStrategy[datetime]:
    """At, between and after what is said."""
    around = [told.appended + timedelta(minutes=m) for told in history for m in (0, 1)]
    return st.sampled_from(around)


def read_now(history: list[Told], reader: Reader) -> list[Told]:
    """What a reader may read of all that has been said, as it is read now."""
    grants, named = folded(history).grants, named_in(history)
    return [
        told
        for told in history
        if may_read(told.fact, reader, grants, named(told.fact))
    ]


def naive(history: list[Told], reader: Reader, at: datetime) -> Projection:
    """By the words: filtered by what may be read now, then what was said by then."""
    now = project(folded(history), reader)
    mine = said_by(read_now(history, reader), at)
    alone = everything(folded(mine, now.subject))
    return replace(alone, partial=now.partial, whole=now.whole)


@MANY
@given(st.data())
def test_it_is_the_fold_of_what_was_said_by_then_and_may_be_read_now(
    data: st.DataObject,
) -> None:
    history = data.draw(histories().filter(bool))
    at = data.draw(moments(history))
    reader = READERS[data.draw(st.sampled_from(sorted(READERS)))]

    now = folded(history)
    then = folded(said_by(history, at), now.subject)

    assert shown(project(then, reader, now)) == shown(naive(history, reader, at))


@MANY
@given(st.data())
def test_two_ways_of_computing_it_agree(data: st.DataObject) -> None:
    """From a state on the way, and from all facts as for `as_seen_by`."""
    history = data.draw(histories().filter(bool))
    at = data.draw(moments(history))
    reader = READERS[data.draw(st.sampled_from(sorted(READERS)))]
    now = folded(history)

    said = [Placed(told.fact, told.offset, told.appended) for told in history]
    found = projection(now.subject, said, Asked(reader, at))

    then = folded(said_by(history, at), now.subject)
    assert shown(found) == shown(project(then, reader, now))


@MANY
@given(st.data())
def test_for_the_owner_it_equals_the_snapshot_that_was_taken_then(
    data: st.DataObject,
) -> None:
    history = data.draw(histories().filter(bool))
    at = data.draw(moments(history))
    now = folded(history)

    then = folded(said_by(history, at), now.subject)
    owner = READERS[now.owner]

    assert shown(project(then, owner, now)) == shown(project(then, owner))


@FEW
@given(st.data())
async def test_however_it_was_taken_in_each_moments_state_is_found_again(
    desk: Desk, data: st.DataObject
) -> None:
    """Partitions read in any order and any batches, with states kept on the way."""
    history = data.draw(histories(longest=20).filter(bool))
    await desk.empty()
    lying = dict(zip(map(id, history), desk.lying(history), strict=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(milestones, "EVERY", data.draw(st.integers(1, 4)))
        for batch in cut(data.draw, interleaved(data.draw, history)):
            await desk.take([lying[id(told)] for told in batch])
    subject = history[0].fact.subject

    async with snapshot(desk.pool) as conn:
        now = (await store.kept(conn, [subject]))[subject]
        for told in history:
            found = await state_at(conn, now, told.appended)
            expected = folded(said_by(history, told.appended), subject)
            assert to_bytes(found) == to_bytes(expected)


async def test_a_long_history_keeps_states_on_the_way_and_a_short_one_does_not(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(milestones, "EVERY", 3)
    long, short = announced_and_shared(), hand(local="b")
    short.registered("2026-01-05T09:00:00")
    for day in range(10, 20):
        long.amended(f"2026-02-{day}T09:00:00", f"t{day}")
    await desk.tell(*long.told, *short.told)

    rows = await desk.fetch("SELECT subject, turn FROM milestone ORDER BY turn")
    assert [tuple(row) for row in rows] == [(long.subject, n) for n in (3, 6, 9, 12)]
