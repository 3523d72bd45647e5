"""The registry, put together. The only file that builds things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from services.kit import health
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.clock import Clock, utc_now
from services.kit.db import pool_of
from services.kit.delays import Delays
from services.kit.inbox import UNHURRIED, Inbox
from services.kit.relay import Relay
from services.kit.work import consume, in_background

from . import handlers, store
from .horizon import look_out
from .indexing import keep_findable
from .leads import Leads
from .parameters import Registry
from .routes import router
from .settings import Settings


def build(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The application; `clock` tells forecast from realised where none is asked."""
    around = settings.surroundings
    url = around.postgres

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool_of(url, "registry") as pool:
            inbox = Inbox(
                handlers.GROUP,
                handlers.READ,
                pool=pool,
                apply=handlers.on_facts,
                known=store.known,
                on_refused=handlers.on_refused,
                patience=UNHURRIED,
            )
            relay = Relay(
                pool,
                url=url,
                schema="registry",
                bootstrap=around.kafka_bootstrap,
                patience=UNHURRIED,
            )
            callers = Callers(Tokens.of(around), settings.public_rate)
            app.state.registry = Registry(pool, callers, clock, Leads())
            app.state.delays = Delays(pool, callers, handlers.GROUP)
            app.state.checks = (
                health.database(pool),
                health.consumer(inbox),
                health.outbox(pool),
            )
            async with in_background(
                relay=relay.run,
                consumer=partial(consume, inbox, around),
                findable=partial(keep_findable, pool, inbox.catching_up),
                horizon=partial(look_out, pool, inbox, clock),
            ):
                yield

    return application(
        "Tidlig registry",
        "The archive, and what stands of every initiative.",
        router,
        lifespan,
    )
