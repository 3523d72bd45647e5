"""Delivery, put together. The only file that builds things."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI

from schemas.topics import TRACKER
from services.kit import health
from services.kit.application import application
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.kit.db import pool_of
from services.kit.delays import Delays
from services.kit.inbox import UNHURRIED, Inbox
from services.kit.relay import Relay
from services.kit.work import consume, in_background

from . import api, handlers, read_back, store
from .api import Delivery
from .hearing import Hearing
from .read_back import ReadBack
from .sealing import Seal
from .sequencer import Sequencer
from .settings import Settings
from .waiting import Steps


def build(settings: Settings) -> FastAPI:
    """The application with everything that works behind it."""
    around = settings.surroundings
    url = around.postgres

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with pool_of(url, "delivery", size=16) as pool:
            seal = Seal(settings.sealing_bytes)
            inbox = Inbox(
                handlers.GROUP,
                handlers.TOPICS,
                pool=pool,
                apply=ReadBack(seal).on_facts,
                known=store.known,
            )
            relay = Relay(
                pool,
                url=url,
                schema="delivery",
                bootstrap=around.kafka_bootstrap,
                patience=UNHURRIED,
            )
            hearing = Hearing(pool, partial(inbox.ends, [TRACKER]))
            sequencer = Sequencer(pool, url=url, seal=seal, hearing=hearing)
            steps = Steps(url)
            callers = Callers(Tokens.of(around), settings.public_rate)
            app.state.delivery = Delivery(pool, callers, seal, steps)
            app.state.delays = Delays(pool, callers, handlers.GROUP)
            app.state.checks = (
                health.database(pool),
                health.consumer(inbox),
                health.outbox(pool),
                sequencer.parking.check,
                hearing.check,
                read_back.difference(pool),
            )
            async with in_background(
                relay=relay.run,
                sequencer=sequencer.run,
                steps=steps.run,
                consumer=partial(consume, inbox, around),
            ):
                yield

    return application(
        "Tidlig delivery", "What you may read goes out here.", api.router, lifespan
    )
