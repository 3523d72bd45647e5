"""Records that come straight into the topics."""

import asyncio
from contextlib import suppress

from . import poison
from .hand import Hand


async def poisoned(hand: Hand) -> None:
    with suppress(TimeoutError):
        hand.done.counts["poison"] += await asyncio.to_thread(
            poison.poison, hand.house.bootstrap, hand.random
        )


async def replay(hand: Hand) -> None:
    """Records older than any checkpoint, once more."""
    with suppress(TimeoutError):
        hand.done.counts["replayed"] += await asyncio.to_thread(
            poison.replay, hand.house.bootstrap, hand.replayed
        )
