"""Where a fact waits: each service is asked about it, and answers for itself alone."""

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Self

import httpx

from .store import Receipt

LIMIT = timedelta(seconds=1)
SILENT = object()


@dataclass(frozen=True, slots=True)
class Waits:
    """Services in which the fact waits, since when; and those that gave no answer."""

    since: Mapping[str, datetime] = field(default_factory=dict)
    silent: tuple[str, ...] = ()


class Waiting:
    """Asks other services, by name and URL, with the caller's own token."""

    def __init__(self, services: Mapping[str, str]) -> None:
        self.services = services
        self.open = AsyncExitStack()
        self.clients: dict[str, httpx.AsyncClient] = {}

    async def __aenter__(self) -> Self:
        for name, url in self.services.items():
            client = httpx.AsyncClient(base_url=url, timeout=LIMIT.total_seconds())
            self.clients[name] = await self.open.enter_async_context(client)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.open.aclose()

    async def of(self, receipt: Receipt, authorization: str) -> Waits:
        """Where the fact waits; nowhere before it lies on Kafka."""
        if receipt.position is None:
            return Waits()
        about = {
            "initiative": receipt.subject,
            "source": receipt.source,
            "id": receipt.event_id,
            "offset": str(receipt.position),
        }
        headers = {"Authorization": authorization}
        answers = await asyncio.gather(
            *(ask(client, about, headers) for client in self.clients.values())
        )
        told = dict(zip(self.clients, answers, strict=True))
        return Waits(
            {name: each for name, each in told.items() if isinstance(each, datetime)},
            tuple(name for name, each in told.items() if each is SILENT),
        )


async def ask(
    client: httpx.AsyncClient, about: Mapping[str, str], headers: Mapping[str, str]
) -> object:
    """Since when the fact waits there, None where it does not; else `SILENT`."""
    try:
        answer = await client.get("/delays", params=about, headers=headers)
        answer.raise_for_status()
        since = answer.json()["delayed_since"]
        return None if since is None else datetime.fromisoformat(since)
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return SILENT
