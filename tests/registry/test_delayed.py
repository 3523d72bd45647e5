"""A view says that words of the reader's own wait here, and to nobody else."""

from collections.abc import AsyncIterator

import pytest

from schemas.envelope import timestamp
from schemas.topics import STATE
from services.kit import stopped
from services.kit.delays import place_of
from services.kit.stopped import Stop
from services.registry.handlers import GROUP
from tests.schemas.said import KS, NAV

from .conftest import Desk
from .hand import Hand, announced_and_shared


@pytest.fixture
async def waiting(desk: Desk) -> AsyncIterator[Hand]:
    """An initiative of Nav's, of whose partition a record stops the registry."""
    story = announced_and_shared()
    await desk.tell(*story.told)
    topic, partition = place_of(NAV, story.subject)
    assert topic == STATE.name
    async with desk.pool.acquire() as conn:
        stop = Stop(GROUP, topic, partition, 99, "Newer", "rule set 99")
        await stopped.record(conn, stop)
    yield story
    await desk.pool.execute("TRUNCATE stopped")


async def test_an_owner_sees_since_when_its_words_wait(
    desk: Desk, waiting: Hand
) -> None:
    (row,) = await desk.fetch("SELECT since FROM stopped")

    seen = await desk.read(f"/initiatives/{waiting.subject}", NAV)

    assert seen["delayed"] == {"service": "registry", "since": timestamp(row["since"])}


async def test_who_has_said_nothing_there_does_not_learn_of_it(
    desk: Desk, waiting: Hand
) -> None:
    theirs = await desk.read(f"/initiatives/{waiting.subject}", KS)

    assert "delayed" not in theirs


async def test_what_had_been_said_by_then_does_not_wait(
    desk: Desk, waiting: Hand
) -> None:
    as_of = timestamp(desk.now[0]).replace("+00:00", "Z")
    then = await desk.read(f"/initiatives/{waiting.subject}?as_of={as_of}", NAV)

    assert "delayed" not in then


async def test_nothing_is_delayed_where_nothing_waits(desk: Desk) -> None:
    story = announced_and_shared()
    await desk.tell(*story.told)

    assert "delayed" not in await desk.read(f"/initiatives/{story.subject}", NAV)
