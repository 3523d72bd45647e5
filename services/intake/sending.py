"""How a command asks a service: again while it is away; and its refusals in words."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

import httpx
import stamina

from schemas.envelope import MAX_BATCH_BYTES, MAX_BATCH_EVENTS

URL = "http://127.0.0.1:8101"
TOKEN = "TIDLIG_TOKEN"  # noqa: S105  # the variable's name
T = TypeVar("T")


class Away(Exception):
    """A service asks to try again."""


async def ask(
    client: httpx.AsyncClient, method: str, path: str, **options: Any
) -> httpx.Response:
    """The answer; asks again while the service is away, for the same does no harm.

    Raises `Away` or what httpx raises when patience ends.
    """
    async for attempt in stamina.retry_context(
        on=(httpx.TransportError, Away), attempts=20, timeout=120, wait_max=10
    ):
        with attempt:
            answer = await client.request(method, path, **options)
            if answer.status_code in (429, 503):
                raise Away(f"it answers {answer.status_code}")
    return answer


def batches(
    items: Sequence[T], size: Callable[[T], int], most: int
) -> Iterator[list[T]]:
    """Items in their order, in batches that intake takes; `size` is in bytes."""
    batch: list[T] = []
    # the two brackets, and a comma after each
    full = 2
    for item in items:
        full += size(item) + 1
        if batch and (
            len(batch) >= min(most, MAX_BATCH_EVENTS) or full > MAX_BATCH_BYTES
        ):
            yield batch
            batch, full = [], 2 + size(item) + 1
        batch.append(item)
    if batch:
        yield batch


def faults_at(problem: dict[str, Any], n: int) -> list[tuple[str, str]]:
    """Faults of a batch's n-th event: a pointer into the event, and what to mend."""
    place = f"/{n}"
    return [
        (fault["pointer"].removeprefix(place) or "/", fault["detail"])
        for fault in problem.get("faults", [])
        if fault["pointer"] == place or fault["pointer"].startswith(place + "/")
    ]
