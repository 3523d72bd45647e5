"""Ending the parts of a stack: services first, then what they stand on."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from signal import SIGTERM

from .kafka import Broker
from .postgres import Server
from .postgres_leftovers import end_all, mark_of
from .processes import Process, end
from .stack import Stack

LAST = {Server.name: Server.parting, Broker.name: Broker.parting}


def end_parts(processes: Mapping[str, Process]) -> None:
    """End all, and all that they started. Raises `CannotRun` if one stays."""
    services = {n: p for n, p in processes.items() if n not in LAST}
    servers = {n: p for n, p in processes.items() if n in LAST}
    for together in (services, servers):
        with ThreadPoolExecutor(max(1, len(together))) as pool:
            ends = [
                pool.submit(end, process, LAST.get(name, SIGTERM))
                for name, process in together.items()
            ]
        for done in ends:
            done.result()


def end_what_was_left(stack: Stack) -> None:
    """End what a killed supervisor left; only for who holds the folder's lock."""
    end_parts(stack.processes)
    if Server.name in stack.processes:
        end_all(mark_of(data_of(stack.folder)))


def data_of(folder: Path) -> Path:
    """Where that folder's Postgres has its data."""
    return Server(folder, port=0).data
