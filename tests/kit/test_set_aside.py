"""What can never be applied is set aside, said once; what waited behind it goes on."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.admission import admit
from schemas.fact import Fact
from schemas.topics import TRACKER
from services.kit.set_aside import Impossible, Named, say
from tests.schemas.said import example

from .conftest import Room
from .facts import Json, said
from .kafka import Written
from .member import Member, fails_on, nothing
from .parking import (
    Counting,
    identities,
    later,
    others,
    parked_ids,
    reading,
    records,
    ref_of,
    reinstated,
    set_aside,
    type_of,
)
from .test_batches import Log

# on a real Postgres a search for the smallest example would take minutes
FEW = settings(
    max_examples=40,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
async def room(room: Room) -> AsyncIterator[Room]:
    """A group that may speak for a service of the tracker."""
    room.group = "kit" + "".join(c for c in uuid4().hex if c.isalpha())
    yield room
    await room.pool.execute("TRUNCATE parked, set_aside, outbox")


def named(event: Json) -> Named:
    return Named(event["subject"], ref_of(event))


async def sayings(room: Room) -> list[Fact]:
    """What the tracker says of it, and has not sent yet."""
    rows = await room.pool.fetch("SELECT key, value FROM outbox ORDER BY seq")
    found = [admit(row["value"], (), TRACKER.name, row["key"]) for row in rows]
    return [each for each in found if isinstance(each, Fact)]


async def with_parked(room: Room, *waiting: Json) -> tuple[Member, Log, Json]:
    bad = said(partition=2)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    behind = [{**event, "subject": bad["subject"]} for event in waiting]
    await reader.inbox.handle(log.all(records(bad, *behind)))
    return reader, log, bad


async def test_it_is_said_once_through_the_outbox_however_often_it_is_asked(
    room: Room,
) -> None:
    _, _, bad = await with_parked(room)

    answers = await asyncio.gather(
        *(say(room.pool, room.group, named(bad), "r", aside=True) for _ in range(4))
    )

    assert sorted(answers) == [False, False, False, True]
    (fact,) = await sayings(room)
    assert fact.type.name == "fact.setaside"
    assert fact.source == f"urn:tidlig:{room.group}"
    assert (fact.named, fact.named_type) == (ref_of(bad), type_of(bad))


async def test_aside_reinstated_and_aside_again_are_three_sayings(room: Room) -> None:
    _, _, bad = await with_parked(room)

    for aside in (True, False, False, True):
        await say(room.pool, room.group, named(bad), "r", aside=aside)

    found = await sayings(room)
    assert [fact.type.name for fact in found] == [
        "fact.setaside",
        "fact.reinstated",
        "fact.setaside",
    ]
    assert len({fact.id for fact in found}) == 3


async def test_what_cannot_be_set_aside_is_refused_with_what_to_do(room: Room) -> None:
    waits = later(said(partition=2))
    _, _, bad = await with_parked(room, waits)
    grant = {
        **example("initiative.shared"),
        **{key: later(bad)[key] for key in ("id", "source", "subject")},
    }
    other = said(partition=3)
    grant = {**grant, "subject": other["subject"]}
    reader = reading(room, fails_on(grant["id"]))
    await reader.inbox.handle(Log().all(records(grant)))

    async def refused(what: Named, reason: str = "r") -> str:
        with pytest.raises(Impossible) as error:
            await say(room.pool, room.group, what, reason, aside=True)
        return str(error.value)

    assert "only waits" in await refused(Named(bad["subject"], ref_of(waits)))
    assert "redrive" in await refused(named(grant))
    assert "`parked` lists" in await refused(named(other))
    assert "reason" in await refused(named(bad), "  ")
    assert await sayings(room) == []


async def test_once_it_is_read_what_waited_behind_takes_effect_and_it_never_does(
    room: Room,
) -> None:
    waiting = [later(said(partition=2)) for _ in range(3)]
    reader, log, bad = await with_parked(room, *waiting)
    before = await reader.ids()

    await reader.inbox.handle(log.all([set_aside(bad)]))
    await reader.inbox.handle(log.all(records(later(bad), bad)))

    assert before == []
    ids = await reader.ids()
    assert ids[1:4] == [event["id"] for event in waiting]
    assert len(ids) == 5
    assert bad["id"] not in ids
    assert await parked_ids(reader) == [bad["id"]]
    (row,) = await room.pool.fetch(
        "SELECT set_aside FROM kit_ops.parked WHERE group_id = $1", room.group
    )
    assert row["set_aside"] is True


async def test_a_wrong_type_has_no_effect(room: Room) -> None:
    reader, log, bad = await with_parked(room, later(said(partition=2)))

    wrong = set_aside(bad, type_name="initiative.amended")
    await reader.inbox.handle(log.all([wrong]))
    await reader.inbox.handle(log.all(records(later(bad))))

    assert len(await parked_ids(reader)) == 3
    assert len(await reader.ids()) == 1
    assert [row[-1] for row in await identities(reader)] == [False] * 3


async def test_what_is_set_aside_while_it_waits_is_applied_for_it_has_not_failed(
    room: Room,
) -> None:
    waits = later(said(partition=2))
    reader, log, bad = await with_parked(room, waits)
    waits = {**waits, "subject": bad["subject"]}

    await reader.inbox.handle(log.all([set_aside(waits), set_aside(bad)]))

    # what it says is left out by the service's fold, as where it was never parked
    assert waits["id"] in await reader.ids()
    assert await parked_ids(reader) == [bad["id"]]


async def test_what_was_set_aside_before_it_came_holds_nothing_back(
    room: Room,
) -> None:
    bad = said(partition=2)
    waits = later(bad)
    reader, log = reading(room, fails_on(bad["id"])), Log()
    await reader.inbox.handle(log.all([set_aside(bad)]))

    await reader.inbox.handle(log.all(records(bad, waits)))

    assert await parked_ids(reader) == [bad["id"]]
    assert waits["id"] in await reader.ids()


async def test_what_is_reinstated_is_tried_again(room: Room) -> None:
    reader, log, bad = await with_parked(room, later(said(partition=2)))
    await reader.inbox.handle(log.all([set_aside(bad)]))

    await reader.inbox.handle(log.all([reinstated(bad)]))
    in_vain = await parked_ids(reader)
    reader.then = nothing
    await reader.inbox.handle(log.all([set_aside(bad, 2), reinstated(bad, 2)]))

    assert in_vain == [bad["id"]]
    assert await parked_ids(reader) == []
    assert bad["id"] in await reader.ids()


async def test_a_crash_before_the_rest_goes_on_is_made_good_at_the_next_start(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = later(said(partition=2))
    reader, log, bad = await with_parked(room, waits)

    async def crash() -> None:
        """The process ends here."""

    monkeypatch.setattr(reader.inbox, "let_go_on", crash)
    await reader.inbox.handle(log.all([set_aside(bad)]))
    between = log.all(records(later(bad)))
    await reader.inbox.handle(between)
    before = await parked_ids(reader)
    started = reading(room, fails_on(bad["id"]))
    await started.inbox.let_go_on()

    assert len(before) == 3
    assert await parked_ids(started) == [bad["id"]]
    assert waits["id"] in await started.ids()


async def test_what_fails_when_it_goes_on_is_parked_in_its_turn(room: Room) -> None:
    waiting = [later(said(partition=2)) for _ in range(3)]
    reader, log, bad = await with_parked(room, *waiting)
    reader.then = fails_on(bad["id"], waiting[1]["id"])

    await reader.inbox.handle(log.all([set_aside(bad)]))

    assert await parked_ids(reader, behind=False) == [bad["id"], waiting[1]["id"]]
    assert await parked_ids(reader, behind=True) == [waiting[2]["id"]]
    assert waiting[0]["id"] in await reader.ids()


def cut(data: st.DataObject, records_: list[Written]) -> list[list[Written]]:
    batches: list[list[Written]] = []
    left = records_
    while left:
        n = data.draw(st.integers(1, len(left)))
        batches.append(left[:n])
        left = left[n:]
    return batches


def interleaved(data: st.DataObject, topics: list[list[Written]]) -> list[Written]:
    left = [list(topic) for topic in topics if topic]
    found: list[Written] = []
    while left:
        chosen = data.draw(st.sampled_from(left))
        found.append(chosen.pop(0))
        left = [topic for topic in left if topic]
    return found


def history(data: st.DataObject) -> tuple[Counting, list[list[Written]]]:
    """Facts of two parties on two initiatives; some fail, some are set aside."""
    events: list[Json] = []
    for first in (said(partition=2), said(partition=2)):
        turns = data.draw(st.lists(st.booleans(), min_size=1, max_size=6))
        events += [later(first) if mine else others(first) for mine in turns]
    some = st.lists(
        st.sampled_from(events), max_size=4, unique_by=lambda event: event["id"]
    )
    # so few that they are not taken for a fault of the code
    bad = data.draw(some)
    tracked: list[Written] = []
    for event in data.draw(some):
        tracked.append(set_aside(event))
        if data.draw(st.booleans()):
            tracked.append(reinstated(event))
    written = records(*events)
    state = [each for each in written if each.topic.name == "tidlig.state.v1"]
    municipal = [each for each in written if each.topic.name == "tidlig.municipal.v1"]
    return Counting(*bad), [state, municipal, tracked]


async def outcome(
    room: Room, counting: Counting, batches: list[list[Written]]
) -> tuple[object, ...]:
    room.group = "kit" + "".join(c for c in uuid4().hex if c.isalpha())
    reader, log = reading(room, counting), Log()
    for batch in batches:
        await reader.inbox.handle(log.all(batch))
        assert reader.inbox.failures == 0
    await reader.inbox.let_go_on()
    assert await reader.stopped() == []
    return sorted(await reader.ids()), await identities(reader)


@FEW
@given(st.data())
async def test_in_any_order_of_the_topics_the_same_takes_effect_and_the_same_is_parked(
    room: Room, data: st.DataObject
) -> None:
    counting, topics = history(data)
    one, other = [cut(data, interleaved(data, topics)) for _ in range(2)]

    first = await outcome(room, counting, one)

    assert await outcome(room, counting, other) == first
