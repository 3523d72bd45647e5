"""Intake, put together. The only file that builds things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
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

from . import api, handlers, store
from .api import Intake
from .catching_up import CatchingUp
from .settings import Settings
from .together import Together
from .waiting import Waiting

# a start waits so long for Kafka; then intake answers 503 until it is there
PATIENCE = timedelta(seconds=5)


def build(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The application; `clock` gives the time at which facts come in."""
    around = settings.surroundings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with (
            pool_of(around.postgres, "intake", size=16) as pool,
            Waiting(settings.services) as waiting,
        ):
            inbox = Inbox(
                handlers.GROUP,
                handlers.TOPICS,
                pool=pool,
                apply=handlers.on_tracker_facts,
                known=store.known,
                patience=UNHURRIED,
            )
            catching_up = CatchingUp(
                pool, url=around.postgres, bootstrap=around.kafka_bootstrap
            )
            relay = Relay(
                pool,
                url=around.postgres,
                schema="intake",
                bootstrap=around.kafka_bootstrap,
                on_published=catching_up.note_published,
            )
            callers = Callers(Tokens.of(around))
            app.state.intake = Intake(
                pool,
                Together(pool),
                callers,
                clock,
                relay.ring,
                catching_up,
                waiting,
            )
            app.state.checks = (
                health.database(pool),
                health.consumer(inbox),
                health.outbox(pool),
                catching_up.check,
            )
            async with in_background(
                catching_up=catching_up.run,
                relay=relay.run,
                consumer=partial(consume, inbox, around),
            ):
                await catching_up.within(PATIENCE)
                yield

    return application("Tidlig intake", "Facts come in here.", api.router, lifespan)
