"""Keeping one part running: started again when it ends, later each time."""

import asyncio
import subprocess
from dataclasses import dataclass, field
from time import monotonic

from .ledger import Ledger
from .logs import last_lines, size
from .part import Part
from .processes import end, process_of
from .trouble import CannotRun

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
LASTED = 60.0
GLANCE, GLANCE_WHEN_CALM = 0.1, 0.5


@dataclass
class Keeping:
    """A part and its present process. `ready` is set once it has served.

    Before that it may end `tries` times; afterwards as often as it likes.
    """

    part: Part
    ledger: Ledger
    tries: int = 1
    child: subprocess.Popen[bytes] | None = None
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    async def keep(self) -> None:
        """Keep it running until cancelled. Raises `CannotRun` if it cannot start.

        Starts from the loop's thread, since a part ends with the thread it came from.
        """
        pause = FIRST_PAUSE
        while True:
            began, since = monotonic(), size(self.part.log)
            code = await self.run_once(began)
            self.tries -= 1
            if not self.ready.is_set() and self.tries <= 0:
                raise CannotRun(
                    f"{self.part.name} did not start (code {code}). "
                    f"{last_lines(self.part.log, since)}"
                )
            if monotonic() - began > LASTED:
                pause = FIRST_PAUSE
            self.say(f"ended (code {code}), starts again in {pause:.0f} s")
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def run_once(self, began: float) -> int:
        """Start it and stay until it ends, which is not when we are cancelled."""
        child = self.child = self.part.start()
        process = process_of(child)
        self.ledger.took(self.part.name, process)
        serves = False
        while child.poll() is None:
            if not serves and await asyncio.to_thread(self.part.ready):
                serves = True
                self.say(f"ready after {monotonic() - began:.1f} s")
                self.ready.set()
            await asyncio.sleep(GLANCE_WHEN_CALM if serves else GLANCE)
        # What it had started itself would otherwise run on beside the next one.
        await asyncio.to_thread(end, process, self.part.parting)
        return child.returncode

    async def until_ready(self, seconds: float) -> None:
        """Wait until it serves. Raises `CannotRun` after that many seconds."""
        since = size(self.part.log)
        try:
            async with asyncio.timeout(seconds):
                await self.ready.wait()
        except TimeoutError:
            raise CannotRun(
                f"{self.part.name} was not ready in {seconds:.0f} s. "
                f"{last_lines(self.part.log, since)}"
            ) from None

    def reap(self) -> None:
        """Take note of the end of a process that was ended."""
        if self.child:
            self.child.wait()

    def say(self, sentence: str) -> None:
        self.ledger.say(self.part.name, sentence)
