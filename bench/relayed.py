"""`python -m bench.relayed SCHEMA BOOTSTRAP`: the kit's relay alone in a process.

The database's URL is in DATABASE_URL; it runs until SIGTERM.
"""

import asyncio
import os
import signal
import sys

from services.kit.db import pool_of
from services.kit.relay import Relay
from services.kit.work import in_background


async def relay(schema: str, bootstrap: str) -> None:
    url = os.environ["DATABASE_URL"]
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with pool_of(url, schema) as pool:
        one = Relay(pool, url=url, schema=schema, bootstrap=bootstrap)
        async with in_background(relay=one.run):
            await ended.wait()


if __name__ == "__main__":
    import uvloop

    uvloop.run(relay(*sys.argv[1:]))
