"""`status`: what runs, where, and whether it is ready."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from .kafka import knows_a_broker
from .processes import runs
from .roles import connected
from .services import says_ready
from .stack import Stack, last_stack


@dataclass(frozen=True, slots=True)
class Row:
    """A part as it is now; `pid` is a word where we did not start it."""

    part: str
    pid: str
    address: str
    ready: bool


def status(folder: Path) -> bool:
    """Print the table; True if all is ready."""
    stack = last_stack(folder)
    found = list(rows(stack)) if stack else []
    table = Table("part", "pid", "address", "state")
    for row in found:
        state = "ready" if row.ready else "not ready" if row.pid != "-" else "down"
        table.add_row(row.part, row.pid, row.address, state)
    console = Console()
    console.print(table if found else f"no stack in {folder}", soft_wrap=True)
    return bool(found) and all(row.ready for row in found)


def rows(stack: Stack) -> Iterator[Row]:
    """The supervisor, the servers, the services."""
    supervised = runs(stack.supervisor)
    pid = str(stack.supervisor.pid) if supervised else "-"
    yield Row("supervisor", pid, "", supervised)
    kafka = knows_a_broker(stack.bootstrap)
    yield Row("kafka", number(stack, "kafka"), stack.bootstrap, kafka)
    where = stack.admin_url.rpartition("@")[2]
    postgres = asyncio.run(lets_in(stack.admin_url))
    yield Row("postgres", number(stack, "postgres"), where, postgres)
    for service, url in stack.service_urls.items():
        ready = says_ready(url.removeprefix("http://"))
        yield Row(service, number(stack, service), url, ready)


def number(stack: Stack, part: str) -> str:
    """The part's process: "given" if it was not for us to start, "-" if it ended."""
    process = stack.processes.get(part)
    if process is None:
        return "given" if part in ("kafka", "postgres") else "-"
    return str(process.pid) if runs(process) else "-"


async def lets_in(url: str) -> bool:
    """Whether the database can be used."""
    try:
        async with connected(url):
            return True
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return False
