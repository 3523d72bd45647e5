"""`/live`, `/ready` and `/metrics` of every service."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from time import time
from typing import Any

from asyncpg.exceptions import UndefinedTableError
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from .db import TRANSIENT, Pool
from .inbox import Inbox

# None where all is well, else a sentence
Check = Callable[[], Awaitable[str | None]]
LONGEST_SILENCE = timedelta(seconds=30)
MIGRATED = "SELECT true FROM schema_migrations LIMIT 1"


router = APIRouter(tags=["health"])


@router.get("/live", summary="The process runs", status_code=204)
async def live() -> Response:
    return Response(status_code=204)


@router.get("/ready", summary="It can do its work", response_model=None)
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
            await pool.fetchval(MIGRATED, timeout=2)
        except UndefinedTableError:
            return "the database is not migrated: run `migrate` first"
        except TRANSIENT as error:
            return f"Postgres does not answer ({type(error).__name__})"
        return None

    return check


def consumer(inbox: Inbox) -> Check:
    """Every assigned partition is read, and none stands.

    A consumer without partitions is on standby, and ready.
    """

    async def check() -> str | None:
        if inbox.consumer is None:
            return f"{inbox.group} is not connected to Kafka"
        for stop in inbox.stopped.values():
            return (
                f"{stop.topic}/{stop.partition} stands at {stop.offset}: "
                f"{stop.error_class} at {stop.place}"
            )
        return silent_partition(inbox.consumer)

    return check


def silent_partition(kafka: Any) -> str | None:
    """A partition that Kafka has not answered for; one is enough."""
    for partition in kafka.assignment():
        polled = kafka.last_poll_timestamp(partition)
        limit = LONGEST_SILENCE.total_seconds()
        if polled is None or time() - polled / 1000 > limit:
            return f"no answer from Kafka for {partition.topic}/{partition.partition}"
    return None
