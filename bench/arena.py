"""`arena_*`: a command until its fact is on Kafka, a ranking, and an agenda, over HTTP.

One consultation process of its own, with 1,000 items that both lines have scored by ten
criteria; 50 of them are for the agenda.
"""

import asyncio
import os
from base64 import urlsafe_b64encode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import asyncpg
import orjson

from deploy.local import tokens
from deploy.local.ports import any_free
from schemas.topics import ARENA as TOPIC
from services.consultation.__main__ import CONSULTATION
from services.kit.migrations import migrate

from .arena_world import (
    AID,
    ID,
    INITIATIVES,
    KS,
    ON_AGENDA,
    ROLE,
    SCORED,
    furnish,
    initiative,
    shares,
)
from .cost import most_memory_mb
from .http import Connection, Load, connected, load, request
from .parts import within
from .project import (
    PATIENCE,
    Where,
    fresh_database,
    preload,
    servers,
    start_service,
)
from .rounds import Run, Told
from .topic import (
    Watch,
    bare_producer,
    consumer_at_the_end,
    id_of,
    percentile_ms,
    produce,
    provision,
)

if TYPE_CHECKING:
    Database = asyncpg.Connection[asyncpg.Record]

SCOPES = "tidlig:arena.participate tidlig:arena.secretariat tidlig:initiatives.read"
ITEMS, ASKED, RANKED = 100, 100, 5
FLOOR = "bench-arena"
HEARD = "SELECT count(*) FROM initiative"
LEFT = "SELECT count(*) FROM outbox"
READ = "SELECT subject, state FROM board WHERE kind = 'item'"
STORED = "CREATE TABLE IF NOT EXISTS floor (value bytea)"
STORE = "INSERT INTO floor VALUES ($1)"


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many items are scored, and how many new ones a run takes to Kafka."""

    scored: int = SCORED
    items: int = ITEMS


@dataclass(frozen=True, slots=True)
class Running:
    """A consultation that runs, and a look into its tables."""

    conn: "Database"
    pid: int
    port: int
    where: Where


@contextmanager
def prepared(folder: Path, sizes: Sizes = Sizes()) -> Iterator[Run]:
    """An arena with its items; a run acts in it and asks it."""
    with (
        servers(folder) as (bootstrap, url),
        asyncio.Runner() as runner,
        within(
            runner, consultation_with(Where(bootstrap, url, folder), sizes)
        ) as running,
    ):
        provision(bootstrap, FLOOR)
        runner.run(publish(running, 5))
        yield lambda: runner.run(one_run(running, sizes))


@asynccontextmanager
async def consultation_with(where: Where, sizes: Sizes) -> AsyncIterator[Running]:
    """A consultation that has heard of every initiative and sent what it had to say."""
    database = await fresh_database(where.admin_url, "consultation")
    await migrate(database, "consultation", CONSULTATION.migrations)
    await preload(where.bootstrap, list(shares()))
    await furnish(database, sizes.scored)
    (port,) = any_free(1)
    key = urlsafe_b64encode(os.urandom(32)).decode()
    process = start_service(
        where, database, "consultation", port, TIDLIG_CONSULTATION_SEALING_KEY=key
    )
    options = {"search_path": "consultation"}
    conn = await asyncpg.connect(database, server_settings=options)
    try:
        await until(conn, HEARD, INITIATIVES)
        await until(conn, LEFT, 0)
        yield Running(conn, process.pid, port, where)
    finally:
        await conn.close()
        process.terminate()
        process.wait(30)


async def until(conn: "Database", query: str, wanted: int) -> None:
    """Raises TimeoutError."""
    deadline = monotonic() + PATIENCE
    while await conn.fetchval(query) != wanted:
        if monotonic() > deadline:
            raise TimeoutError(query)
        await asyncio.sleep(0.1)


async def one_run(running: Running, sizes: Sizes) -> Told:
    """Raises where a command is not taken, or an answer is not what it must be."""
    ready = min(ON_AGENDA, sizes.scored)
    ranking = await asked(running, "/ranking?k=10", "placed", sizes.scored, RANKED)
    agenda = await asked(running, "/agenda", "suggestions", ready, ASKED)
    floors = await floors_of(running)
    return {
        **floors,
        **await publish(running, sizes.items),
        "arena_rank_s": ranking.percentile_ms(0.95) / 1000,
        "arena_agenda_p95_ms": agenda.percentile_ms(0.95),
        "process_rss_mb": most_memory_mb(running.pid),
    }


async def asked(
    running: Running, path: str, part: str, number: int, times: int
) -> Load:
    """One after another, once the answer has been seen to be whole."""
    wanted = request("GET", path, headers_of(running, KS))
    async with connected(running.port) as connection:
        _, body = await connection.ask(wanted)
    found = len(orjson.loads(body)[part])
    if found != number:
        raise RuntimeError(f"{path}: {found} {part}, and not {number}")
    answered = await load(running.port, [wanted] * times, 1, 200)
    if answered.wrong:
        raise RuntimeError(f"{path}: {answered.wrong}")
    return answered


def headers_of(running: Running, orgnr: str) -> dict[str, str]:
    actor = (ROLE, ID)
    token = tokens.sign(running.where.folder, orgnr, SCOPES, actor=actor)
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Acting:
    """Somebody of each line, who act one after another, and when each command went."""

    connection: Connection
    bearers: dict[str, dict[str, str]]
    sent: dict[bytes, float]
    took: list[float]

    async def act(
        self, orgnr: str, path: str, seen: int, body: dict[str, Any]
    ) -> dict[str, Any]:
        """The state afterwards. Raises RuntimeError where it is refused."""
        key = str(uuid4())
        headers = {**self.bearers[orgnr], "Content-Type": "application/json"}
        headers["Idempotency-Key"] = key
        at = f"{path}?seen={seen}"
        asked = request("POST", at, headers, orjson.dumps(body))
        began = monotonic()
        status, answer = await self.connection.ask(asked)
        if status not in (200, 201):
            raise RuntimeError(f"{path}: {status} {answer[:500]!r}")
        self.took.append(monotonic() - began)
        # its first fact has the command's id
        self.sent[f"{key}-0".encode()] = began
        state: dict[str, Any] = orjson.loads(answer)["state"]
        return state

    async def one_item(self, n: int) -> None:
        """A question, its admission, and a paper by both: withdrawn in the end."""
        mine, other = (AID, KS) if n % 2 else (KS, AID)
        asked = {
            "arena": "nav",
            "initiatives": [initiative(n)],
            "question": "Bør tiltaket prioriteres?",
            "synthetic": True,
        }
        state = await self.act(mine, "/items", 0, asked)
        place = f"/items/{state['id']}"
        state = await self.act(mine, f"{place}/admit", state["version"], {})
        act = {"kind": "paper", "summary": "Saken er forberedt av begge linjer. " * 9}
        state = await self.act(mine, f"{place}/prepare", state["version"], {"act": act})
        approve = {"hash": state["pending"]["paper"]["hash"]}
        state = await self.act(other, f"{place}/approve", state["version"], approve)
        reason = {"reason": "Ferdig målt."}
        await self.act(mine, f"{place}/withdraw", state["version"], reason)


async def publish(running: Running, items: int) -> Told:
    """From a command's first byte until its fact is at a consumer."""
    bearers = {orgnr: headers_of(running, orgnr) for orgnr in (AID, KS)}
    consumer = consumer_at_the_end(running.where.bootstrap, TOPIC.name)
    with Watch(consumer, id_of) as watch:
        async with connected(running.port) as connection:
            acting = Acting(connection, bearers, {}, [])
            for n in range(items):
                await acting.one_item(n)
        await asyncio.to_thread(watch.wait_for, list(acting.sent))
    took = [watch.seen[name] - began for name, began in acting.sent.items()]
    return {
        "arena_publish_p95_ms": percentile_ms(took, 0.95),
        "arena_answer_p95_ms": percentile_ms(acting.took, 0.95),
    }


async def floors_of(running: Running) -> Told:
    """What a command and an answer cannot do without: a commit, Kafka, and a read."""
    began = monotonic()
    for _ in range(RANKED):
        await running.conn.fetch(READ)
    read = (monotonic() - began) / RANKED
    return {
        "floor_arena_read_ms": read * 1000,
        "floor_arena_publish_p95_ms": await bare_publish(running),
    }


async def bare_publish(running: Running, times: int = 200) -> float:
    """A row committed, then a record produced and consumed: one after another."""
    bootstrap, conn = running.where.bootstrap, running.conn
    producer = bare_producer(bootstrap)
    await conn.execute(STORED)
    value = orjson.dumps({"id": "", "fill": "x" * 800})
    with Watch(consumer_at_the_end(bootstrap, FLOOR)) as watch:
        sent: dict[bytes, float] = {}
        for _ in range(times):
            key = uuid4().bytes
            began = monotonic()
            await conn.execute(STORE, value)
            await asyncio.to_thread(produce, producer, FLOOR, [(key, value)])
            sent[key] = began
        await asyncio.to_thread(watch.wait_for, list(sent))
    await conn.execute("DROP TABLE floor")
    return percentile_ms((watch.seen[key] - at for key, at in sent.items()), 0.95)
