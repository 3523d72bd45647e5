"""`rebuild` and `state-hash`, as who operates the registry gives them."""

from typing import Any

import orjson
import pytest

from tests.registry.conftest import Desk

from .views import SPOILED

Output = pytest.CaptureFixture[str]


async def test_the_command_tells_what_differs_and_mends_it(
    told: Desk, command: Any, capsys: Output
) -> None:
    assert await command("rebuild", "--check", "--processes", "1") == 0
    right = capsys.readouterr()
    await told.pool.execute(SPOILED["wrong words"][0])
    assert await command("rebuild", "--check", "--processes", "1") == 3
    seen = capsys.readouterr().out
    assert await command("rebuild", "--processes", "1") == 0
    mended = capsys.readouterr().out

    assert "folds the archive: 25 facts" in right.err
    assert "25 facts about 3 initiatives, 2 in the arena, 0 parked" in right.out
    assert "the live views are as the archive makes them\n" in right.out
    assert "findable: 0 missing, 0 too many, 1 wrong, of 889640782:lang" in seen
    assert "rebuild without --check" in seen
    assert "as the archive makes them now" in mended


async def test_the_state_hash_is_of_what_stands_and_of_what_is_parked(
    told: Desk, command: Any, capsys: Output
) -> None:
    async def hashed() -> Any:
        assert await command("state-hash", "--json") == 0
        return orjson.loads(capsys.readouterr().out)

    before = await hashed()
    await told.pool.execute(SPOILED["wrong words"][0])
    same = await hashed()
    await told.pool.execute(
        "INSERT INTO parked (group_id, mark, topic, topic_id, partition, position,"
        " appended, speaker, subject, source, fact_id, type, value) VALUES"
        " ('registry', 'm', 't', 'i', 0, 0, now(), 's', 's', 's', 'i', 't', '')"
    )
    parked = await hashed()
    await told.pool.execute("DELETE FROM parked")
    await told.pool.execute(SPOILED["another's state"][0])
    spoiled = await hashed()
    await told.pool.execute(SPOILED["an item that is not found"][0])
    not_found = await hashed()
    await told.pool.execute("DELETE FROM arena_fact")
    lost = await hashed()

    assert (before["facts"], before["initiatives"], before["parked"]) == (25, 3, 0)
    assert (before["in_arena"], lost["in_arena"]) == (2, 0)
    assert same == before
    assert parked["parked"] == 1
    found = (before, parked, spoiled, not_found, lost)
    assert len({each["hash"] for each in found}) == 5
