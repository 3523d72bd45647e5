"""A service may start before Kafka and Postgres; it says so, and needs no hand."""

import os
import sys
from pathlib import Path

import httpx
import pytest

from deploy.local import ports, roles, tokens, topics
from deploy.local.folder import CHECKOUT, log_of, make
from deploy.local.kafka import Broker
from deploy.local.part import started
from deploy.local.postgres import Server
from deploy.local.processes import finish, spawn
from deploy.local.waiting import until
from services.kit.migrations import migrate
from services.registry.__main__ import REGISTRY

PASSWORD = "en-to-tre"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make(tmp_path / "stack")


def answers(port: int, path: str) -> httpx.Response | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}")
    except httpx.TransportError:
        return None


def threads_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


async def test_a_service_started_before_kafka_and_postgres_becomes_ready_by_itself(
    folder: Path,
) -> None:
    kafka_port, controller, postgres_port, port = ports.any_free(4)
    broker = Broker(folder, kafka_port, controller)
    server = Server(folder, postgres_port)
    broker.prepare()
    server.prepare()
    urls = roles.urls(server.url, {"registry": PASSWORD})
    service = spawn(
        [sys.executable, "-m", "services.registry", "serve"],
        log_of(folder, "registry"),
        cwd=CHECKOUT,
        env={
            **os.environ,
            "TIDLIG_KAFKA_BOOTSTRAP": broker.address,
            "DATABASE_URL": urls["registry"],
            "TIDLIG_TOKEN_ISSUER": tokens.ISSUER,
            "TIDLIG_TOKEN_JWKS": tokens.publish(folder),
            "TIDLIG_REGISTRY_PORT": str(port),
        },
    )
    try:
        assert until(lambda: answers(port, "/live") is not None, 30)
        log = log_of(folder, "registry")
        assert until(lambda: log.read_text().count("work_begun_again") >= 12, 40)
        threads = threads_of(service.pid)
        before = answers(port, "/ready")
        asked = answers(port, "/initiatives")
        with started(server), started(broker):
            topics.provision(broker.address)
            await roles.provision(server.url, {"registry": PASSWORD})
            await migrate(urls["registry"], "registry", REGISTRY.migrations)

            def ready() -> bool:
                found = answers(port, "/ready")
                return found is not None and found.status_code == 200

            became_ready = until(ready, 40)
            after = answers(port, "/initiatives")
    finally:
        finish(service)

    # what is tried in vain leaves nothing behind
    assert threads < 25
    assert before is not None
    assert before.status_code == 503
    assert any("Postgres" in sentence for sentence in before.json()["waiting_for"])
    assert any("Kafka" in sentence for sentence in before.json()["waiting_for"])
    assert asked is not None
    assert asked.status_code == 503
    assert asked.headers["retry-after"]
    assert became_ready
    assert after is not None
    assert after.json()["initiatives"] == []
