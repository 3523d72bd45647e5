"""A consumer that stands still ends its process; one that waits does not."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta

import pytest
from aiokafka import TopicPartition

from services.kit import health, watchdog, work
from services.kit.batch import Arrived
from services.kit.db import Connection
from services.kit.watchdog import Progress
from tests.stack import until

from .conftest import Room
from .facts import facts
from .member import member

A, B = TopicPartition("t", 0), TopicPartition("t", 1)
LIMIT = timedelta(seconds=10)


def test_a_partition_that_is_behind_and_not_read_on_stands() -> None:
    progress = Progress()
    for now in (0, 5, 11):
        progress.note_read({A: 3, B: int(now)}, {A: 4, B: 100}, now)

    assert progress.standing(9, LIMIT) is None
    assert progress.standing(11, LIMIT) == (
        "t/0 has lag and is read no further than at 3 for 11 s"
    )


def test_a_partition_that_is_read_to_its_end_does_not_stand_however_long() -> None:
    progress = Progress()
    progress.note_read({A: 4}, {A: 4}, 0)
    progress.note_read({A: 4}, {A: 4}, 1000)
    progress.note_read({A: 4}, {A: 5}, 1001)

    assert progress.standing(1010, LIMIT) is None
    assert progress.standing(1012, LIMIT) is not None


def test_a_partition_of_which_nobody_knows_where_it_is_read_stands() -> None:
    progress = Progress()
    for now in (0, 11):
        progress.note_read({A: None}, {A: 5}, now)

    assert "at no offset" in (progress.standing(11, LIMIT) or "")


def test_a_batch_that_is_in_hand_for_long_stands_and_the_next_is_another() -> None:
    progress = Progress()
    progress.note_hand(1, 0)
    progress.note_hand(2, 9)
    progress.note_read({A: 1}, {A: 5}, 0)

    assert progress.standing(18, LIMIT) is None
    assert progress.standing(20, LIMIT) == "a batch has been in hand for 11 s"
    progress.note_hand(None, 21)
    assert "has lag" in (progress.standing(21, LIMIT) or "")


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the watchdog says last; here it ends no process, and is impatient."""
    said: list[str] = []
    monkeypatch.setattr(watchdog, "end_process", lambda _, what: said.append(what))
    monkeypatch.setattr(watchdog, "LONGEST_STANDSTILL", timedelta(seconds=1))
    monkeypatch.setattr(work, "LOOK_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(work, "ASK_EVERY", timedelta(seconds=0.1))
    return said


async def test_a_batch_that_hangs_ends_the_process_and_ready_says_so_before(
    room: Room, ended: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "LONGEST_SILENCE", timedelta(seconds=0.5))
    reader, goes_on = await member(room), asyncio.Event()

    async def hangs(_: Connection, __: Sequence[Arrived]) -> None:
        await goes_on.wait()

    async def stands() -> str | None:
        found = await health.consumer(reader.inbox)()
        # that Kafka is not asked while a batch is in hand may be said before
        return found if found is not None and "in hand" in found else None

    reader.then = hangs
    async with reader.consuming():
        await room.writer.write(*facts(3))

        told = await until(stands, what="readiness to say so")
        await until(said(ended), what="the last line")
        goes_on.set()
        await reader.has(3)

    assert "makes no progress: a batch has been in hand" in told
    assert ended[0].startswith("a batch has been in hand")


async def test_a_consumer_that_fetches_no_more_ends_the_process(
    room: Room, ended: list[str]
) -> None:
    reader = await member(room)
    async with reader.consuming():
        fetcher = reader.inbox.consumer._fetcher
        fetching = fetcher._fetch_task
        fetching.cancel()
        await asyncio.gather(fetching, return_exceptions=True)
        # one that lives, and does nothing
        fetcher._fetch_task = asyncio.ensure_future(asyncio.Event().wait())
        await room.writer.write(*facts(3))

        await until(said(ended), what="the last line")

    assert "has lag and is read no further than" in ended[0]


async def test_who_waits_for_postgres_does_not_stand(
    room: Room, ended: list[str]
) -> None:
    reader, tries = await member(room), 0

    async def fails(_: Connection, __: Sequence[Arrived]) -> None:
        nonlocal tries
        tries += 1
        raise ConnectionResetError

    async def often() -> bool:
        return tries > 5

    reader.then = fails
    async with reader.consuming():
        await room.writer.write(*facts(3))
        await until(often, seconds=30, what="tries")

    assert ended == []


def said(ended: list[str]) -> Callable[[], Awaitable[bool]]:
    async def any_said() -> bool:
        return bool(ended)

    return any_said


def test_its_last_line_says_what_stands_and_the_status_that_it_was_no_stop() -> None:
    script = (
        "from services.kit import log, watchdog;"
        "log.set_up('delivery');"
        "watchdog.end_process('delivery', 't/0 has lag')"
    )
    ended = subprocess.run(  # noqa: S603  # our own
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )

    line = json.loads(ended.stderr.splitlines()[-1])
    assert ended.returncode == watchdog.STATUS == 70
    assert line["event"] == "consumer_stands"
    assert line["what"] == "t/0 has lag"
    assert line["service"] == line["group"] == "delivery"
