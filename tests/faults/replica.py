"""A replica of a service as a process that may be killed, paused and begun again."""

import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP, SIGTERM
from time import time

import httpx

from deploy.local.folder import CHECKOUT
from deploy.local.ports import HOST
from deploy.local.processes import look, spawn

from .clocks import Clock


@dataclass
class Replica:
    """One process of `service`; `name` is its own, also after a restart."""

    service: str
    name: str
    port: int
    log: Path
    environment: Mapping[str, str] = field(repr=False)
    # None where no clock can be stepped here
    clock: Clock | None = None
    wanted: bool = False
    child: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    # how often it ended without our doing: the status, and when
    ended: list[tuple[float, int]] = field(default_factory=list)
    killed: bool = False

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def runs(self) -> bool:
        return self.child is not None and self.child.poll() is None

    @property
    def paused(self) -> bool:
        seen = None if self.child is None else look(self.child.pid)
        return seen is not None and seen.state == "T"

    def start(self, *how: str) -> None:
        """Begin it anew, perhaps so that it is killed at a step (`service.py`)."""
        if self.runs:
            return
        self.wanted, self.killed = True, False
        module = "tests.faults.service" if how else f"services.{self.service}"
        command: Sequence[str] = (
            [module, self.service, "serve", *how] if how else [module, "serve"]
        )
        self.child = spawn(
            [sys.executable, "-m", *command],
            self.log,
            env={**self.environment, "PYTHONUNBUFFERED": "1"},
            cwd=CHECKOUT,
            parting=SIGKILL,
        )

    def begin_anew(self, *how: str) -> None:
        """Kill it and start it, with nobody starting it between."""
        self.kill()
        self.note_end()
        self.start(*how)

    def kill(self) -> bool:
        """At once, whatever it does. False if it was not running."""
        if self.child is None or not self.runs:
            return False
        self.killed = True
        self.child.send_signal(SIGKILL)
        self.child.wait()
        return True

    def ask_to_end(self) -> None:
        """As an orchestrator does, and not wanted again until it is started."""
        self.wanted = False
        if self.child is not None and self.runs:
            self.killed = True
            self.child.send_signal(SIGTERM)

    def pause(self) -> bool:
        if self.child is None or not self.runs:
            return False
        self.child.send_signal(SIGSTOP)
        return True

    def resume(self) -> None:
        if self.child is not None and self.runs:
            self.child.send_signal(SIGCONT)

    def note_end(self) -> int | None:
        """The status with which it ended, once, where nobody had ended it here."""
        if self.child is None or self.child.poll() is None:
            return None
        status, self.child = self.child.returncode, None
        if self.killed:
            return None
        self.ended.append((time(), status))
        return status

    async def ready(self, client: httpx.AsyncClient) -> str | None:
        """None where it is ready, else what it waits for."""
        try:
            answer = await client.get(f"{self.url}/ready", timeout=5)
        except httpx.TransportError as error:
            return f"{self.name}: {type(error).__name__}"
        if answer.status_code == 200:
            return None
        return f"{self.name}: {answer.text[:300]}"
