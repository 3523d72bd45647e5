"""Where it is not the facts: one partition waits, and says so; the others go on."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from schemas.admission import admit
from schemas.topics import STATE
from services.kit import health
from services.kit.batch import Arrived, Refused
from services.kit.db import Connection
from services.kit.search import MOST_IN_A_ROW
from tests.stack import until

from .conftest import Room
from .facts import facts, record, said, unreadable
from .kafka import Written, committed
from .member import SECRET, Hook, Member, member, nothing


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stopped partition is tried again soon."""
    monkeypatch.setattr("services.kit.inbox.RETRY_STOPPED", timedelta(seconds=0.2))


async def stands(reader: Member) -> str:
    """Wait until a partition stands; what `/ready` says of it."""

    async def says() -> str | None:
        return await health.consumer(reader.inbox)()

    async def stopped() -> bool:
        return bool(reader.inbox.stopped)

    await until(stopped, what="a partition that stands")
    sentence = await says()
    assert sentence is not None
    return sentence


def fails_in(partition: int) -> Hook:
    """Every fact of the partition makes the code fail."""

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        if any(each.place.partition == partition for each in arrived):
            raise KeyError(SECRET)

    return then


def many(partition: int) -> list[Written]:
    """So many that they are not parked when they all fail."""
    return facts(MOST_IN_A_ROW + 1, partition=partition)


async def goes_on(reader: Member) -> None:
    async def ready() -> bool:
        return await health.consumer(reader.inbox)() is None

    await until(ready, what="readiness")


async def test_a_partition_whose_facts_all_fail_stands_alone(room: Room) -> None:
    reader = await member(room)
    reader.then = fails_in(3)

    lost, beside = many(3), facts(3, partition=8)
    # before it reads, so that all of it is one batch
    places = await room.writer.write(*lost, *beside)
    async with reader.consuming():
        await stands(reader)
        later = await room.writer.write(*facts(2, partition=8))
        await reader.reached(*later)

    found = await reader.effects()
    assert [r["position"] for r in found if r["partition"] == 3] == []
    assert len([r for r in found if r["partition"] == 8]) == 5
    assert (await reader.checkpoints())[STATE.name, 3] == places[0][2]


async def test_what_stands_names_the_class_and_the_place_and_never_the_text(
    room: Room, capsys: pytest.CaptureFixture[str]
) -> None:
    reader = await member(room)
    reader.then = fails_in(3)

    ((_, _, offset), *_) = await room.writer.write(*many(3))
    async with reader.consuming():
        sentence = await stands(reader)

    (row,) = await reader.stopped()
    assert (row["topic"], row["partition"], row["record"]) == (STATE.name, 3, offset)
    assert row["error_class"] == "KeyError"
    assert row["place"].startswith("tests/kit/test_stops.py:")
    assert f"{STATE.name}/3 stands at {offset}: KeyError at tests/kit" in sentence
    logged = capsys.readouterr()
    assert "partition_stopped" in logged.out
    assert SECRET not in f"{sentence}{row}{logged.out}{logged.err}"


async def test_it_is_tried_again_and_goes_on_where_it_stood(room: Room) -> None:
    reader = await member(room)
    reader.then = fails_in(3)

    places = await room.writer.write(*many(3))
    async with reader.consuming():
        await stands(reader)
        assert await reader.stopped()
        reader.then = nothing
        await reader.reached(places[-1])
        await goes_on(reader)

    assert [r["position"] for r in await reader.effects()] == [p[2] for p in places]
    assert await reader.stopped() == []


async def test_since_when_it_stands_is_kept_over_all_tries(room: Room) -> None:
    reader = await member(room)
    unknown = said(partition=6)
    tries: list[str] = []

    async def then(_: Connection, arrived: Sequence[Arrived]) -> None:
        if any(each.place.partition == 3 for each in arrived):
            tries.append("again")
            raise KeyError

    async def several() -> bool:
        return len(tries) > tried + 60

    reader.then = then
    await room.writer.write(*many(3), record(unknown, ruleset=99))
    async with reader.consuming():

        async def both() -> bool:
            return len(await reader.stopped()) == 2

        await until(both, what="two partitions that stand")
        first, tried = await reader.stopped(), len(tries)
        await until(several, what="several tries")
        last = await reader.stopped()

    assert last == first


