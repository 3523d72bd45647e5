"""Kafka and Postgres of a fault run while they run, and how they are ended."""

import subprocess
from dataclasses import dataclass
from signal import SIGKILL, SIGQUIT, SIGTERM, Signals

from deploy.local import postgres
from deploy.local.waiting import until

from .brokers import LinkedBroker


@dataclass
class Running:
    """Kafka or Postgres while it runs, and how it was ended."""

    server: LinkedBroker | postgres.Server
    child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.child = self.server.start()

    def end(self, how: Signals, patience: float = 30) -> None:
        """Signal it and wait; killed where it does not end in that time."""
        if self.child is None:
            return
        self.child.send_signal(how)
        try:
            self.child.wait(patience)
        except subprocess.TimeoutExpired:
            self.child.send_signal(SIGKILL)
            self.child.wait()
        self.child = None

    @property
    def has_ended(self) -> bool:
        """Whether it ended by itself."""
        return self.child is not None and self.child.poll() is not None

    def until_ready(self, seconds: float = 90) -> bool:
        return until(self.server.ready, seconds)


# Postgres' own word for: drop everything, recover at the next start
IMMEDIATE = SIGQUIT
HARD, SOFT = SIGKILL, SIGTERM
