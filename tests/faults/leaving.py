"""Members that leave and come back: in good order, as older code, or forgotten."""

import asyncio
from contextlib import suppress
from functools import partial
from time import monotonic

from confluent_kafka import KafkaException

from schemas.rulesets import NEWEST

from . import memory
from .hand import STEP_LIMIT, Hand
from .healing import GROUPS, until
from .replica import Replica


async def members_come_and_go(hand: Hand) -> None:
    """Replicas are ended in good order and come back, every second or so."""
    service = hand.random.choice(["registry", "delivery", "intake"])
    for _ in range(4):
        replica = hand.any_of(service)
        if replica is not None:
            replica.ask_to_end()
            await asyncio.sleep(hand.random.random() * 2)
            replica.wanted = True
            hand.done.counts["member gone"] += 1
        await asyncio.sleep(hand.random.random() * 2)


async def rolling_restart(hand: Hand) -> None:
    """Every replica, one after another, in any order."""
    order = [each for each in hand.house.replicas if each.runs]
    hand.random.shuffle(order)
    for replica in order:
        replica.ask_to_end()
        await until(partial(ended, replica), 20.0)
        replica.wanted = True
        hand.done.counts["member gone"] += 1


async def older_code(hand: Hand) -> None:
    """One replica does not know the newest rule set: it waits, and rejects nothing.

    Then it is upgraded. What it had to leave lies there for it, or for others.
    """
    service = hand.random.choice(["registry", "delivery"])
    replica = hand.random.choice(hand.house.of(service))
    older = ("--knows-rules", str(NEWEST - 1))
    await hand.house.by_hand(replica.begin_anew, *older)
    try:
        waited = await says(hand, replica, "Newer", STEP_LIMIT)
        hand.done.counts["older code waited"] += waited
    finally:
        await hand.house.by_hand(replica.begin_anew)


async def says(hand: Hand, replica: Replica, word: str, limit: float) -> bool:
    """Whether `/ready` says so within that time."""
    ends = monotonic() + limit
    while monotonic() < ends:
        said = await replica.ready(hand.house.client)
        if said is not None and word in said:
            return True
        await asyncio.sleep(0.2)
    return False


async def groups_forgotten(hand: Hand) -> None:
    """Kafka remembers other offsets of a group than it was told, or none."""
    group = hand.random.choice(sorted(GROUPS))
    replicas = hand.house.of(group)
    for replica in replicas:
        replica.wanted = False
        await hand.house.by_hand(replica.kill)
    try:
        with suppress(KafkaException, TimeoutError):
            changed = await asyncio.to_thread(
                memory.change, hand.house.bootstrap, group, hand.random
            )
            hand.done.counts["offset forgotten"] += changed
    finally:
        for replica in replicas:
            replica.wanted = True


def ended(replica: Replica) -> bool:
    return not replica.runs
