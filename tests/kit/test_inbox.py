"""The inbox on a real Kafka: each record takes effect once, wherever one begins."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import asyncpg
import pytest

from schemas.topics import STATE
from services.kit import checkpoint, metrics, work
from services.kit.checkpoint import Checkpoint, Place
from services.kit.db import Connection
from tests.schemas.said import NARVIK
from tests.stack import until

from .conftest import Room
from .facts import again, facts, record, said, unreadable
from .kafka import Writer, Written, commit, committed
from .member import Member, member

Coordinates = tuple[str, int, int]


def is_in_order(rows: Sequence[asyncpg.Record]) -> bool:
    by_partition: dict[tuple[str, int], list[int]] = {}
    for row in rows:
        at = (row["topic"], row["partition"])
        by_partition.setdefault(at, []).append(row["position"])
    return all(found == sorted(found) for found in by_partition.values())


async def test_each_record_takes_effect_once_and_in_the_order_of_its_partition(
    room: Room,
) -> None:
    reader = await member(room)
    records = facts(40) + facts(20, speaker=NARVIK)
    repeated = records[::3]

    async with reader.consuming():
        places = await room.writer.write(*records, *repeated)
        await reader.reached(*places)

    found = await reader.effects()
    wanted = {
        place: record.value for place, record in zip(places, records, strict=False)
    }
    assert {(r["topic"], r["partition"], r["position"]): r["value"] for r in found} == (
        wanted
    )
    assert is_in_order(found)


async def test_what_lies_below_the_checkpoint_takes_no_effect_again(room: Room) -> None:
    reader = await member(room)
    places = await room.writer.write(*facts(6, partition=4))
    await reader.stands(places[4])
    # Kafka would have the group begin long before
    await asyncio.to_thread(commit, room.bootstrap, room.group, [places[0]])

    async with reader.consuming():
        await reader.reached(places[-1])

    assert [row["position"] for row in await reader.effects()] == [
        offset for _, _, offset in places[4:]
    ]


async def behind_what_kafka_notes(room: Room) -> tuple[Member, list[Coordinates]]:
    """Facts that are not applied, though Kafka has noted that they were."""
    reader = await member(room)
    places = await room.writer.write(*facts(5, partition=7))
    topic, partition, last = places[-1]
    noted = [(topic, partition, last + 1)]
    await asyncio.to_thread(commit, room.bootstrap, room.group, noted)
    return reader, places


async def test_a_group_begins_where_postgres_says_though_kafka_has_noted_more(
    room: Room,
) -> None:
    reader, places = await behind_what_kafka_notes(room)

    async with reader.consuming():
        await reader.reached(places[-1])

    assert len(await reader.effects()) == 5


async def test_a_batch_that_is_in_hand_when_the_place_is_found_makes_it_skip_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, places = await behind_what_kafka_notes(room)
    find, lock = checkpoint.find, reader.inbox.lock
    in_hand = asyncio.Event()

    async def find_later(*arguments: Any) -> dict[Place, Checkpoint]:
        # meanwhile a record comes that lies where Kafka would have it begin
        places.extend(await room.writer.write(*facts(1, partition=7)))
        await in_hand.wait()
        return await find(*arguments)

    async def lock_later(*arguments: Any) -> dict[Place, Checkpoint]:
        in_hand.set()
        await until(reader.has_found, what="its place")
        return await lock(*arguments)

    monkeypatch.setattr(checkpoint, "find", find_later)
    monkeypatch.setattr(reader.inbox, "lock", lock_later)
    async with reader.consuming():
        await reader.reached(places[-1])

    assert len(places) == 6
    assert len(await reader.effects()) == 6


async def test_a_postgres_that_is_away_at_the_start_makes_it_skip_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, places = await behind_what_kafka_notes(room)

    async def away(*_: Any) -> dict[Place, Checkpoint]:
        raise ConnectionRefusedError

    monkeypatch.setattr(checkpoint, "find", away)
    async with reader.consuming(found=False):
        # it finds out when the next record comes
        places += await room.writer.write(*facts(1, partition=7))
        await reader.reached(places[-1])

    assert len(await reader.effects()) == 6


async def set_back(room: Room, reader: Member) -> list[Coordinates]:
    """Five facts were applied, and the database then forgets the last three."""
    places = await room.writer.write(*facts(5, partition=2))
    await reader.reached(places[-1])
    await room.pool.execute("DELETE FROM effect WHERE position > $1", places[1][2])
    await reader.stands(places[2])
    return places


async def test_a_database_that_was_set_back_while_it_reads_is_brought_up_again(
    room: Room,
) -> None:
    reader = await member(room)
    async with reader.consuming():
        places = await set_back(room, reader)

        places += await room.writer.write(*facts(1, partition=2))
        await reader.reached(places[-1])

    assert [row["position"] for row in await reader.effects()] == [
        offset for _, _, offset in places
    ]


async def test_a_database_that_was_set_back_is_brought_up_again_though_nothing_comes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits until a topic is read to its end would otherwise wait for ever."""
    monkeypatch.setattr(work, "LOOK_EVERY", timedelta(seconds=0.2))
    reader = await member(room)
    async with reader.consuming():
        places = await set_back(room, reader)
        await reader.reached(places[-1])

    assert [row["position"] for row in await reader.effects()] == [
        offset for _, _, offset in places
    ]


