"""Rows on their way to Kafka: before the earlier are answered, again where unknown."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from threading import Lock
from typing import Any

import pytest
from confluent_kafka import KafkaError

from services.kit import metrics, relay, work
from services.kit.producer import Claim, Row, Sender
from tests.stack import until

from .conftest import Room
from .relays import going, put, rows, sent


class Holding(Sender):
    """Takes claims, and answers none."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []

    def send(self, rows: Sequence[Row]) -> Claim:
        self.claims.append(Claim(len(rows)))
        return self.claims[-1]


async def test_the_next_claims_are_sent_before_the_first_is_answered(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "CLAIM_ROWS", 10)
    await put(room, rows(100))
    sending, sender = room.relay(), Holding()

    async def three() -> bool:
        return len(sender.claims) == relay.IN_FLIGHT

    draining = asyncio.create_task(sending.drain(sender))
    await until(three, what="claims in flight")
    await asyncio.sleep(0.2)
    in_flight = len(sender.claims)
    async with room.connection() as conn:
        open_ones = await conn.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND xact_start IS NOT NULL AND pid <> pg_backend_pid()"
        )
    draining.cancel()
    await asyncio.gather(draining, return_exceptions=True)
    await sending.lease.give_up()

    assert in_flight == relay.IN_FLIGHT == 3
    assert open_ones == 0, "a transaction is open while rows are sent"


async def test_after_an_error_another_producer_goes_on_from_the_first_unanswered_row(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The row that was answered with an error lies on Kafka all the same."""
    monkeypatch.setattr(relay, "CLAIM_ROWS", 50)
    monkeypatch.setattr(work, "LONGEST_PAUSE", 0.0)
    begin = await room.reader.ends()
    unknown = metrics.SENDS_UNKNOWN._value.get()
    made: list[Sender] = []
    answered, lock, left = Claim.answered, Lock(), [70, 250]

    class Counted(Sender):
        def __init__(self, *arguments: str) -> None:
            super().__init__(*arguments)
            made.append(self)

    def fails_now_and_then(claim: Claim, seq: int, error: Any, message: Any) -> None:
        with lock:
            left[:] = [n - 1 for n in left]
            wrong = KafkaError(KafkaError._TIMED_OUT) if 0 in left else error
        answered(claim, seq, wrong, message)

    monkeypatch.setattr(relay, "Sender", Counted)
    monkeypatch.setattr(Claim, "answered", fails_now_and_then)
    await put(room, rows(300, keys=7))
    async with going(room.relay()):
        await sent(room)

    by_key: dict[bytes, list[int]] = defaultdict(list)
    for record in await room.reader.since(begin):
        by_key[record.key].append(int(record.value.split()[-1]))
    for key, found in by_key.items():
        first = [n for at, n in enumerate(found) if n not in found[:at]]
        assert first == sorted(first), key
    assert sorted({n for found in by_key.values() for n in found}) == list(range(300))
    assert len(made) >= 3
    assert metrics.SENDS_UNKNOWN._value.get() > unknown
