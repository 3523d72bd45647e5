"""How fast something gets on, by a count that Postgres tells: for each peer alike."""

import asyncio
from collections.abc import Awaitable, Callable
from time import monotonic

TICK = 0.02
Count = Callable[[], Awaitable[int]]


async def per_second(done: Count, wanted: int, patience: float) -> float:
    """From when the first is seen to be done; what was done by then does not count.

    Raises TimeoutError.
    """
    first: tuple[float, int] | None = None
    deadline = monotonic() + patience
    while monotonic() < deadline:
        found, now = await done(), monotonic()
        if first is None and found:
            first = now, found
        if first is not None and found >= wanted:
            return (wanted - first[1]) / max(now - first[0], TICK)
        await asyncio.sleep(TICK)
    raise TimeoutError(f"{found} of {wanted} in {patience:.0f} s")
