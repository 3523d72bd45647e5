"""Finding ports: the usual ones where they are free, else the next that are."""

import random
import socket
from collections.abc import Mapping
from contextlib import ExitStack

from .trouble import CannotRun

HOST = "127.0.0.1"
SERVERS = {"kafka": 9092, "controller": 9093, "postgres": 5432}
FARTHEST = 500


def choose(
    usual: Mapping[str, int], remembered: Mapping[str, int], run: ExitStack
) -> dict[str, int]:
    """A free port for each name: the remembered one, the usual one, or the next.

    Nobody else who chooses gets one of them until `run` ends. Raises `CannotRun`.
    """
    chosen: dict[str, int] = {}
    for name, port in usual.items():
        others = {p for n, p in usual.items() if n != name} | set(chosen.values())
        chosen[name] = nearest(port, remembered.get(name), others, run)
    return chosen


def nearest(
    usual: int, remembered: int | None, others: set[int], run: ExitStack
) -> int:
    """The first free port of those that come into question. Raises `CannotRun`."""
    following = range(usual, min(usual + FARTHEST, 65536))
    candidates: list[int] = [remembered or usual, *following]
    for port in candidates:
        if port not in others and not taken(port) and hold(port, run):
            return port
    raise CannotRun(
        f"no port is free from {usual} to {usual + FARTHEST}: end what uses them"
    )


def hold(port: int, run: ExitStack) -> bool:
    """Keep it from others who choose, though its server listens only later.

    The same number is bound in UDP, which nobody here uses and which ends with us.
    """
    holding = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        holding.bind((HOST, port))
    except OSError:
        holding.close()
        return False
    run.enter_context(holding)
    return True


def any_free(count: int) -> list[int]:
    """Free ports for tests, below those that the system gives to callers."""
    chosen: list[int] = []
    while len(chosen) < count:
        port = random.randrange(15_000, 32_000)  # noqa: S311 # no secret
        if port not in chosen and not taken(port):
            chosen.append(port)
    return chosen


def taken(port: int) -> bool:
    """Whether somebody answers there, or it cannot be had."""
    return answers(port) or not can_be_had(port)


def answers(port: int) -> bool:
    """Whether somebody accepts a connection."""
    try:
        socket.create_connection((HOST, port), timeout=1.0).close()
    except OSError:
        return False
    return True


def can_be_had(port: int) -> bool:
    """Whether a server could listen there, also right after another did."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
            probe.listen()
        except OSError:
            return False
    return True
