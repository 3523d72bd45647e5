"""The relay: every row reaches Kafka, in order per key, whatever happens to it."""

import asyncio
import secrets
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from time import monotonic
from typing import Any

import pytest

from schemas.topics import MUNICIPAL, REJECTED, STATE
from services.kit import lease, outbox, relay
from services.kit.db import Connection, Pool, pool_of, transaction
from services.kit.lease import Lease
from services.kit.outbox import Outgoing
from services.kit.producer import LARGEST, Claim, Published, Sender
from services.kit.relay import Flying, LeaseLost, Relay
from tests.stack import until

from .conftest import Room
from .kafka import Ends, partition_of
from .relays import going, leads, listens, note, put, rows, sent

# a row of whose commit nobody is notified
UNTOLD = "INSERT INTO outbox (topic, key, value) VALUES ($1, 'k', 'v')"


async def values(room: Room, begin: Ends) -> list[bytes]:
    return [record.value for record in await room.reader.since(begin)]


async def test_every_row_reaches_kafka_in_order_where_any_client_would_put_it(
    room: Room,
) -> None:
    begin = await room.reader.ends()
    records = rows(600, keys=40)

    await put(room, records)
    async with going(room.relay()):
        await sent(room)

    found = await room.reader.since(begin)
    by_key: dict[bytes, list[bytes]] = defaultdict(list)
    for record in found:
        by_key[record.key].append(record.value)
    wanted: dict[bytes, list[bytes]] = defaultdict(list)
    for row in records:
        wanted[row.key].append(row.value)
    assert by_key == wanted
    assert {r.key: r.partition for r in found} == {k: partition_of(k) for k in wanted}


async def test_each_topics_records_say_what_they_are(room: Room) -> None:
    begin = await room.reader.ends()

    await put(room, [Outgoing(t, b"", b"{}") for t in (STATE, MUNICIPAL, REJECTED)])
    async with going(room.relay()):
        await sent(room)

    found = {r.topic: r.headers for r in await room.reader.since(begin)}
    assert found == {
        topic.name: (("content-type", topic.media_type.encode()),)
        for topic in (STATE, MUNICIPAL, REJECTED)
    }


async def test_who_is_told_of_publication_is_told_the_true_place_and_time(
    room: Room,
) -> None:
    begin = await room.reader.ends()

    seqs = await put(room, rows(20, keys=7))
    async with going(room.relay(note)):
        await sent(room)

    told = await room.pool.fetch("SELECT * FROM published")
    lie = {
        (r.partition, r.offset, datetime.fromtimestamp(r.timestamp / 1000, UTC))
        for r in await room.reader.since(begin)
    }
    assert sorted(row["seq"] for row in told) == seqs
    assert {(r["partition"], r["position"], r["appended"]) for r in told} == lie


async def test_a_row_leaves_the_outbox_only_together_with_word_of_it(
    room: Room,
) -> None:
    failures = [1, 1]

    async def fails_at_first(conn: Connection, published: Sequence[Published]) -> None:
        await note(conn, published)
        if failures:
            failures.pop()
            raise ArithmeticError

    seqs = await put(room, rows(3))
    async with going(room.relay(fails_at_first)):
        await sent(room)

    told = await room.pool.fetch("SELECT seq FROM published ORDER BY seq")
    assert failures == []
    assert [row["seq"] for row in told] == seqs


async def test_word_of_a_row_that_another_relay_took_out_is_not_given_again(
    room: Room,
) -> None:
    (seq,) = await put(room, rows(1))
    claim = Claim(1)
    claim.published = [Published(seq, STATE.name, 0, 0, datetime.now(UTC))]

    await room.relay(note).take_out(claim)
    await room.relay(note).take_out(claim)

    assert await room.count("published") == 1


async def test_a_row_that_is_committed_late_is_sent_though_its_number_is_lower(
    room: Room,
) -> None:
    begin = await room.reader.ends()
    async with going(room.relay()):
        async with transaction(room.pool) as late:
            await outbox.append(late, [Outgoing(STATE, b"late", b"late")])
            await put(room, [Outgoing(STATE, b"early", b"early")])
            await sent(room)

        await sent(room)

    assert sorted(await values(room, begin)) == [b"early", b"late"]


