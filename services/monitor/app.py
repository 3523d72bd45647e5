"""The monitor, put together. The only file that builds things."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.work import in_background

from . import api
from .api import Monitor
from .asker import Asker
from .oldest import OldestUnread
from .settings import Asking, Settings
from .watch import Ask, Watch


@asynccontextmanager
async def asking(bootstrap: str, postgres: str, how: Asking) -> AsyncIterator[Ask]:
    """A way to ask Kafka and every service; opens no connection yet."""
    oldest = OldestUnread(bootstrap, how.read_budget)
    try:
        yield Asker(bootstrap, postgres, how.ask_limit, oldest).ask
    finally:
        await asyncio.to_thread(oldest.close)


def build(settings: Settings) -> FastAPI:
    """The application with everything that works behind it."""
    around = settings.surroundings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with asking(around.kafka_bootstrap, around.postgres, settings) as ask:
            watch = Watch(
                ask,
                interval=settings.interval,
                cluster_name=settings.cluster_name,
            )
            app.state.monitor = Monitor(watch, Callers(Tokens.of(around)))
            app.state.checks = (watch.check,)
            async with in_background(watch=watch.run):
                yield

    return application(
        "Tidlig monitor", "How far behind anyone is.", api.router, lifespan
    )
