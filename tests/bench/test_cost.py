"""CPU and bytes, as the kernel and the files tell them."""

import os
import subprocess
import sys
from pathlib import Path
from time import process_time

import asyncpg

from bench import cost

BUSY = "x = 0\nwhile True: x += 1"


def test_cpu_is_that_of_a_process_and_of_its_children_that_ended() -> None:
    before, began = cost.cpu_of(os.getpid()), process_time()
    while process_time() - began < 0.2:
        pass

    assert 0.1 < cost.cpu_of(os.getpid()) - before < 5
    assert cost.cpu_of(2**22 + 1) == 0


def working(folder: Path) -> "subprocess.Popen[bytes]":
    """A process that has its hands full there."""
    command = [sys.executable, "-c", BUSY]
    return subprocess.Popen(command, cwd=folder)  # noqa: S603  # our own


def test_who_works_in_a_folder_is_found_and_nobody_else(tmp_path: Path) -> None:
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "ab").mkdir()
    here, there = working(inner), working(tmp_path / "ab")
    try:
        assert cost.working_in(tmp_path / "a") == [here.pid]
        while cost.cpu_under(tmp_path / "a") == 0:
            assert here.poll() is None
    finally:
        for process in (here, there):
            process.kill()
            process.wait()

    assert cost.cpu_under(tmp_path / "a") == 0


def test_a_topic_is_as_large_as_its_segments(tmp_path: Path) -> None:
    data = tmp_path / "kafka" / "data"
    for name in ("facts-0", "facts-1", "others-0"):
        (data / name).mkdir(parents=True)
        (data / name / "0.log").write_bytes(b"x" * 100)
        (data / name / "0.index").write_bytes(b"x" * 9_999)

    assert cost.topic_bytes(tmp_path, "facts") == 200


def test_memory_and_the_share_of_the_machine_at_work_are_told() -> None:
    assert 10 < cost.most_memory_mb(os.getpid()) < 5_000
    assert 0 <= cost.busy_share(0.2) <= 1


async def test_two_readings_tell_what_was_written_ahead(
    admin_url: str, tmp_path: Path
) -> None:
    conn = await asyncpg.connect(admin_url)
    before = await cost.reading(conn, tmp_path)
    await conn.execute("CREATE TABLE public.bench_cost (v text)")
    await conn.execute(
        "INSERT INTO public.bench_cost SELECT repeat('x', 500)"
        " FROM generate_series(1, 100)"
    )

    spent = (await cost.reading(conn, tmp_path)).since(before)

    await conn.execute("DROP TABLE public.bench_cost")
    await conn.close()
    assert spent.wal > 50_000
    assert spent.cpu == 0
