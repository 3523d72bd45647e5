"""What the peers' command does where Debezium cannot be had."""

from contextlib import ExitStack
from pathlib import Path

import pytest

from bench.peers import worker
from bench.peers.__main__ import OF_DEBEZIUM, Arena
from bench.project import Where
from deploy.local.trouble import CannotRun

WHY = "could not fetch debezium-connector-jdbc"


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    found = Arena(tmp_path)
    found.where = Where("", "", tmp_path)
    return found


def test_without_its_jars_debezium_is_skipped_with_why_and_the_others_go_on(
    arena: Arena, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise CannotRun(WHY)

    monkeypatch.setattr(worker, "running", cannot)

    with ExitStack() as stack:
        arena.worker = arena.worker_if_there(stack)

    assert arena.skipped == dict.fromkeys(OF_DEBEZIUM, WHY)
    names = list(arena.measures())
    assert "ours" in names
    assert "textbook" in names
    assert not [name for name in names if "debezium" in name]


def test_with_them_it_takes_its_turns(arena: Arena, tmp_path: Path) -> None:
    arena.worker = worker.Worker(tmp_path, 1, "")

    assert {"debezium, sink", "debezium, router"} <= set(arena.measures())
