"""Which faults there are, and which come next: by random numbers alone."""

from random import Random

from . import killing, leaving, outages, stepping, writing
from .hand import Fault

OFTEN: tuple[Fault, ...] = (
    killing.kill,
    killing.kill_at_step,
    killing.pause,
    killing.kill_emitter,
    leaving.members_come_and_go,
    leaving.older_code,
    outages.connections_killed,
    outages.links_reset,
    outages.links_slow,
    outages.links_half_open,
    writing.poisoned,
    writing.replay,
    stepping.clocks_stepped,
)
KAFKA: tuple[Fault, ...] = (outages.kafka_killed, outages.kafka_ended)
# two of these at once would only be an outage
POSTGRES: tuple[Fault, ...] = (outages.postgres_stopped, outages.disk_full)
SERVERS: tuple[Fault, ...] = (*KAFKA, *POSTGRES)
# in long runs alone: they take their time, or are many
SELDOM: tuple[Fault, ...] = (
    killing.pause,
    killing.pause,
    killing.kill,
    killing.kill,
    leaving.rolling_restart,
    leaving.groups_forgotten,
)
# a quarter of the periods is calm, so that recovery itself is looked at
CALM = 0.25


def shuffled(random: Random, *, short: bool) -> list[Fault]:
    """Every fault in any order; in a long run most of them twice."""
    deck = [*OFTEN, random.choice(KAFKA), *POSTGRES]
    if not short:
        deck += [*OFTEN, *KAFKA, outages.disk_full, *SELDOM]
    random.shuffle(deck)
    return deck


def is_calm(random: Random, *, short: bool) -> bool:
    return not short and random.random() < CALM


def draw(deck: list[Fault], random: Random, *, short: bool) -> list[Fault]:
    """The next few; of the servers one at most."""
    chosen: list[Fault] = []
    for _ in range(4 if short else random.randint(1, 4)):
        if not deck:
            break
        if deck[-1] in SERVERS and any(each in SERVERS for each in chosen):
            break
        chosen.append(deck.pop())
    return chosen
