"""`rebuild_100k_s`: every view made anew beside the live ones, 200 facts/s beside.

From the start of the command to its end, its processes' own start included.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any

import asyncpg
import orjson

from deploy.local import tokens
from services.kit.migrations import migrate
from services.kit.producer import Sender
from services.registry.__main__ import REGISTRY

from .dataset import Line, Teller
from .oracle import expected
from .parts import within
from .project import (
    FACTS,
    INITIATIVES,
    PATIENCE,
    Row,
    Where,
    difference,
    fresh_database,
    preload,
    registry_on,
    servers,
)
from .rounds import Run, Told

PER_SECOND, AT_ONCE = 200, 20
# told beside the rebuilds of all rounds, at most
BESIDE = 30_000
APPLIED = "SELECT sum(next) FROM checkpoint"
LEFT = "SELECT count(*) FROM unfindable"


@dataclass
class Office:
    """A registry that runs, its database, and what has been said to it."""

    conn: "asyncpg.Connection[asyncpg.Record]"
    sender: Sender
    environment: dict[str, str]
    said: list[Line]
    to_say: Iterator[Line]

    async def say(self, number: int) -> None:
        """Put so many more on the topics. Raises where Kafka does not take them."""
        lines = list(islice(self.to_say, number))
        if len(lines) < number:
            raise RuntimeError("nothing is left to say; make BESIDE greater")
        first = len(self.said)
        claim = self.sender.send(
            [
                Row(first + n, each.topic, each.key, each.value)
                for n, each in enumerate(lines)
            ]
        )
        self.said += lines
        await claim.done.wait()
        if claim.failure is not None:
            raise RuntimeError(claim.failure.name())

    async def keep_saying(self) -> None:
        """200 a second, until cancelled; who is late catches up."""
        due = monotonic()
        while True:
            await self.say(AT_ONCE)
            due += AT_ONCE / PER_SECOND
            await asyncio.sleep(max(0.0, due - monotonic()))

    async def until_taken(self) -> None:
        """Wait until all that was said is applied, and findable."""
        deadline = monotonic() + PATIENCE
        while not await self.all_taken():
            if monotonic() > deadline:
                raise TimeoutError("the registry does not keep up")
            await asyncio.sleep(0.1)

    async def all_taken(self) -> bool:
        applied = await self.conn.fetchval(APPLIED) or 0
        return applied >= len(self.said) and not await self.conn.fetchval(LEFT)

    async def rebuild(self) -> tuple[float, Any]:
        """Seconds, and what the command tells. Raises RuntimeError where it fails."""
        began = monotonic()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "services.registry", "rebuild", "--json"),
            env=self.environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, told = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"not rebuilt: {told.decode()[-500:]}")
        return monotonic() - began, orjson.loads(out)


@asynccontextmanager
async def office(
    where: Where, lines: Sequence[Line], facts: int
) -> AsyncIterator[Office]:
    """A registry that has taken in the first so many, and made them findable."""
    begun, beside = list(lines[:facts]), iter(lines[facts:])
    database = await fresh_database(where.admin_url, "registry")
    await migrate(database, "registry", REGISTRY.migrations)
    await preload(where.bootstrap, begun)
    environment = {
        **os.environ,
        "DATABASE_URL": database,
        "TIDLIG_TOKEN_ISSUER": tokens.ISSUER,
        "TIDLIG_TOKEN_JWKS": tokens.publish(where.folder),
    }
    sender = Sender(where.bootstrap, "bench-beside")
    try:
        async with registry_on(where, database, len(begun)) as running:
            found = Office(running.conn, sender, environment, begun, beside)
            await found.until_taken()
            yield found
    finally:
        sender.close()


@contextmanager
def prepared(
    folder: Path, facts: int = FACTS, initiatives: int = INITIATIVES
) -> Iterator[Run]:
    """A registry that holds the data set; a run rebuilds it while more is said."""
    lines = list(Teller(facts + BESIDE, initiatives).lines())
    with servers(folder) as (bootstrap, url), asyncio.Runner() as runner:
        where = Where(bootstrap, url, folder)
        with within(runner, office(where, lines, facts)) as found:
            yield lambda: runner.run(one_run(found))


async def one_run(found: Office) -> Told:
    """Raises RuntimeError where it differs from what was live, or from the oracle."""
    beside = asyncio.create_task(found.keep_saying())
    try:
        seconds, told = await found.rebuild()
    finally:
        beside.cancel()
        await asyncio.gather(beside, return_exceptions=True)
    if told["anew"] != told["live"] or told["differences"]:
        raise RuntimeError(f"not the same as was live: {told}")
    await found.until_taken()
    fault = await difference(found.conn, expected(found.said))
    if fault:
        raise RuntimeError(fault)
    return {"rebuild_100k_s": seconds}
