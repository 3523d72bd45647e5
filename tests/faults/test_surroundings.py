"""A disk that is full and a clock that is stepped, where either is to be had here."""

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from deploy.local.waiting import until

from . import clocks, disks, report
from .clocks import Clock
from .disks import Disk
from .hand import Done
from .run import Outcome, Wanted

TELLS = """
import sys, time
for line in sys.stdin:
    print(time.time(), time.monotonic(), flush=True)
"""
TOO_MUCH = b"x" * (16 * 1024 * 1024)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk]:
    made = disks.disk_at(tmp_path / "disk")
    if made is None:
        pytest.skip(disks.NOT_HERE)
    yield made
    made.give_up()


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    found = clocks.clock_of(tmp_path, "a")
    if found is None:
        pytest.skip(clocks.NOT_HERE)
    return found


def test_a_full_disk_takes_nothing_more_until_there_is_room(disk: Disk) -> None:
    (disk.room / "before").write_bytes(TOO_MUCH)
    disk.fill()
    with pytest.raises(OSError, match="No space left") as refused:
        (disk.room / "more").write_bytes(TOO_MUCH)
    disk.make_room()
    (disk.room / "more").write_bytes(TOO_MUCH)

    assert refused.value.errno == errno.ENOSPC
    assert (disk.room / "before").read_bytes() == TOO_MUCH


def test_a_clock_is_stepped_while_its_process_runs_and_time_passes_as_before(
    clock: Clock,
) -> None:
    with subprocess.Popen(  # noqa: S603  # our own
        [sys.executable, "-c", TELLS],
        env={**os.environ, **clock.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None

        def tells() -> tuple[float, float]:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write("\n")
            ahead, passed = map(float, child.stdout.readline().split())
            return ahead - datetime.now(UTC).timestamp(), passed

        right, began = tells()
        clock.stands(600)
        stepped = until(lambda: abs(tells()[0] - 600) < 30, 10)
        clock.stands(0)
        mended = until(lambda: abs(tells()[0]) < 30, 10)
        _, ended = tells()
        child.stdin.close()

    clocks.clear_away()

    assert not list(clocks.SHARED.glob(f"*faketime_s*_{child.pid}"))
    assert abs(right) < 30
    assert stepped
    assert mended
    assert 0 < ended - began < 60


def test_what_could_not_be_tried_here_is_named_with_why() -> None:
    outcome = Outcome(Wanted(seed=1, seconds=1.0))
    done = Done()
    done.counts["full disk"] = 1

    assert set(report.not_tried(outcome)) == {"full disk", "clock step"}
    assert report.not_tried(replace(outcome, done=done)) == {
        "clock step": clocks.NOT_HERE
    }
