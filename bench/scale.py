"""`python -m bench.scale [--to N] [--quick]`: facts/s as initiatives grow in number.

At 10⁴ and 10⁵ initiatives (`--to 1000000`: at 10⁶ too) a registry that has them all
takes in 100,000 facts about initiatives drawn evenly; the points take turns. Their
slope on two logarithmic scales is the figure. What stands of a thousand initiatives is
held against the oracle each time: a run that leaves another state counts as 0.
"""

import argparse
import asyncio
import random
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from math import log10
from pathlib import Path
from statistics import linear_regression
from typing import TYPE_CHECKING

import asyncpg

from deploy.local.ports import any_free
from services.kit.migrations import migrate
from services.registry.__main__ import REGISTRY
from services.registry.state import from_bytes

from .__main__ import ROUNDS, report, tell, warn_if_not_quiet
from .cost import until_quiet
from .dataset import MUNICIPAL, SEED, STATE, Line, Teller, record
from .measures import alone
from .oracle import digest, facts_among, fold
from .progress import per_second
from .project import (
    APPLIED,
    Where,
    fresh_database,
    preload,
    servers,
    start_service,
)
from .rounds import Prepared, Rounds, Run, Told, take_turns
from .standing import stands_of
from .views import until_findable

if TYPE_CHECKING:
    Connection = asyncpg.Connection[asyncpg.Record]

POINTS = {
    10_000: "scale_1e4_per_s",
    100_000: "scale_1e5_per_s",
    1_000_000: "scale_1e6_per_s",
}
FACTS = 100_000
AT_ONCE = 20_000
SAMPLED = 1_000
# a million initiatives take a while to be told of
PATIENCE = 1_800.0
STATES = "SELECT subject, body FROM initiative WHERE subject = ANY($1::text[])"
ARCHIVED = "SELECT count(*) FROM archive"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m bench.scale",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--to", type=int, default=100_000, choices=POINTS, metavar="N")
    parser.add_argument("--quick", action="store_true", help="one run of each")
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N")
    asked = parser.parse_args(arguments)
    warn_if_not_quiet()
    measures: dict[str, Prepared] = {
        f"{n:,} initiatives": partial(alone, partial(prepared, initiatives=n))
        for n in POINTS
        if n <= asked.to
    }
    done = take_turns(measures, 1 if asked.quick else asked.rounds, tell, until_quiet)
    add_slopes(done)
    return report(done)


def add_slopes(done: Rounds) -> None:
    """Of each round its own slope: of points that were measured next to each other."""
    for told in done.told:
        found = [(n, told[key]) for n, key in POINTS.items() if told.get(key)]
        if len(found) > 1:
            told["scale_slope"] = slope(found)


def slope(found: Sequence[tuple[int, float]]) -> float:
    """How the rate moves when initiatives are ten times as many, as a power of ten."""
    numbers = [log10(n) for n, _ in found]
    rates = [log10(rate) for _, rate in found]
    return linear_regression(numbers, rates).slope


@contextmanager
def prepared(folder: Path, initiatives: int, facts: int = FACTS) -> Iterator[Run]:
    """A registry's database in which each initiative is announced."""
    with servers(folder) as (bootstrap, url), asyncio.Runner() as runner:
        crowd = Crowd(Where(bootstrap, url, folder), initiatives)
        runner.run(crowd.announce())
        yield lambda: runner.run(crowd.one_run(facts))


@dataclass
class Crowd:
    """So many initiatives, and what has been said of a sample of them."""

    where: Where
    initiatives: int
    told: int = 0
    sample: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(SEED)
        self.teller = Teller(1, 1)
        step = max(1, self.initiatives // SAMPLED)
        self.sampled = {self.subject(n) for n in range(0, self.initiatives, step)}

    def owner(self, n: int) -> str:
        line = STATE if n % 2 else MUNICIPAL
        return line[n // 2 % len(line)]

    def subject(self, n: int) -> str:
        return f"{self.owner(n)}:tiltak-{n}"

    async def announce(self) -> None:
        self.database = await fresh_database(self.where.admin_url, "registry")
        await migrate(self.database, "registry", REGISTRY.migrations)
        await self.say(self.announcements(), self.initiatives)
        async with self.registry() as conn:
            await self.taken_in(conn, 0)
            await until_findable(conn, PATIENCE)

    def announcements(self) -> Iterator[Line]:
        for n in range(self.initiatives):
            about = self.teller.description()
            owner, subject = self.owner(n), self.subject(n)
            yield record(n, "initiative.registered", owner, subject, about, {})

    def changes(self) -> Iterator[Line]:
        """Of evenly drawn initiatives; what stands of each does not grow for ever."""
        n = self.told
        while True:
            n, drawn = n + 1, self.random.randrange(self.initiatives)
            name, data = (
                ("initiative.amended", {"changes": {"summary": self.teller.text(31)}})
                if n % 2
                else ("initiative.lock.recorded", self.lock(n))
            )
            yield record(n, name, self.owner(drawn), self.subject(drawn), data, {})

    def lock(self, n: int) -> dict[str, str]:
        note = self.teller.text(25)
        day = {"kind": "contract", "date": "2027-03-01"}
        return {"key": f"k{n % 4}", **day, "note": note}

    async def say(self, lines: Iterator[Line], number: int) -> None:
        """Put so many more on the topics; a million at once would fill the memory."""
        self.told += number
        left = number
        while left:
            some = list(islice(lines, min(left, AT_ONCE)))
            left -= len(some)
            self.sample += [ln for ln in some if ln.key.decode() in self.sampled]
            await preload(self.where.bootstrap, some)

    async def one_run(self, facts: int) -> Told:
        before = self.told
        await self.say(self.changes(), facts)
        async with self.registry() as conn:
            found = await self.taken_in(conn, before)
            # or the next run, which begins with what this one left, would have more
            await until_findable(conn, PATIENCE)
            fault = await self.difference(conn)
        if fault:
            print(f"{self.initiatives:,}: a run counts as 0: {fault}", flush=True)
        return {POINTS.get(self.initiatives, "scale"): 0.0 if fault else found}

    async def taken_in(self, conn: "Connection", before: int) -> float:
        async def since() -> int:
            return int(await conn.fetchval(APPLIED) or 0) - before

        return await per_second(since, self.told - before, PATIENCE)

    @asynccontextmanager
    async def registry(self) -> "AsyncIterator[Connection]":
        (port,) = any_free(1)
        path = {"search_path": "registry"}
        conn = await asyncpg.connect(self.database, server_settings=path)
        registry = start_service(self.where, self.database, "registry", port)
        try:
            yield conn
        finally:
            registry.terminate()
            await asyncio.to_thread(registry.wait, 60)
            await conn.close()

    async def difference(self, conn: "Connection") -> str:
        """Why a run is spoiled; empty where it is not."""
        archived = await conn.fetchval(ARCHIVED)
        if archived != self.told:
            return f"{archived:,} of {self.told:,} facts are archived"
        rows = await conn.fetch(STATES, sorted(self.sampled))
        states = {
            row["subject"]: from_bytes(row["subject"], row["body"]) for row in rows
        }
        stands = {subject: stands_of(state) for subject, state in states.items()}
        if digest(stands) != digest(fold(facts_among(self.sample).values())):
            return "what stands is not what the oracle says"
        return ""


if __name__ == "__main__":
    sys.exit(main())
