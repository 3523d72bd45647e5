"""Consultation, put together. The only file that builds things."""

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
from services.kit.inbox import UNHURRIED, Inbox
from services.kit.relay import Relay
from services.kit.work import consume, in_background

from . import api, ground, handlers, store
from .acting import Office
from .asking import Consultation
from .sealing import Seal
from .settings import Settings
from .watch import Watch


def build(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The application; `clock` gives the time at which commands come in."""
    around = settings.surroundings
    url = around.postgres

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool_of(url, "consultation", size=16) as pool:
            inbox = Inbox(
                handlers.GROUP,
                handlers.TOPICS,
                pool=pool,
                apply=handlers.on_facts,
                known=store.known,
                patience=UNHURRIED,
            )
            relay = Relay(
                pool, url=url, schema="consultation", bootstrap=around.kafka_bootstrap
            )
            seal = Seal(settings.sealing_bytes)
            office = Office(pool, ground.of_today(), seal, relay.ring)
            watch = Watch(office, clock, partial(inbox.ends, handlers.TOPICS))
            callers = Callers(Tokens.of(around))
            app.state.consultation = Consultation(office, callers, clock)
            app.state.checks = (
                health.database(pool),
                health.consumer(inbox),
                health.outbox(pool),
            )
            async with in_background(
                relay=relay.run,
                consumer=partial(consume, inbox, around),
                watch=partial(watch.run, settings.look_every),
            ):
                yield

    return application(
        "Tidlig consultation",
        "The joint arena: advice on prioritisation and funding, which binds nobody.",
        api.router,
        lifespan,
    )
