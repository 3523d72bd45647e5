"""The peers' jars: coordinates with hashes, no jar twice on one class path."""

import re

import pytest

from bench.peers.worker import CONNECTORS, LOCKS
from deploy.local.jars import read_lock

NAMES = ("worker", *CONNECTORS)


@pytest.mark.parametrize("name", NAMES)
def test_a_lock_has_coordinates_and_hashes_in_order(name: str) -> None:
    jars = read_lock(LOCKS / f"{name}.lock")

    assert jars == sorted(jars, key=lambda jar: (jar.group, jar.artifact))
    assert all(re.fullmatch("[0-9a-f]{64}", jar.sha256) for jar in jars)


def test_the_worker_runs_on_kafkas_own_jars_and_brings_none_of_them_again() -> None:
    kafka = {(jar.group, jar.artifact) for jar in read_lock()}
    worker = {(jar.group, jar.artifact) for jar in read_lock(LOCKS / "worker.lock")}

    assert not kafka & worker
    assert ("org.apache.kafka", "connect-runtime") in worker


@pytest.mark.parametrize("name", CONNECTORS)
def test_a_connector_brings_nothing_that_must_be_the_workers(name: str) -> None:
    mine = {jar.artifact for jar in read_lock(LOCKS / f"{name}.lock")}
    workers = {"kafka-clients", "connect-api", "slf4j-api"}

    assert not mine & {*workers, "jackson-core", "jackson-databind"}
