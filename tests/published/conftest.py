"""All services on real parts, over real HTTP, as integrators meet them."""

import asyncio
import socket
import threading
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic, sleep
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from pydantic import SecretStr

from services.consultation import app as consultation
from services.consultation.settings import Settings as ConsultationSettings
from services.delivery import app as delivery
from services.delivery.settings import Settings as DeliverySettings
from services.intake import app as intake
from services.intake.settings import Settings as IntakeSettings
from services.kit.settings import Surroundings
from services.monitor import app as monitor
from services.monitor.settings import Settings as MonitorSettings
from services.registry import app as registry
from services.registry.settings import Settings as RegistrySettings
from tests.schemas.said import KS
from tests.stack import Issuer, Stack

KEY = SecretStr(urlsafe_b64encode(b"k" * 32).decode())
PATIENCE = 30
NOBODY_WAITS = 1_000_000


@dataclass(frozen=True)
class Services:
    """The address of each service, and who signs tokens for them."""

    urls: Mapping[str, str]
    issuer: Issuer

    def bearer(self, orgnr: str = KS) -> dict[str, str]:
        return self.issuer.bearer(orgnr)

    def get(self, service: str, path: str, orgnr: str = KS) -> httpx.Response:
        return httpx.get(self.urls[service] + path, headers=self.bearer(orgnr))

    def until(self, asked: Any, what: str) -> Any:
        """Ask until the answer is true, and give it. Fails when the time is up."""
        deadline = monotonic() + PATIENCE
        while not (answer := asked()):
            assert monotonic() < deadline, f"waited {PATIENCE} s for {what}"
            sleep(0.05)
        return answer


def applications(around: Surroundings) -> dict[str, FastAPI]:
    return {
        "intake": intake.build(IntakeSettings(surroundings=around)),
        "registry": registry.build(
            RegistrySettings(surroundings=around, public_rate=NOBODY_WAITS)
        ),
        "consultation": consultation.build(
            ConsultationSettings(surroundings=around, sealing_key=KEY)
        ),
        "delivery": delivery.build(
            DeliverySettings(
                surroundings=around, sealing_key=KEY, public_rate=NOBODY_WAITS
            )
        ),
        "monitor": monitor.build(
            MonitorSettings(surroundings=around, interval=timedelta(seconds=1))
        ),
    }


class Served:
    """The services in a thread and a loop of their own."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.servers: dict[str, uvicorn.Server] = {}
        self.sockets: dict[str, socket.socket] = {}
        self.failed: BaseException | None = None
        self.thread = threading.Thread(target=self.run)

    def run(self) -> None:
        try:
            asyncio.run(self.serve())
        except BaseException as error:
            self.failed = error
            raise

    async def serve(self) -> None:
        around = await self.stack.prepare(
            "intake", "registry", "consultation", "delivery", "monitor"
        )
        for name, app in applications(around).items():
            config = uvicorn.Config(
                app, log_config=None, access_log=False, timeout_graceful_shutdown=1
            )
            self.sockets[name] = socket.create_server(("127.0.0.1", 0))
            self.servers[name] = uvicorn.Server(config)
        await asyncio.gather(
            *(
                server.serve(sockets=[self.sockets[name]])
                for name, server in self.servers.items()
            )
        )

    def urls(self) -> dict[str, str]:
        return {
            name: f"http://127.0.0.1:{sock.getsockname()[1]}"
            for name, sock in self.sockets.items()
        }

    def begin(self) -> None:
        self.thread.start()
        deadline = monotonic() + PATIENCE
        while len(self.servers) < 5 or not all(
            server.started for server in self.servers.values()
        ):
            assert self.failed is None
            assert monotonic() < deadline, "the services do not start"
            sleep(0.05)

    def end(self) -> None:
        for server in self.servers.values():
            server.should_exit = True
        self.thread.join(PATIENCE)


@pytest.fixture(scope="module")
def services(stack: Stack) -> Iterator[Services]:
    """Every service, ready, with nothing said yet."""
    served = Served(stack)
    served.begin()
    found = Services(served.urls(), stack.issuer)
    try:
        for name in found.urls:
            found.until(
                lambda name=name: found.get(name, "/ready").status_code == 200,
                f"{name} to be ready",
            )
        yield found
    finally:
        served.end()
