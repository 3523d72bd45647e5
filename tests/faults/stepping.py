"""Clocks go wrong: forward and back again, each replica's by itself."""

import asyncio

from .hand import Hand

# backward no further than a token's time may lie ahead of ours
STEPS = (600, 60, 8, -8)
# a process looks after its clock each second
NOTICED = 2.5


async def clocks_stepped(hand: Hand) -> None:
    """Of three replicas, each by a step of its own; then they are set right."""
    clocks = [each.clock for each in hand.house.replicas if each.clock is not None]
    if not clocks:
        return
    chosen = hand.random.sample(clocks, 3)
    for clock in chosen:
        clock.stands(hand.random.choice(STEPS))
        hand.done.counts["clock step"] += 1
    try:
        await hand.wait(NOTICED)
    finally:
        for clock in chosen:
            clock.stands(0)
            hand.done.counts["clock step"] += 1
    await asyncio.sleep(NOTICED)
