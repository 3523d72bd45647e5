"""Starting what a benchmark needs: a stack of its own, on free ports, from nothing."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from deploy.local import jars, tokens
from deploy.local.down import down
from deploy.local.folder import state_folder
from deploy.local.stack import Stack, read_stack
from deploy.local.up import up

T = TypeVar("T")
SCOPES = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"


@contextmanager
def stack() -> Iterator[Stack]:
    """Kafka, Postgres and every service; nothing of it is left afterwards."""
    room = folder() / "bench"
    os.environ["TIDLIG_JARS"] = str(jars.folder())
    down(room)
    shutil.rmtree(room, ignore_errors=True)
    try:
        if up(room, detach=True):
            raise SystemExit("the stack did not start")
        yield read_stack(room)
    finally:
        down(room)
        shutil.rmtree(room, ignore_errors=True)


@contextmanager
def within(
    runner: asyncio.Runner, entered: AbstractAsyncContextManager[T]
) -> Iterator[T]:
    """Enter on a loop that goes on between the runs, and leave on the same."""
    stack = AsyncExitStack()
    try:
        yield runner.run(stack.enter_async_context(entered))
    finally:
        runner.run(stack.aclose())


def folder() -> Path:
    """Where a benchmark keeps its data while it runs."""
    made = state_folder()
    made.mkdir(parents=True, exist_ok=True)
    return made


def port_of(running: Stack, service: str) -> int:
    port = urlsplit(running.service_urls[service]).port
    if port is None:
        raise ValueError(f"{service} has no port")
    return port


def bearer(running: Stack, orgnr: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {tokens.sign(running.folder, orgnr, SCOPES)}"}
