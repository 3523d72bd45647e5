"""Processes that are killed, anywhere or at a named step, and processes that pause."""

import asyncio

from . import steps
from .hand import STEP_LIMIT, Hand
from .healing import until
from .house import LINKED

# longer than Kafka keeps a member of whom it hears nothing
PAUSE_SECONDS = 12.0


async def kill(hand: Hand) -> None:
    """SIGKILL of a service at a random moment, now and then of its neighbour."""
    for _ in range(hand.random.randint(1, 3)):
        await asyncio.sleep(hand.random.random() * 2)
        replica = hand.any_of(*LINKED, "monitor")
        if replica is not None and await hand.house.by_hand(replica.kill):
            hand.done.counts["kill"] += 1


async def kill_emitter(hand: Hand) -> None:
    if hand.house.kill_emitter():
        hand.done.counts["kill"] += 1


async def kill_at_step(hand: Hand) -> None:
    """SIGKILL where a named step is passed: those that came least often first."""
    for _ in range(hand.steps):
        least = min(hand.done.steps[each] for each in steps.EVERY)
        due = [each for each in steps.EVERY if hand.done.steps[each] == least]
        await kill_at(hand, *hand.random.choice(due))


async def kill_at(hand: Hand, service: str, step: str) -> None:
    """All replicas wait to be killed there, for only one of them may pass it."""
    chosen = hand.house.of(service)
    before = len(hand.house.killed_at)
    times = hand.random.randint(1, 3)
    for replica in chosen:
        await hand.house.start_to_be_killed(replica, step, times)
    await until(lambda: len(hand.house.killed_at) > before, STEP_LIMIT)
    for replica in chosen:
        await hand.house.start_as_usual(replica)
    died = len(hand.house.killed_at) - before
    hand.done.steps[service, step] += died
    hand.done.counts["kill at step"] += died
    hand.done.counts["restart for a step"] += len(chosen) - died
    hand.done.counts["step not passed"] += not died


async def pause(hand: Hand) -> None:
    """SIGSTOP beyond the session's time: it wakes as one that was replaced."""
    running = hand.house.running(LINKED)
    chosen = hand.random.sample(running, min(len(running), hand.random.choice([1, 2])))
    paused = [replica for replica in chosen if replica.pause()]
    hand.done.counts["pause"] += len(paused)
    try:
        await asyncio.sleep(PAUSE_SECONDS + hand.random.random() * 3)
    finally:
        for replica in paused:
            replica.resume()