async def test_a_late_row_does_not_wait_for_the_traffic_to_end(room: Room) -> None:
    until_sent = asyncio.Event()

    async def traffic(lane: int) -> None:
        while not until_sent.is_set():
            await put(room, rows(1, name=f"traffic{lane}"))

    async def late_row(conn: Connection) -> None:
        await outbox.append(conn, [Outgoing(STATE, b"late", b"late")])
        await asyncio.sleep(0.3)

    async def is_sent() -> bool:
        return not await room.pool.fetchval("SELECT 1 FROM outbox WHERE key = 'late'")

    async with going(room.relay()), asyncio.TaskGroup() as lanes:
        for lane in range(4):
            lanes.create_task(traffic(lane))
        async with transaction(room.pool) as conn:
            await late_row(conn)
        try:
            await until(is_sent, seconds=5, what="the late row among the traffic")
        finally:
            until_sent.set()


async def test_a_row_is_sent_though_its_notification_was_lost(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SAFETY_LOOK", timedelta(seconds=0.3))
    async with going(room.relay()):
        await put(room, rows(1))
        await sent(room)

        async with transaction(room.pool) as conn:
            # as where its writer died before it could wake anybody
            await conn.execute(UNTOLD, STATE.name)

        await sent(room)


async def test_who_is_rung_sends_at_once_and_who_does_not_lead_passes_it_on(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "SAFETY_LOOK", timedelta(seconds=60))
    monkeypatch.setattr(lease, "RENEW", timedelta(seconds=60))
    first, other = room.relay(), room.relay()
    async with going(first):
        await until(leads(first), what="the first to lead")
        async with going(other):
            await until(listens(other), what="the other to listen")
            for one in (first, other):
                await room.pool.execute(UNTOLD, STATE.name)
                one.ring()
                await sent(room)
        assert not other.lease.held


async def test_what_kafka_would_never_take_is_set_aside_and_the_others_go_on(
    room: Room,
) -> None:
    begin = await room.reader.ends()
    large = Outgoing(STATE, b"large", b"x" * 1_000_001)
    unknown = Outgoing(replace(STATE, name="tidlig.unknown"), b"unknown", b"x")

    await put(room, [*rows(1), large, unknown, *rows(1)])
    async with going(room.relay()):
        await sent(room)

    parked = await room.pool.fetch("SELECT key, reason FROM outbox_parked ORDER BY seq")
    assert [tuple(row) for row in parked] == [
        (b"large", "too_large"),
        (b"unknown", "unknown_topic"),
    ]
    assert len(await values(room, begin)) == 2


async def test_the_largest_row_that_is_not_set_aside_is_sent(room: Room) -> None:
    begin = await room.reader.ends()
    # what zstd cannot make smaller
    value = secrets.token_bytes(LARGEST - 3)

    await put(room, [Outgoing(STATE, b"key", value)])
    async with going(room.relay()):
        await sent(room)

    assert await values(room, begin) == [value]


async def test_a_claim_is_bounded_in_bytes_but_never_empty(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "CLAIM_BYTES", 1_000)
    sizes = (5_000, 400, 700, 100, 300)
    seqs = await put(room, [Outgoing(STATE, b"k", b"x" * n) for n in sizes])

    claims = [await room.relay().claim(after) for after in (0, *seqs[:2])]

    found = [[row.seq for row in claim] for claim in claims]
    assert found == [seqs[:1], seqs[1:3], seqs[2:]]


async def test_a_clean_stop_in_the_middle_loses_nothing_and_repeats_nothing(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin = await room.reader.ends()
    records = rows(20_000, keys=50)
    await put(room, records)
    answered, slow = Claim.answered, Event()

    def late(claim: Claim, *answer: Any) -> None:
        # in the producer's thread: what is sent has not been acknowledged yet
        slow.wait(0.0 if claim.published else 0.2)
        answered(claim, *answer)

    async def some_left() -> bool:
        return await room.count("outbox") < len(records)

    monkeypatch.setattr(Claim, "answered", late)
    async with going(room.relay()):
        await until(some_left, what="the first rows to be sent")
    left = await room.count("outbox")
    slow.set()
    async with going(room.relay()):
        await sent(room)

    assert left > 0, "it was not in the middle"
    assert len(await values(room, begin)) == len(records)


async def test_a_relay_whose_connection_is_lost_begins_again(room: Room) -> None:
    begin = await room.reader.ends()
    async with going(room.relay()):
        await put(room, rows(1))
        await sent(room)

        await room.terminate_others()
        async with room.connection() as conn:
            await outbox.append(conn, rows(1))

        await sent(room)
    assert len(await values(room, begin)) == 2


async def test_at_rest_it_asks_postgres_less_than_once_in_two_seconds(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    faster = 10
    monkeypatch.setattr(lease, "RENEW", lease.RENEW / faster)
    monkeypatch.setattr(relay, "SAFETY_LOOK", relay.SAFETY_LOOK / faster)
    queries: list[float] = []
    async with pool_of(room.url, "kit", size=1) as pool:
        async with pool.acquire() as conn:
            # it also sees what the pool itself asks when it takes a connection back
            conn.add_query_logger(lambda _: queries.append(monotonic()))
        resting = replace_pool(room.relay(), pool)
        resting.lease.ttl /= faster
        async with going(resting):
            await until(leads(resting), what="the relay to lead")
            begin = monotonic()
            await asyncio.sleep(2)
            asked = [at for at in queries if at > begin]

    per_second = len(asked) / (2 * faster)
    assert 0 < per_second <= 0.5


def replace_pool(resting: Relay, pool: Pool) -> Relay:
    resting.pool = resting.lease.pool = pool
    return resting


async def test_of_two_relays_one_sends_and_the_other_takes_over_at_once(
    room: Room,
) -> None:
    begin = await room.reader.ends()
    first, second = room.relay(), room.relay()

    async with AsyncExitStack() as later:
        async with going(first):
            await until(leads(first), what="the first relay to lead")
            await later.enter_async_context(going(second))
            await put(room, rows(10))
            await sent(room)
            followed = not second.lease.held
        # the first ended in peace: the other need not wait for the lease to run out
        await put(room, rows(10))
        await sent(room)

        assert followed
        assert second.lease.held
    assert len(await values(room, begin)) == 20


async def test_a_relay_that_dies_is_followed_when_its_lease_runs_out(
    room: Room,
) -> None:
    dead = Lease(room.pool, "relay", timedelta(seconds=1))
    assert await dead.take()

    async with going(room.relay()):
        await put(room, rows(1))
        waited = await room.count("outbox")
        await asyncio.sleep(1)
        await put(room, rows(1))
        await sent(room)

    assert waited == 1


async def test_a_relay_that_was_paused_beyond_its_lease_sends_no_more(
    room: Room,
) -> None:
    begin = await room.reader.ends()
    paused, other = room.relay(), Lease(room.pool, "relay")
    await until(paused.lease.take, what="the lease")
    await paused.lease.give_up()
    assert await other.take()
    # what it believes after a pause, until it looks at its own clock
    paused.lease.until = 1.0
    await put(room, rows(10))

    async with going(paused):
        await asyncio.sleep(0.5)

    assert await room.count("outbox") == 10
    assert await values(room, begin) == []


async def test_a_relay_that_loses_its_lease_while_it_sends_claims_no_more(
    room: Room,
) -> None:
    loser, other = room.relay(), Lease(room.pool, "relay")
    assert await other.take()
    await put(room, rows(10))

    await loser.drain(NobodySends())

    assert await room.count("outbox") == 10


async def test_a_relay_that_loses_its_lease_with_rows_in_flight_gives_up(
    room: Room,
) -> None:
    loser = room.relay()
    assert await loser.lease.take()
    loser.flying.append(Flying(Claim(1), [1], 0.0))
    await room.pool.execute("UPDATE lease SET holder = gen_random_uuid()")
    loser.lease.until = 0.0

    with pytest.raises(LeaseLost):
        await loser.drain(NobodySends())


class NobodySends(Sender):
    """A sender that must not be asked."""

    def __init__(self) -> None:
        pass
