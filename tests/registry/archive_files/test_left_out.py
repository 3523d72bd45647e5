"""Why an offset is in no file: what lies there on Kafka, or that nothing does."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import uuid4

import orjson
import pytest
from confluent_kafka import Producer

from schemas.fact import Fact
from schemas.topics import STATE
from services.registry import handlers, rules
from services.registry.app import build
from services.registry.archive_files import checking
from services.registry.archive_files.layout import read_manifest
from services.registry.settings import Settings
from services.registry.state import State
from tests.registry.hand import Hand
from tests.schemas.said import NAV
from tests.stack import Stack, running, until

Command = Callable[..., Awaitable[int]]
APPLIED = "SELECT sum(next)::bigint FROM checkpoint"


class Broken(Exception):
    """What the code makes of one fact."""


@pytest.fixture
async def said(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """What lies on the topic of the state line, and at which offset, by word."""
    # what other tests have said was never taken in here, and is told as lost
    monkeypatch.setattr(checking, "MOST", 1_000_000)
    subject = f"{NAV}:{uuid4().hex[:12]}"
    story, other_words = Hand(subject, []), Hand(subject, [])
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00")
    story.amended("2026-01-06T09:00:00")
    story.locked("2026-09-01")
    other_words.registered("2026-01-05T10:00:00")
    first, shared, parked, behind = story.told
    records = {
        "first": first.value,
        "shared": shared.value,
        "said again": first.value,
        "broken": b'{"id": "halv',
        "other words": other_words.told[0].value,
        "parked": parked.value,
        "behind it": behind.value,
    }
    evolve = rules.evolve

    def evolve_what_is_good(state: State, fact: Fact, order: int) -> State:
        if fact.mark == parked.fact.mark:
            raise Broken
        return evolve(state, fact, order)

    monkeypatch.setattr(handlers, "evolve", evolve_what_is_good)
    around = await stack.prepare("registry")
    producer = Producer({"bootstrap.servers": stack.bootstrap})
    offsets: dict[str, int] = {}

    async def applied() -> int:
        async with stack.connection("registry") as conn:
            return int(await conn.fetchval(APPLIED))

    before = await applied()
    async with running(build(Settings(surroundings=around))):
        for word, value in records.items():

            def note(_: object, message: object, word: str = word) -> None:
                offsets[word] = message.offset()  # type: ignore[attr-defined]  # untyped

            producer.produce(STATE.name, value, subject.encode(), on_delivery=note)
        assert producer.flush(20) == 0

        async def all_of_it() -> bool:
            return await applied() == before + len(records)

        await until(all_of_it, seconds=60, what="all records")
    return list(offsets.items())


async def test_each_offset_that_is_left_out_has_its_reason(
    said: list[tuple[str, int]],
    stack: Stack,
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async with stack.connection("registry") as conn:
        # one is lost; nobody but Kafka knows of it any more
        lost = dict(said)["shared"]
        await conn.execute("DELETE FROM archive WHERE position = $1", lost)

    assert await command("export-archive", str(tmp_path)) == 0

    (partition,) = {
        each.place: each for each in read_manifest(tmp_path).partitions if each.records
    }.values()
    # what other tests wrote on other partitions is lost to this database too
    at = f"{partition.topic}/{partition.partition}"
    assert partition.left_out is not None
    text = (tmp_path / partition.left_out.path).read_text()
    whys = {e["position"]: e for e in map(orjson.loads, text.splitlines())}
    found = {
        word: (whys[offset]["why"], whys[offset].get("reason"))
        for word, offset in said
        if offset in whys
    }
    assert found == {
        "shared": ("lost", None),
        "said again": ("said before", None),
        "broken": ("refused", "not_json"),
        "other words": ("refused", "id_reused"),
        "parked": ("parked", None),
        "behind it": ("parked", None),
    }
    capsys.readouterr()
    assert await command("check-archive", str(tmp_path), "--with-database") == 3
    shown = capsys.readouterr().out
    assert f"@{lost}: a fact that was taken in, and is neither archived nor" in shown
    for word in ("said again", "broken", "other words", "parked", "behind it"):
        assert f"{at}@{dict(said)[word]}:" not in shown


async def test_an_offset_at_which_kafka_has_nothing_is_said_to_be_gone(
    said: list[tuple[str, int]],
    stack: Stack,
    command: Command,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """As where a topic was made anew: nobody can tell what lay there."""
    async with stack.connection("registry") as conn:
        for table in ("archive", "checkpoint", "parked"):
            await conn.execute(f"UPDATE {table} SET topic_id = 'earlier'")
    assert await command("export-archive", str(tmp_path)) == 0
    capsys.readouterr()

    assert await command("check-archive", str(tmp_path)) == 3

    again = dict(said)["said again"]
    assert f"@{again}: Kafka has nothing there any more" in capsys.readouterr().out
