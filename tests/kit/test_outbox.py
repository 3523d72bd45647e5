"""The outbox: what is to be published commits with what makes it true."""

from datetime import timedelta

import pytest

from schemas.topics import STATE, TRACKER
from services.kit import outbox, wake
from services.kit.db import transaction
from services.kit.outbox import Outgoing

from .conftest import Room


async def test_rows_stand_in_the_order_in_which_they_were_given(room: Room) -> None:
    given = [
        Outgoing((STATE, TRACKER)[n % 2], b"%d" % (n * 7 % 100), b"%d" % n)
        for n in range(500)
    ]

    async with transaction(room.pool) as conn:
        seqs = await outbox.append(conn, given)

    rows = await room.pool.fetch("SELECT * FROM outbox ORDER BY seq")
    assert [row["seq"] for row in rows] == seqs
    found = [(row["topic"], row["key"], row["value"]) for row in rows]
    assert found == [(each.topic.name, each.key, each.value) for each in given]


async def test_nothing_is_put_in_when_the_callers_transaction_fails(
    room: Room,
) -> None:
    async def fails() -> None:
        async with transaction(room.pool) as conn:
            await outbox.append(conn, [Outgoing(STATE, b"k", b"v")])
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        await fails()

    assert await room.count("outbox") == 0


async def test_who_waits_for_the_outbox_is_woken_once_it_is_committed(
    room: Room,
) -> None:
    long, short = timedelta(seconds=10), timedelta(seconds=0.05)
    async with wake.listening(room.url, "kit", "kit_outbox") as woken:
        async with transaction(room.pool) as conn:
            await outbox.append(conn, [Outgoing(STATE, b"k", b"v")])
            before = await woken.wait(short)

        assert not before
        assert await woken.wait(long)


async def test_nothing_is_seen_before_the_callers_transaction_has_ended(
    room: Room,
) -> None:
    async with transaction(room.pool) as conn:
        await outbox.append(conn, [Outgoing(STATE, b"k", b"v")])
        before = await room.count("outbox")

    assert before == 0
    assert await room.count("outbox") == 1


async def test_to_put_in_nothing_asks_postgres_nothing(room: Room) -> None:
    async with transaction(room.pool) as conn:
        asked: list[object] = []
        conn.add_query_logger(asked.append)

        assert await outbox.append(conn, []) == []
        assert asked == []


async def test_operations_see_how_much_waits_and_no_content(room: Room) -> None:
    async with transaction(room.pool) as conn:
        seqs = await outbox.append(conn, [Outgoing(STATE, b"k", b"v")] * 3)
    await outbox.park(room.pool, {seqs[0]: "too_large"})

    waiting = await room.pool.fetchrow("SELECT * FROM kit_ops.outbox")
    parked = await room.pool.fetchrow("SELECT * FROM kit_ops.outbox_parked")

    assert waiting is not None
    assert parked is not None
    assert waiting["waiting"] == 2
    assert set(waiting.keys()) == {"waiting", "oldest"}
    assert (parked["seq"], parked["reason"]) == (seqs[0], "too_large")
    assert set(parked.keys()) == {"seq", "topic", "reason", "since"}
