"""Readers that wait: woken when the sequencer has taken a step."""

import asyncio
from datetime import timedelta

from services.kit import wake

SAFETY_LOOK = timedelta(seconds=5)


class Steps:
    """Tells everybody who waits that there is a new step."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.changed = asyncio.Condition()
        self.seen = 0

    async def run(self) -> None:
        """Until cancelled, or until Postgres fails; call it again then."""
        async with wake.listening(self.url, "delivery", "delivery_step") as woken:
            while True:
                await self.tell()
                await woken.wait(SAFETY_LOOK)

    async def tell(self) -> None:
        async with self.changed:
            self.seen += 1
            self.changed.notify_all()

    async def after(self, seen: int, seconds: float) -> None:
        """Wait for a step since `seen`, at most so long."""
        try:
            async with asyncio.timeout(seconds), self.changed:
                await self.changed.wait_for(lambda: self.seen != seen)
        except TimeoutError:
            return
