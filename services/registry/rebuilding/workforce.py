"""Other processes that fold stretches of the archive, until none is left.

Each takes by itself what nobody has taken. One that dies leaves its stretch to others.
"""

import asyncio
import gc
import os
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from services.kit.db import connect

from . import stretches
from .beside import Beside

COMMAND = ("-m", "services.registry.rebuilding.workforce")
URL = "DATABASE_URL"
SCHEMA = "registry"


@dataclass(frozen=True, slots=True)
class Workforce:
    """The processes at work beside ours."""

    processes: Sequence[Process]

    async def finish(self) -> None:
        """Wait until none of them folds any more, whether it has come to the end."""
        for each in self.processes:
            await each.wait()


@asynccontextmanager
async def beside_us(url: str, beside: Beside, count: int) -> AsyncIterator[Workforce]:
    """So many processes; those that still work afterwards are ended."""
    environment = {**os.environ, URL: url}
    processes = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, *COMMAND, beside.run),
            env=environment,
            # whatever hinders it hinders us too, and we say it
            stderr=asyncio.subprocess.DEVNULL,
        )
        for _ in range(count)
    ]
    try:
        yield Workforce(processes)
    finally:
        for each in processes:
            with suppress(ProcessLookupError):
                each.kill()
            await each.wait()


async def work(url: str, run: str) -> None:
    """Fold stretches until none is left, or until who asked for it has ended."""
    asked_by = os.getppid()
    conn = await connect(url, SCHEMA)
    try:
        while os.getppid() == asked_by and await stretches.fold_one(conn, Beside(run)):
            pass
    finally:
        await conn.close()


if __name__ == "__main__":
    gc.set_threshold(100_000, 10, 10)
    asyncio.run(work(os.environ[URL], sys.argv[1]))
