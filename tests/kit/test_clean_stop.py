"""A member that ends in peace: nothing is lost, nothing is read twice, nobody waits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.kit import reading, work
from services.kit.inbox import Inbox
from services.kit.settings import Surroundings
from services.kit.work import consume, in_background
from tests.stack import until

from .conftest import Room
from .kafka import committed
from .member import Member, member
from .test_trouble import has_all_once, traffic


@pytest.fixture(autouse=True)
def at_leisure(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noted in Kafka at a stop may take its time here."""
    monkeypatch.setattr(reading, "COMMIT_LIMIT", timedelta(seconds=20))


async def nothing_is_read_again(reader: Member) -> None:
    """Who comes next begins where Kafka has noted: that is where the last has ended."""
    ends = await reader.checkpoints()
    noted = await asyncio.to_thread(committed, reader.room.bootstrap, reader.room.group)
    assert noted
    assert {at: n for at, n in noted.items() if n >= 0} == {
        at: ends[at] for at in noted
    }


@asynccontextmanager
async def static(reader: Member, name: str) -> AsyncIterator[None]:
    """It reads under a name of its own, the same after a restart."""
    around = Surroundings(
        kafka_bootstrap=reader.room.bootstrap,
        token_issuer="",
        token_jwks="",
        instance=name,
    )
    async with in_background(consumer=partial(consume, reader.inbox, around)):
        await until(reader.assigned, seconds=40, what=f"partitions of {name}")
        yield


async def test_a_member_that_ends_under_traffic_leaves_nothing_and_nothing_twice(
    room: Room,
) -> None:
    first = await member(room)
    second = Member(room)
    async with first.consuming(), traffic(room) as places:
        async with second.consuming():
            await first.has(len(places) + 10)
        await first.has(len(places) + 10)
    await nothing_is_read_again(first)
    async with first.consuming():
        await has_all_once(first, places)


async def test_who_is_back_under_its_name_goes_on_and_the_others_do_not_notice(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = await member(room), Member(room)
    assigned: list[str] = []
    listen = Inbox.on_partitions_assigned

    async def noted(inbox: Inbox, partitions: Any) -> None:
        assigned.append("first" if inbox is first.inbox else "another")
        await listen(inbox, partitions)

    monkeypatch.setattr(Inbox, "on_partitions_assigned", noted)

    async def halves() -> bool:
        return (
            len(first.inbox.consumer.assignment())
            == 12
            == len(second.inbox.consumer.assignment())
        )

    async with static(first, "one"):
        async with traffic(room) as places:
            async with static(second, "two"):
                await until(halves, seconds=40, what="half for each")
                before = len(assigned)
            back = Member(room)
            began = monotonic()
            async with static(back, "two"):
                took = monotonic() - began
                await first.has(len(places) + 20)
        async with static(back, "two"):
            await has_all_once(first, places)

    await nothing_is_read_again(first)
    # the session of who had gone lasts ten seconds
    assert took < 10
    assert "first" not in assigned[before:]


async def test_a_client_that_does_not_end_holds_up_a_stop_no_longer_than_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work, "STOP_LIMIT", timedelta(seconds=0.2))

    class Hangs:
        """As with a record in flight to a broker that is away."""

        async def stop(self) -> None:
            await asyncio.Event().wait()

    began = monotonic()
    with capture_logs() as logged:
        await work.stop(Hangs())  # type: ignore[arg-type]

    assert monotonic() - began < 5
    assert [line["event"] for line in logged] == ["kafka_not_stopped"]
