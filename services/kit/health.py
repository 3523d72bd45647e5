"""`/live`, `/ready` and `/metrics` of every service."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import monotonic

from asyncpg import PostgresError
from asyncpg.exceptions import UndefinedTableError
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from .broker import is_alive, silent_partition
from .db import TRANSIENT, Pool
from .inbox import Inbox

# None where all is well, else a sentence
Check = Callable[[], Awaitable[str | None]]
LONGEST_SILENCE = timedelta(seconds=30)
ASK_LIMIT = timedelta(seconds=2)
# batches in a row that could not be applied: it does not pass at once
MANY = 3
OLDEST = "SELECT clock_timestamp() - min(created) FROM outbox"
MIGRATED = "SELECT true FROM schema_migrations LIMIT 1"


router = APIRouter(tags=["health"])


@router.get("/live", summary="The process runs", status_code=204)
async def live() -> Response:
    return Response(status_code=204)


@router.get(
    "/ready",
    summary="It can do its work",
    response_model=None,
    responses={503: {"description": "It waits for what `waiting_for` names"}},
)
async def ready(request: Request, response: Response) -> dict[str, object]:
    """Ready when every check of the service has nothing to say."""
    checks: Sequence[Check] = request.app.state.checks
    found = [await check() for check in checks]
    waiting = [sentence for sentence in found if sentence is not None]
    response.status_code = 503 if waiting else 200
    return {"ready": not waiting, "waiting_for": waiting}


@router.get("/metrics", summary="For Prometheus", response_class=Response)
async def metrics() -> Response:
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


def database(pool: Pool) -> Check:
    """Postgres answers, and the service's migrations have been run."""

    async def check() -> str | None:
        try:
            # the pool too may have nothing to give
            async with asyncio.timeout(ASK_LIMIT.total_seconds()):
                await pool.fetchval(MIGRATED)
        except UndefinedTableError:
            return "the database is not migrated: run `migrate` first"
        except (*TRANSIENT, PostgresError) as error:
            return f"Postgres does not answer ({type(error).__name__})"
        return None

    return check


def outbox(pool: Pool) -> Check:
    """What is to be published is on its way."""

    async def check() -> str | None:
        try:
            async with asyncio.timeout(ASK_LIMIT.total_seconds()):
                oldest = await pool.fetchval(OLDEST)
        except (*TRANSIENT, PostgresError):
            # the database's own check says so
            return None
        if oldest is None or oldest < LONGEST_SILENCE:
            return None
        return (
            f"the outbox is not sent: a row has waited {oldest.total_seconds():.0f} s"
        )

    return check


def consumer(inbox: Inbox) -> Check:
    """Every assigned partition is read and applied, and none stands.

    A consumer without partitions is on standby, and ready.
    """

    async def check() -> str | None:
        if inbox.consumer is None:
            return f"{inbox.group} is not connected to Kafka"
        if not is_alive(inbox.subscriber):
            return f"{inbox.group} reads no more, and is being started again"
        for stop in inbox.stopped.values():
            return (
                f"{stop.topic}/{stop.partition} stands at {stop.offset}: "
                f"{stop.error_class} at {stop.place}"
            )
        if inbox.failures >= MANY:
            return f"{inbox.group} cannot apply what it reads: {inbox.failing}"
        standing = inbox.progress.standing(monotonic(), LONGEST_SILENCE)
        if standing is not None:
            return f"{inbox.group} makes no progress: {standing}"
        silent = silent_partition(inbox.consumer, LONGEST_SILENCE)
        # while a batch is in hand nothing is fetched
        if silent is not None and not inbox.busy.locked():
            return f"no answer from Kafka for {silent.topic}/{silent.partition}"
        return None

    return check
