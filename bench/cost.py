"""What a run costs: seconds of CPU, bytes written ahead, bytes kept (Linux: by /proc).

CPU is told of whole families: a Postgres backend that has ended counts with its parent.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
# more than this is at work beside what is measured: the figure says little
NOT_QUIET = 0.15


def cpu_of(pid: int) -> float:
    """CPU seconds of a process, and of its children that have ended; 0 once gone."""
    try:
        stat = (PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return 0.0
    # the name, in parentheses, may hold anything
    fields = stat.rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def cpu_under(folder: Path) -> float:
    """The same of every process that works in a folder: a Kafka, a Postgres."""
    return sum(cpu_of(pid) for pid in working_in(folder))


def everyone() -> Iterator[int]:
    """Every process there is."""
    return (int(each.name) for each in PROC.iterdir() if each.name.isdecimal())


def working_in(folder: Path) -> list[int]:
    """Who has its working directory in that folder."""
    found = []
    for pid in everyone():
        try:
            place = (PROC / str(pid) / "cwd").readlink()
        except OSError:
            continue
        if place.is_relative_to(folder):
            found.append(pid)
    return found


def most_memory_mb(pid: int) -> float:
    """The most memory that a process has had. Raises OSError once it is gone."""
    for line in (PROC / str(pid) / "status").read_text("utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise ValueError("the kernel does not tell")


def busy_share(seconds: float) -> float:
    """How much of the machine is at work while nothing is measured, from 0 to 1."""
    from time import sleep  # noqa: PLC0415  # nothing else here waits

    before = machine()
    sleep(seconds)
    after = machine()
    return (after[0] - before[0]) / max(1, after[1] - before[1])


def until_quiet() -> None:
    """Wait until what was begun before is done, but no longer than half a minute."""
    for _ in range(30):
        if busy_share(1.0) <= NOT_QUIET:
            return


def machine() -> tuple[int, int]:
    """Ticks at work, and all ticks, of all cores."""
    first = (PROC / "stat").read_text().splitlines()[0]
    ticks = [int(word) for word in first.split()[1:9]]
    idle = ticks[3] + ticks[4]
    return sum(ticks) - idle, sum(ticks)


def topic_bytes(kafka: Path, topic: str) -> int:
    """The size of a topic's segments, in a broker's folder."""
    parts = (kafka / "kafka" / "data").glob(f"{topic}-*/*.log")
    return sum(each.stat().st_size for each in parts)


@dataclass(frozen=True, slots=True)
class Meter:
    """The cost of what was done between two readings; `workers` are our processes."""

    kafka: float
    postgres: float
    workers: float
    wal: int

    def since(self, before: "Meter") -> "Meter":
        return Meter(
            self.kafka - before.kafka,
            self.postgres - before.postgres,
            self.workers - before.workers,
            self.wal - before.wal,
        )

    @property
    def cpu(self) -> float:
        return self.kafka + self.postgres + self.workers


async def reading(
    conn: "asyncpg.Connection[asyncpg.Record]", folder: Path, *workers: int
) -> Meter:
    """A reading of the servers in a folder, and of our own processes."""
    wal = await conn.fetchval("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")
    return Meter(
        cpu_under(folder / "k"),
        cpu_under(folder / "p"),
        sum(cpu_of(pid) for pid in workers),
        int(wal),
    )
