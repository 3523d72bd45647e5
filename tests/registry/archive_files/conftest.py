"""A registry to which something has been said, and its commands."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from services.kit.command import main
from services.registry.__main__ import REGISTRY
from services.registry.archive_files import checking, exporting, layout
from tests.registry.conftest import Desk
from tests.registry.rebuilding.views import stories
from tests.stack import Stack


@pytest.fixture(autouse=True)
def short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of four offsets; the database too is asked so."""
    for module in (layout, checking):
        monkeypatch.setattr(module, "STRETCH", 4)
    for name in ("STRETCHES", "RECORDS"):
        query = getattr(exporting, name).replace(" / 2000)", " / 4)")
        monkeypatch.setattr(exporting, name, query)


@pytest.fixture
async def told(desk: Desk) -> Desk:
    """25 facts about three initiatives."""
    for story in stories():
        await desk.tell(*story.told)
    return desk


@pytest.fixture
def command(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Awaitable[int]]:
    """The command as it is typed; in a thread, for it has a loop of its own."""
    monkeypatch.setenv("DATABASE_URL", stack.database)
    monkeypatch.setenv("TIDLIG_KAFKA_BOOTSTRAP", stack.bootstrap)
    monkeypatch.setenv("TIDLIG_TOKEN_ISSUER", "https://issuer.invalid/")
    monkeypatch.setenv("TIDLIG_TOKEN_JWKS", "file:///nowhere")

    async def run(*words: str) -> int:
        return await asyncio.to_thread(main, REGISTRY, words)

    return run
