"""Asking in the background; whoever wants to know is answered from memory."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from time import monotonic

from prometheus_client import generate_latest

from .metrics import Told
from .report import Report

Ask = Callable[[], Awaitable[Report]]
# so many intervals without an answer and it is not worth much any more
PATIENCE = 3


class Watch:
    """The newest report, as it is and as Prometheus reads it."""

    def __init__(self, ask: Ask, *, interval: timedelta, cluster_name: str) -> None:
        self.ask = ask
        self.interval = interval.total_seconds()
        self.cluster_name = cluster_name
        self.latest: Report | None = None
        self.metrics = b""
        self.began = monotonic()

    async def run(self) -> None:
        """Ask again each interval, until cancelled. Raises what asking raises."""
        while True:
            began = monotonic()
            await self.look()
            await asyncio.sleep(max(0.0, began + self.interval - monotonic()))

    async def look(self) -> None:
        """Ask once."""
        began = monotonic()
        report = await self.ask()
        told = Told(report, self.cluster_name)
        self.metrics = await asyncio.to_thread(generate_latest, told)
        self.latest, self.began = report, began

    async def check(self) -> str | None:
        """For `/ready`: all was asked, and not long ago."""
        if self.latest is None:
            return "nothing has been asked yet"
        if (old := monotonic() - self.began) > PATIENCE * self.interval:
            return f"the last round of questions began {old:.0f} s ago"
        return "; ".join(self.latest.unanswered) or None
