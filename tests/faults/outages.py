"""Kafka and Postgres go away and come back, all of them or only connections."""

import asyncio
from contextlib import suppress

import asyncpg

from .hand import Hand
from .servers import HARD, IMMEDIATE, SOFT

TERMINATE = """
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE pid <> pg_backend_pid() AND application_name LIKE 'tidlig-%'
"""


async def kafka_killed(hand: Hand) -> None:
    await restart_kafka(hand, hard=True)


async def kafka_ended(hand: Hand) -> None:
    await restart_kafka(hand, hard=False)


async def restart_kafka(hand: Hand, *, hard: bool) -> None:
    """Of a cluster one: it leads a third of all partitions."""
    house = hand.house
    broker = hand.random.choice(house.brokers)
    await house.by_hand(broker.end, HARD if hard else SOFT)
    try:
        await hand.wait()
    finally:
        await house.by_hand(broker.start)
        hand.done.counts["broker restart"] += 1


async def postgres_stopped(hand: Hand) -> None:
    """At once, as if the machine had lost its power; then it recovers."""
    house = hand.house
    await house.by_hand(house.postgres.end, IMMEDIATE)
    try:
        await hand.wait()
    finally:
        await house.by_hand(house.postgres.start)
        hand.done.counts["postgres restart"] += 1


async def disk_full(hand: Hand) -> None:
    """Postgres cannot write; where it ends of that it is started when there is room."""
    house = hand.house
    if house.disk is None:
        return
    await house.by_hand(house.disk.fill)
    try:
        await hand.wait(2.0)
    finally:
        await house.by_hand(house.disk.make_room)
        hand.done.counts["full disk"] += 1
        if house.postgres.has_ended:
            await house.by_hand(house.postgres.start)
            hand.done.counts["postgres restart"] += 1


async def connections_killed(hand: Hand) -> None:
    """All sessions of the services, three times."""
    for _ in range(3):
        with suppress(OSError, asyncpg.PostgresError, TimeoutError):
            conn = await asyncpg.connect(hand.house.database, timeout=5)
            try:
                ended = await conn.fetchval(TERMINATE)
            finally:
                conn.terminate()
            hand.done.counts["connection killed"] += ended
        await asyncio.sleep(hand.random.random() * 2)


async def links_reset(hand: Hand) -> None:
    for _ in range(3):
        link = hand.random.choice(list(hand.house.links.values()))
        link.reset()
        hand.done.counts["link reset"] += 1
        await asyncio.sleep(hand.random.random() * 2)


async def links_slow(hand: Hand) -> None:
    """Late, in small pieces, or both: each way of some links."""
    links = list(hand.house.links.values())
    chosen = hand.random.sample(links, hand.random.randint(1, 3))
    for link in chosen:
        how = hand.random.randrange(3)
        link.latency = 0.0 if how == 1 else hand.random.choice([0.05, 0.2, 0.5])
        link.slice = 0 if how == 0 else hand.random.choice([7, 100])
        link.bandwidth = 50_000 if how == 2 else 0
        hand.done.counts["link slow"] += 1
    try:
        await hand.wait(2.0)
    finally:
        for link in chosen:
            link.heal()


async def links_half_open(hand: Hand) -> None:
    """Nothing comes through, and nobody is told."""
    chosen = hand.random.sample(list(hand.house.links.values()), 2)
    for link in chosen:
        link.half_open()
        hand.done.counts["link half open"] += 1
    try:
        await hand.wait(4.0)
    finally:
        for link in chosen:
            link.heal()
