"""A schedule is the same each time; one that fails is told by its seed, and shrunk."""

import pytest

from . import running
from .database import Database
from .path import Path
from .running import Failed
from .scenarios import availability, path
from .schedules import hold, schedule, shrunk
from .world import World

SEEDS = range(5)


def test_the_same_seed_gives_the_same_trace(kit: Database) -> None:
    run = path(kit)

    for seed in SEEDS:
        assert run(schedule(seed)).trace == run(schedule(seed)).trace


def test_the_same_seed_gives_the_same_trace_of_delivery(delivery: Database) -> None:
    run = availability(delivery)

    for seed in SEEDS:
        assert run(schedule(seed)).trace == run(schedule(seed)).trace


async def nobody_is_killed(path: Path) -> None:
    assert "killed" not in path.world.wrongs, "somebody was killed"


def test_what_fails_is_told_by_its_seed_and_its_smallest_trace(kit: Database) -> None:
    def run(source: bytes) -> World:
        return running.runs(Path, nobody_is_killed, kit, source)

    with pytest.raises(pytest.fail.Exception) as found:
        hold(run, range(100))

    told = str(found.value)
    seed, _, rest = told.removeprefix("seed ").partition(": ")
    assert rest.startswith("somebody was killed")
    assert [line.split("  ")[-1] for line in told.splitlines() if "  ! " in line] == [
        "! killed: writer 0"
    ]
    with pytest.raises(Failed, match="somebody was killed"):
        run(schedule(int(seed)))


def test_a_schedule_is_shrunk_to_what_makes_it_fail() -> None:
    def run(source: bytes) -> World:
        if 7 in source:
            raise Failed(World.__new__(World), AssertionError(source.hex()))
        return World.__new__(World)

    source = bytes(range(100))
    failed = shrunk(run, source, Failed(World.__new__(World), AssertionError()))

    assert bytes.fromhex(str(failed)) == bytes(7) + b"\7"