async def test_a_row_that_an_earlier_process_left_is_taken_away_when_it_goes_on(
    room: Room,
) -> None:
    old, new = await member(room), Member(room)
    old.then = fails_in(3)
    (*_, place) = await room.writer.write(*many(3))
    async with old.consuming():
        await stands(old)

    async with new.consuming():
        await new.reached(place)

    assert await new.stopped() == []


async def test_kafkas_offset_never_runs_ahead_of_a_partition_that_stands(
    room: Room,
) -> None:
    reader = await member(room)
    reader.then = fails_in(3)

    place, *_ = await room.writer.write(*many(3))
    async with reader.consuming():
        await stands(reader)
        await reader.reached(*await room.writer.write(*facts(4, partition=8)))

        async def noted() -> bool:
            found = await asyncio.to_thread(committed, room.bootstrap, room.group)
            return (STATE.name, 8) in found and (STATE.name, 3) in found

        await until(noted, what="Kafka's offsets")
    found = await asyncio.to_thread(committed, room.bootstrap, room.group)

    assert found[STATE.name, 3] <= place[2]


async def test_facts_of_a_rule_set_that_the_code_does_not_know_wait_for_newer_code(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await member(room)

    def newer_code(value: bytes | None, *rest: Any) -> Any:
        return admit((value or b"").replace(b'"ruleset":99', b'"ruleset":1'), *rest)

    # before it reads, so that all of it is one batch
    places = await room.writer.write(
        *facts(1, partition=3),
        record(said(partition=3), ruleset=99),
        *facts(2, partition=3),
        *facts(1, partition=8),
    )
    async with reader.consuming():
        sentence = await stands(reader)
        await reader.reached(places[0], places[-1])
        before = await reader.effects()
        monkeypatch.setattr("services.kit.batch.admit", newer_code)
        await reader.reached(places[3])
        await goes_on(reader)

    assert f"stands at {places[1][2]}: Newer at rule set 99" in sentence
    assert len(before) == 2
    assert await reader.refusals() == {}
    in_partition = [
        r["position"] for r in await reader.effects() if r["partition"] == 3
    ]
    assert in_partition == [offset for _, _, offset in places[:4]]
    assert await reader.stopped() == []


async def test_a_failure_to_reject_stops_the_partition_and_rejects_once_later(
    room: Room,
) -> None:
    reader = await member(room)
    refuse, fails = reader.inbox.on_refused, [True]

    async def cannot(conn: Connection, refused: Sequence[Refused]) -> None:
        await refuse(conn, refused)
        if refused and fails:
            raise KeyError(SECRET)

    reader.inbox.on_refused = cannot
    async with reader.consuming():
        poison = unreadable(partition=3)["not_json"]
        places = await room.writer.write(poison, *facts(1, partition=3))
        await stands(reader)
        (row,) = await reader.stopped()
        fails.clear()
        await reader.reached(places[-1])

    assert row["error_class"] == "KeyError"
    assert await reader.refusals() == {places[0][2]: "not_json"}
    assert len(await reader.effects()) == 1


async def test_a_partition_whose_end_kafka_has_lost_is_held_and_nothing_passed_over(
    room: Room,
) -> None:
    """The checkpoint lies beyond the end; what is said next would be skipped."""
    reader = await member(room)
    ends = await room.reader.ends()
    end = ends[STATE.name, 4]
    await room.pool.execute(
        "UPDATE checkpoint SET next = $2"
        " WHERE group_id = $1 AND topic = $3 AND partition = 4",
        *(reader.group, end + 50, STATE.name),
    )
    async with reader.consuming():
        (other,) = await room.writer.write(*facts(1, partition=5))
        await room.writer.write(*facts(3, partition=4))
        await reader.reached(other)
        (stop,) = await until(reader.stopped, what="the partition to be held")
        ready = await health.consumer(reader.inbox)()

    assert (stop["topic"], stop["partition"], stop["record"]) == (
        STATE.name,
        4,
        end + 50,
    )
    assert (stop["error_class"], stop["place"][:13]) == ("LostEnd", "Kafka ends at")
    assert "LostEnd" in (ready or "")
    assert (await reader.checkpoints())[STATE.name, 4] == end + 50
    assert len(await reader.effects()) == 1
