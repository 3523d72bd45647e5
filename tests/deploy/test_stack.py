"""The whole stack: up once, kept running, down without a trace."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path

import pytest

from deploy.local import jars
from deploy.local.down import down
from deploy.local.folder import CHECKOUT
from deploy.local.kafka import knows_a_broker
from deploy.local.postgres_leftovers import mark_of
from deploy.local.processes import command_of, everyone, members, runs
from deploy.local.stack import Stack, read_stack
from deploy.local.status import status
from deploy.local.waiting import until

from .calm_stack import MODULE


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "stack"
    down(tmp_path / "stack")


@pytest.fixture
def given(bootstrap: str, admin_url: str) -> dict[str, str]:
    """A Kafka and a Postgres that are there already."""
    return {"TIDLIG_KAFKA_BOOTSTRAP": bootstrap, "DATABASE_URL": admin_url}


def up(folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    with begin_up(folder, **settings) as command:
        out, errors = command.communicate(timeout=120)
    return subprocess.CompletedProcess([], command.returncode, out, errors)


def begin_up(folder: Path, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(  # noqa: S603 # a module of ours
        [sys.executable, "-m", MODULE, "up"],
        env={**surroundings(), "TIDLIG_LOCAL": str(folder), **settings},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def surroundings() -> dict[str, str]:
    """Our own environment, without a Kafka or Postgres given; jars are shared."""
    given = ("TIDLIG_KAFKA_BOOTSTRAP", "DATABASE_URL")
    own = {name: value for name, value in os.environ.items() if name not in given}
    return {**own, "TIDLIG_JARS": str(jars.folder())}


def left_of(stack: Stack) -> list[str]:
    """What still runs of a stack, in words."""
    recorded = [stack.supervisor, *stack.processes.values()]
    traces = (str(stack.folder), mark_of(stack.folder / "postgres" / "data"))
    found = [str(pid) for process in recorded for pid in members(process)]
    commands = [command_of(pid) for pid, _ in everyone()]
    return found + [c for c in commands if any(trace in c for trace in traces)]


def test_down_leaves_no_process_after_the_supervisor_was_killed(folder: Path) -> None:
    assert up(folder).returncode == 0
    stack = read_stack(folder)
    assert set(stack.processes) == {"kafka", "postgres", "intake"}
    os.kill(stack.supervisor.pid, signal.SIGKILL)

    assert down(folder)

    assert left_of(stack) == []
    assert not down(folder)


def test_up_after_the_supervisor_was_killed_starts_all_on_the_same_ports(
    folder: Path, given: dict[str, str]
) -> None:
    up(folder, **given)
    killed = read_stack(folder)
    os.kill(killed.supervisor.pid, signal.SIGKILL)

    assert up(folder, **given).returncode == 0

    assert read_stack(folder).ports == killed.ports
    assert members(killed.processes["intake"]) == []


def test_a_service_is_told_where_everything_is(
    folder: Path, given: dict[str, str]
) -> None:
    up(folder, **given)
    stack = read_stack(folder)

    told = json.loads(get(stack.service_urls["intake"]))

    assert told["TIDLIG_KAFKA_BOOTSTRAP"] == given["TIDLIG_KAFKA_BOOTSTRAP"]
    assert told["DATABASE_URL"] == stack.database_urls["intake"]
    assert told["TIDLIG_TOKEN_JWKS"] == (folder / "jwks.json").as_uri()


def get(url: str) -> bytes:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/told")
    try:
        return connection.getresponse().read()
    finally:
        connection.close()


def test_a_given_kafka_and_postgres_are_used_and_left_running(
    folder: Path, given: dict[str, str]
) -> None:
    up(folder, **given)
    stack = read_stack(folder)
    ready = status(folder)

    down(folder)

    assert ready
    assert set(stack.processes) == {"intake"}
    assert knows_a_broker(given["TIDLIG_KAFKA_BOOTSTRAP"])


def test_a_service_that_ends_is_started_again(
    folder: Path, given: dict[str, str]
) -> None:
    up(folder, **given)
    first = read_stack(folder).processes["intake"]
    os.kill(first.pid, signal.SIGKILL)

    assert until(lambda: read_stack(folder).processes["intake"] != first, 20)
    assert until(lambda: status(folder), 20)
    assert members(first) == []
    assert "starts again in 1 s" in (folder / "log" / "supervisor.log").read_text()


def test_of_two_at_the_same_time_one_starts_and_both_say_where(
    folder: Path, given: dict[str, str]
) -> None:
    with begin_up(folder, **given) as one, begin_up(folder, **given) as other:
        said = [one.communicate(timeout=60)[0], other.communicate(timeout=60)[0]]

    assert (one.returncode, other.returncode) == (0, 0)
    assert sum("already running" in text for text in said) == 1
    assert all(read_stack(folder).service_urls["intake"] in text for text in said)


@pytest.mark.parametrize("command", ["migrate", "serve"])
def test_a_part_that_cannot_start_is_named_with_its_last_words(
    command: str, folder: Path, given: dict[str, str]
) -> None:
    done = up(folder, **given, CALM_FAILS=command)

    assert done.returncode == 1
    assert "intake" in done.stdout
    assert "not today" in done.stdout
    assert not runs(read_stack(folder).supervisor)
    assert left_of(read_stack(folder)) == []


def test_what_holds_passwords_is_for_its_owner_only(
    folder: Path, given: dict[str, str]
) -> None:
    up(folder, **given)

    for name in ("stack.json", "secrets.json", "issuer.json"):
        assert (folder / name).stat().st_mode & 0o777 == 0o600
