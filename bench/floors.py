"""The machine's own limits, measured in the same run: what a figure stands beside."""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import monotonic, perf_counter, perf_counter_ns, sleep

import asyncpg
import uvicorn
from fastapi import FastAPI, Request, Response

from deploy.local.ports import any_free

from .dataset import Line, Teller
from .http import Load, load, request
from .project import servers
from .rounds import Run, Told
from .topic import (
    Keyed,
    Watch,
    bare_producer,
    consumer_at_the_end,
    percentile_ms,
    produce,
    provision,
    read,
)

BLOCK = b"x" * 8192
TOPIC = "bench-floor"
ROWS = 50_000
CONNECTIONS = 16
PER_SECOND, SECONDS = 200, 5


@contextmanager
def prepared(folder: Path, rows: int = ROWS, seconds: float = SECONDS) -> Iterator[Run]:
    """A Kafka and a Postgres that nobody else uses; a run is each floor once."""
    lines = list(Teller(rows, rows // 10).lines())[:rows]
    with servers(folder) as (bootstrap, url), asyncio.Runner() as runner:
        provision(bootstrap, TOPIC)

        def run() -> Told:
            return {
                "floor_fsyncs_per_s": fsyncs_per_s(),
                **runner.run(of_postgres(url, lines)),
                **runner.run(of_http(lines[0].value)),
                **of_kafka(bootstrap, lines),
                "floor_produce_p99_ms": bare_latency(bootstrap, seconds),
            }

        yield run


async def of_postgres(url: str, lines: Sequence[Line]) -> Told:
    return {
        "floor_commits_per_s": await commits_per_s(url, CONNECTIONS, 4_000),
        "floor_copied_per_s": await copied_per_s(url, [line.value for line in lines]),
    }


async def of_http(body: bytes) -> Told:
    (port,) = any_free(1)
    bare = await bare_posts(port, body, CONNECTIONS, 5_000)
    return {"floor_posts_per_s": bare.per_second}


def of_kafka(bootstrap: str, lines: Sequence[Line]) -> Told:
    """By Kafka's own stamps for produce, by the clock for consume."""
    records: list[Keyed] = [(line.key, line.value) for line in lines]
    consumer = consumer_at_the_end(bootstrap, TOPIC)
    produce(bare_producer(bootstrap), TOPIC, records)
    began = monotonic()
    seen = read(consumer, len(records))
    took = monotonic() - began
    consumer.close()
    return {
        "floor_produced_per_s": seen.per_second,
        "floor_consumed_per_s": len(records) / took,
    }


def bare_latency(bootstrap: str, seconds: float) -> float:
    """From handing a record over to when a consumer has it, at a steady rate."""
    producer = bare_producer(bootstrap)
    run = b"%d" % perf_counter_ns()
    produced: dict[bytes, float] = {}
    with Watch(consumer_at_the_end(bootstrap, TOPIC)) as watch:
        # the first of each partition takes longer
        warm = [b"warm-%s-%d" % (run, n) for n in range(100)]
        produce(producer, TOPIC, [(key, BLOCK[:800]) for key in warm])
        watch.wait_for(warm)
        began = monotonic()
        for n in range(int(seconds * PER_SECOND)):
            sleep(max(0.0, began + n / PER_SECOND - monotonic()))
            key = b"%s-%d" % (run, n)
            produced[key] = monotonic()
            producer.produce(TOPIC, BLOCK[:800], key)
            producer.poll(0)
        producer.flush(10)
        watch.wait_for(list(produced))
    return percentile_ms((watch.seen[key] - at for key, at in produced.items()), 0.99)


def fsyncs_per_s(seconds: float = 1.0) -> float:
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
