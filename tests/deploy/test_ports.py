"""Ports: the usual ones, or others."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from deploy.local import ports


@pytest.fixture
def usual() -> dict[str, int]:
    first, second = ports.any_free(2)
    return {"kafka": first, "postgres": second}


@pytest.fixture
def busy(usual: dict[str, int]) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", usual["kafka"])) as server:
        yield server.getsockname()[1]


@pytest.fixture
def run() -> Iterator[ExitStack]:
    with ExitStack() as run:
        yield run


def test_free_usual_ports_are_taken(usual: dict[str, int], run: ExitStack) -> None:
    assert ports.choose(usual, {}, run) == usual


@pytest.mark.usefixtures("busy")
def test_a_taken_usual_port_leads_to_another(
    usual: dict[str, int], run: ExitStack
) -> None:
    chosen = ports.choose(usual, {}, run)

    assert chosen["kafka"] > usual["kafka"]
    assert chosen["postgres"] == usual["postgres"]


@pytest.mark.usefixtures("busy")
def test_a_taken_remembered_port_leads_to_the_usual_one(
    usual: dict[str, int], run: ExitStack
) -> None:
    chosen = ports.choose(usual, {"postgres": usual["kafka"]}, run)

    assert chosen["postgres"] == usual["postgres"]


def test_a_remembered_port_is_taken_again(
    usual: dict[str, int], run: ExitStack
) -> None:
    (remembered,) = ports.any_free(1)

    assert ports.choose(usual, {"kafka": remembered}, run)["kafka"] == remembered


def test_no_part_takes_the_usual_port_of_another(run: ExitStack) -> None:
    (port,) = ports.any_free(1)
    with socket.create_server(("127.0.0.1", port)):
        chosen = ports.choose({"kafka": port, "postgres": port + 1}, {}, run)

    assert chosen["kafka"] not in (port, port + 1)


def test_a_port_that_is_held_without_listening_counts_as_taken() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))

        assert ports.taken(held.getsockname()[1])


def test_two_that_start_at_once_get_different_ports(
    usual: dict[str, int], run: ExitStack
) -> None:
    first = ports.choose(usual, {}, run)
    second = ports.choose(usual, {}, run)

    assert not set(first.values()) & set(second.values())


def test_a_port_is_free_again_when_its_run_has_ended(usual: dict[str, int]) -> None:
    with ExitStack() as run:
        ports.choose(usual, {}, run)

    with ExitStack() as next_run:
        assert ports.choose(usual, {}, next_run) == usual
