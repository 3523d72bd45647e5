"""The machine's own limits, measured in the same run: what a figure stands beside."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

from .http import Load, load, request

BLOCK = b"x" * 8192


def fsyncs_per_s(seconds: float = 2.0) -> float:
    """Writes of 8 KiB, each on disk before the next."""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        file = os.open(Path(folder) / "block", os.O_WRONLY | os.O_CREAT)
        done, began = 0, perf_counter()
        while perf_counter() - began < seconds:
            os.pwrite(file, BLOCK, 0)
            os.fdatasync(file)
            done += 1
        os.close(file)
    return done / seconds


async def commits_per_s(url: str, connections: int, rows: int) -> float:
    """One row of the size of a fact, committed, on so many connections."""
    pool = await asyncpg.create_pool(url, min_size=connections, max_size=connections)
    await pool.execute("CREATE TABLE IF NOT EXISTS public.floor (value bytea)")
    value = b"x" * 800
    left = iter(range(rows))

    async def worker() -> None:
        for _ in left:
            await pool.execute("INSERT INTO public.floor VALUES ($1)", value)

    began = perf_counter()
    await asyncio.gather(*(worker() for _ in range(connections)))
    took = perf_counter() - began
    await pool.execute("DROP TABLE public.floor")
    await pool.close()
    return rows / took


async def copied_per_s(url: str, values: Sequence[bytes]) -> float:
    """Rows of the same facts by COPY into a table without an index."""
    conn = await asyncpg.connect(url)
    await conn.execute("CREATE TABLE public.floor (value bytea)")
    began = perf_counter()
    for n in range(0, len(values), 1000):
        rows = [(value,) for value in values[n : n + 1000]]
        await conn.copy_records_to_table("floor", schema_name="public", records=rows)
    took = perf_counter() - began
    await conn.execute("DROP TABLE public.floor")
    await conn.close()
    return len(values) / took


@asynccontextmanager
async def bare_server(port: int) -> AsyncIterator[None]:
    """A route that reads the body and answers 202, and does nothing else."""
    app = FastAPI()

    @app.post("/events", status_code=202)
    async def accept(request: Request) -> Response:
        await request.body()
        return Response(status_code=202)

    config = uvicorn.Config(
        app, host="127.0.0.1", port=port, log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  # uvicorn has no event for it
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await task


async def bare_posts(port: int, body: bytes, connections: int, number: int) -> Load:
    async with bare_server(port):
        asked = request("POST", "/events", {"Content-Type": "application/json"}, body)
        return await load(port, [asked] * number, connections, 202)
