"""The services of the checkout: which there are, what they are told, how they run."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from signal import SIGTERM, Signals
from typing import ClassVar

from .folder import CHECKOUT, log_of
from .ports import HOST
from .processes import spawn


@dataclass(frozen=True, slots=True)
class Service:
    """A package that is run as `python -m <module> migrate` and `… serve`."""

    name: str
    usual_port: int
    module: str


KNOWN = (
    Service("intake", 8101, "services.intake"),
    Service("registry", 8102, "services.registry"),
    Service("consultation", 8103, "services.consultation"),
    Service("delivery", 8104, "services.delivery"),
    Service("monitor", 8105, "services.monitor"),
)


def present() -> tuple[Service, ...]:
    """The known services that can be run from this checkout."""
    services = CHECKOUT / "services"
    return tuple(s for s in KNOWN if (services / s.name / "__main__.py").exists())


@dataclass(frozen=True, slots=True)
class Serving:
    """A service that is kept running."""

    service: Service
    folder: Path
    port: int
    environment: Mapping[str, str] = field(repr=False)

    parting: ClassVar[Signals] = SIGTERM

    @property
    def name(self) -> str:
        return self.service.name

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        return log_of(self.folder, self.name)

    def migrate(self) -> subprocess.Popen[bytes]:
        """Bring its schema up to date; does not wait."""
        return self.run("migrate")

    def start(self) -> subprocess.Popen[bytes]:
        """Have it serve; does not wait."""
        return self.run("serve")

    def ready(self) -> bool:
        """Whether it says so itself."""
        return says_ready(self.address)

    def run(self, command: str) -> subprocess.Popen[bytes]:
        """Run one of its commands from the checkout."""
        return spawn(
            [sys.executable, "-m", self.service.module, command],
            self.log,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.environment},
            cwd=CHECKOUT,
        )


def says_ready(address: str) -> bool:
    """Whether `GET /ready` answers 200. Asked directly: a proxy knows no loopback."""
    connection = HTTPConnection(address, timeout=2)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
