"""The service over HTTP: answered from memory, for operations alone."""

from collections.abc import AsyncIterator
from datetime import timedelta

import httpx
import pytest

from schemas.topics import STATE
from services.kit.settings import Surroundings
from services.monitor.app import build
from services.monitor.settings import Settings
from tests.stack import ISSUER, Issuer, running, until

from .lab import Lab

OPERATIONS = "tidlig:operations"
NAV = "889640782"


@pytest.fixture
async def monitor(lab: Lab, issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    settings = Settings(
        interval=timedelta(milliseconds=100),
        cluster_name="test",
        surroundings=Surroundings(
            kafka_bootstrap=lab.bootstrap,
            database_url=lab.watcher_url,
            token_issuer=ISSUER,
            token_jwks=issuer.jwks,
        ),
    )
    async with running(build(settings)) as client:
        await until(lambda: is_ready(client), what="readiness")
        yield client


async def is_ready(client: httpx.AsyncClient) -> bool:
    return (await client.get("/ready")).status_code == 200


@pytest.fixture
def token(issuer: Issuer) -> dict[str, str]:
    return issuer.bearer(NAV, OPERATIONS)


async def test_groups_are_told_as_on_the_command_line(
    monitor: httpx.AsyncClient, lab: Lab, token: dict[str, str]
) -> None:
    lab.produce(STATE.name, 3)

    async def is_behind() -> dict[str, object] | None:
        told = (await monitor.get("/groups", headers=token)).json()
        return told if told["verdict"] == "behind" else None

    told = await until(is_behind, what="the lag")
    assert set(told) == set((await lab.report()).model_dump())
    assert [each["name"] for each in told["groups"] if each["records"]] == [
        "consultation",
        "delivery",
        "registry",
    ]


async def test_one_group_is_told_with_its_partitions(
    monitor: httpx.AsyncClient, token: dict[str, str]
) -> None:
    found = await monitor.get("/groups/registry", headers=token)

    assert found.status_code == 200
    assert found.json()["records"] == 0
    assert len(found.json()["partitions"]) == 48


async def test_a_group_with_a_slash_in_its_name_is_found(
    monitor: httpx.AsyncClient, lab: Lab, token: dict[str, str]
) -> None:
    lab.commit(lab.topic(), 0, group="ks/les")

    async def found() -> bool:
        answer = await monitor.get("/groups/ks%2Fles", headers=token)
        return answer.status_code == 200 and answer.json()["name"] == "ks/les"

    await until(found, what="the group")


async def test_a_group_that_nobody_knows_is_404(
    monitor: httpx.AsyncClient, token: dict[str, str]
) -> None:
    answer = await monitor.get("/groups/nobody", headers=token)

    assert answer.status_code == 404
    assert answer.json()["type"] == "urn:tidlig:problem:not_found"


async def test_a_group_that_may_be_there_is_503_and_not_404(
    monitor: httpx.AsyncClient, lab: Lab, token: dict[str, str]
) -> None:
    await lab.execute("REVOKE USAGE ON SCHEMA intake_ops FROM tidlig_test_watcher")

    async def is_unknown() -> httpx.Response | None:
        answer = await monitor.get("/groups/nobody", headers=token)
        return answer if answer.status_code == 503 else None

    async def says_why() -> httpx.Response | None:
        # on a busy machine the last round may be too old just then
        ready = await monitor.get("/ready")
        return ready if "may not read" in ready.text else None

    try:
        answer = await until(is_unknown, what="the missing right")
        ready = await until(says_why, what="why it is not ready")
    finally:
        await lab.execute("GRANT USAGE ON SCHEMA intake_ops TO tidlig_test_watcher")

    assert "may not read what intake offers" in answer.json()["detail"]
    assert ready.status_code == 503
    assert "may not read what intake offers" in str(ready.json()["waiting_for"])


@pytest.mark.parametrize("path", ["/groups", "/groups/registry"])
async def test_who_asks_must_say_who_he_is_and_have_the_scope(
    monitor: httpx.AsyncClient, issuer: Issuer, path: str
) -> None:
    nobody = await monitor.get(path)
    reader = await monitor.get(
        path, headers=issuer.bearer(NAV, "tidlig:initiatives.read")
    )

    assert (nobody.status_code, reader.status_code) == (401, 403)
    assert nobody.headers["content-type"] == "application/problem+json"
    assert OPERATIONS in reader.json()["detail"]


async def test_metrics_have_the_cluster_and_what_the_process_tells(
    monitor: httpx.AsyncClient,
) -> None:
    answer = await monitor.get("/metrics")

    assert answer.status_code == 200
    assert (
        'kafka_consumergroup_group_sum_lag{cluster_name="test",group="registry"}'
        in (answer.text)
    )
    assert "tidlig_request_seconds_bucket" in answer.text
    for label in ("party", "type", "initiative"):
        assert f"{label}=" not in answer.text.replace("topic=", "")


async def test_it_lives(monitor: httpx.AsyncClient) -> None:
    assert (await monitor.get("/live")).status_code == 204


async def test_its_answers_are_described(monitor: httpx.AsyncClient) -> None:
    described = (await monitor.get("/openapi.json")).json()
    part = described["components"]["schemas"]["PartitionLag"]["properties"]

    assert set(described["paths"]) >= {
        "/groups",
        "/groups/{group}",
        "/metrics",
        "/ready",
    }
    assert "Kafka's own note" in part["committed"]["description"]
