"""Hearing: who leads speaks only when the tracker's topic has been read to its end.

What was said by a log that is lost, or by a leader before, must not be said once more.
"""

from collections.abc import Awaitable, Callable, Mapping
from time import monotonic

import structlog
from aiokafka.errors import KafkaError

from services.kit import checkpoint
from services.kit.checkpoint import Place
from services.kit.db import Pool
from services.kit.health import LONGEST_SILENCE

from .handlers import GROUP

log = structlog.get_logger()

PATIENCE = LONGEST_SILENCE.total_seconds()
Ends = Callable[[], Awaitable[Mapping[Place, int]]]


class Hearing:
    """What is still to be read before this one may speak; `ends` asks Kafka."""

    def __init__(self, pool: Pool, ends: Ends) -> None:
        self.pool = pool
        self.ends = ends
        self.term = 0
        self.since = 0.0
        self.asked = False
        # where the topic's partitions ended when it began to lead, as far as not read
        self.due: dict[Place, int] = {}

    async def has_heard_all(self, term: int) -> bool:
        """Whether all is read that was there when this term began. Asks Kafka once."""
        if term != self.term:
            self.term, self.since, self.asked = term, monotonic(), False
        if not self.asked:
            try:
                self.due = dict(await self.ends())
            except (KafkaError, OSError, TimeoutError) as error:
                log.info("ends_not_told", error=type(error).__name__)
                return False
            self.asked = True
        if self.due:
            read = await checkpoint.find(self.pool, GROUP, self.due)
            self.due = {at: n for at, n in self.due.items() if read[at].next < n}
        return not self.due

    def rest(self) -> None:
        """Another leads: there is nothing to wait for."""
        self.term, self.due = 0, {}

    async def check(self) -> str | None:
        """For `/ready`."""
        waits = self.due or not self.asked
        if not self.term or not waits or monotonic() - self.since < PATIENCE:
            return None
        return "the sequencer waits until the tracker's topic has been read to its end"