async def test_offsets_that_hold_no_record_are_no_gap(room: Room) -> None:
    reader = await member(room)
    writer = Writer(room.bootstrap, **{"transactional.id": room.group})
    await asyncio.to_thread(writer.producer.init_transactions, 10)
    async with reader.consuming():
        for n in range(4):
            writer.producer.begin_transaction()
            places = await writer.write(*facts(2, partition=5))
            if n == 2:
                await asyncio.to_thread(writer.producer.abort_transaction, 10)
            else:
                await asyncio.to_thread(writer.producer.commit_transaction, 10)
        await reader.reached(places[-1])

    assert len(await reader.effects()) == 6


async def test_a_record_that_nobody_can_admit_is_refused_and_the_partition_goes_on(
    room: Room,
) -> None:
    reader = await member(room)
    poison = unreadable(partition=9)
    before, after = facts(2, partition=9)
    odd = record(said(partition=9))
    odd = Written(
        odd.topic, odd.key, odd.value, (("x", None), ("y", b"\xfe\xff"), *odd.headers)
    )

    async with reader.consuming():
        places = await room.writer.write(before, *poison.values(), odd, after)
        await reader.reached(places[-1])

    offsets = [offset for _, _, offset in places]
    assert await reader.refusals() == dict(zip(offsets[1:-2], poison, strict=True))
    assert [row["position"] for row in await reader.effects()] == [
        offsets[0],
        *offsets[-2:],
    ]


async def test_headers_that_are_no_text_spoil_nothing_but_their_own_record(
    room: Room,
) -> None:
    reader = await member(room)
    good = facts(3, partition=9)
    nameless = Written(STATE, b"k", b"{}", (("content-type", None),), 9)
    binary = Written(STATE, b"k", b"{}", (("content-type", b"\xff\x00"),), 9)

    async with reader.consuming():
        places = await room.writer.write(good[0], nameless, good[1], binary, good[2])
        await reader.reached(places[-1])

    assert set((await reader.refusals()).values()) == {"content_type"}
    assert len(await reader.effects()) == 3


async def test_the_same_again_is_dropped_and_counted_and_other_words_are_refused(
    room: Room,
) -> None:
    reader = await member(room)
    event = said(partition=1)
    changed = again(event, time="2026-09-14T08:30:01+02:00")
    labels = (room.group, STATE.name)

    async with reader.consuming():
        (first,) = await room.writer.write(record(event))
        await reader.reached(first)
        # what intake adds does not count: it may be sent again by another relay
        stamped_anew = record(event, salt=b"another salt....")
        same, other = await room.writer.write(stamped_anew, record(changed))
        await reader.reached(other)

    assert len(await reader.effects()) == 1
    assert metrics.DUPLICATES.labels(*labels)._value.get() == 1
    assert await reader.refusals() == {other[2]: "id_reused"}
    assert same[2] not in await reader.refusals()


async def test_kafkas_own_offset_follows_the_checkpoint(room: Room) -> None:
    reader = await member(room)

    async with reader.consuming():
        places = await room.writer.write(*facts(10))
        await reader.reached(*places)

        async def noted() -> bool:
            found = await asyncio.to_thread(committed, room.bootstrap, room.group)
            return all(found.get((t, n), 0) > offset for t, n, offset in places)

        await until(noted, what="Kafka's offsets")
        more = await room.writer.write(*facts(10))
        await reader.reached(*more)

    # what was applied last is noted when it stops
    found = await asyncio.to_thread(committed, room.bootstrap, room.group)
    checkpoints = await reader.checkpoints()
    assert {at: checkpoints[at] for at in found} == found
    assert found.keys() >= {(t, n) for t, n, _ in (*places, *more)}


async def test_kafkas_own_offset_does_not_run_ahead_of_the_batch_in_hand(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.kit.reading.NOTE_AFTER", timedelta(0))
    reader = await member(room)
    held, release = asyncio.Event(), asyncio.Event()

    async def then(_: Connection, __: Sequence[Any]) -> None:
        held.set()
        await release.wait()

    async with reader.consuming():
        (first,) = await room.writer.write(*facts(1, partition=3))
        await reader.reached(first)
        reader.then = then
        await room.writer.write(*facts(3, partition=3))
        await held.wait()
        await reader.inbox.note_now()
        found = await asyncio.to_thread(committed, room.bootstrap, room.group)
        release.set()

    assert found[first[:2]] == first[2] + 1


async def test_a_stop_lets_the_batch_in_hand_take_effect_whole(room: Room) -> None:
    reader = await member(room)
    begun = asyncio.Event()

    async def slowly(_: Connection, __: Sequence[Any]) -> None:
        begun.set()
        await asyncio.sleep(0.5)

    reader.then = slowly
    async with reader.consuming():
        await room.writer.write(*facts(1, partition=3))
        await begun.wait()

    assert len(await reader.effects()) == 1


async def test_a_batch_that_is_broken_off_leaves_nothing_and_comes_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = await member(room)
    begun = asyncio.Event()

    async def hangs(_: Connection, __: Sequence[Any]) -> None:
        begun.set()
        await asyncio.sleep(60)

    reader.then = hangs
    monkeypatch.setattr("services.kit.broker.GRACE", 0.2)
    async with reader.consuming():
        places = await room.writer.write(*facts(3, partition=3))
        await begun.wait()
    broken_off = await reader.effects()
    second = Member(room)
    async with second.consuming():
        await second.reached(places[-1])

    assert broken_off == []
    assert len(await second.effects()) == 3
