"""Asks everybody over and over with one client, or a new one where that fails."""

import asyncio
from datetime import timedelta

from confluent_kafka.admin import AdminClient

from . import cycle
from .cycle import Asked
from .oldest import OldestUnread
from .report import Report

NO_ANSWER = "(_TIMED_OUT)"


class Asker:
    """Who asks. It opens no connection yet."""

    def __init__(
        self, bootstrap: str, postgres: str, limit: timedelta, oldest: OldestUnread
    ) -> None:
        self.bootstrap = bootstrap
        self.postgres = postgres
        self.limit = limit
        self.oldest = oldest
        self.admin = client(bootstrap)

    async def ask(self) -> Report:
        """Ask once.

        librdkafka 2.16 asks a coordinator that was restarted never again, but its own
        picture of it from before: so the next time another client asks.
        """
        report = await cycle.ask(
            Asked(self.bootstrap, self.postgres, self.admin, self.oldest, self.limit)
        )
        if any(NO_ANSWER in sentence for sentence in report.unanswered):
            await asyncio.to_thread(self.take_another)
        return report

    def take_another(self) -> None:
        """It blocks while the one before ends: call it in a thread."""
        self.admin = client(self.bootstrap)


def client(bootstrap: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
