"""Intake, put together. The only file that builds things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial

from fastapi import FastAPI

from services.kit import health
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.db import pool_of
from services.kit.inbox import Inbox
from services.kit.relay import Relay
from services.kit.work import consume, in_background

from . import api, handlers, store
from .api import Clock, Intake
from .settings import Settings


def utc_now() -> datetime:
    return datetime.now(UTC)


def build(settings: Settings, clock: Clock = utc_now) -> FastAPI:
    """The application; `clock` gives the time at which facts come in."""
    around = settings.surroundings

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool_of(around.postgres, "intake", size=16) as pool:
            inbox = Inbox(
                handlers.GROUP,
                handlers.TOPICS,
                pool=pool,
                apply=handlers.on_tracker_facts,
                known=store.known,
            )
            relay = Relay(
                pool,
                url=around.postgres,
                schema="intake",
                bootstrap=around.kafka_bootstrap,
                on_published=store.note_published,
            )
            app.state.intake = Intake(
                pool, Callers(Tokens.of(around)), clock, relay.ring
            )
            app.state.checks = (health.database(pool), health.consumer(inbox))
            async with in_background(
                relay=relay.run,
                consumer=partial(consume, inbox, around),
            ):
                yield

    return application("Tidlig intake", "Facts come in here.", api.router, lifespan)
