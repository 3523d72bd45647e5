"""A fault run: emit while faults come and go, heal, drain, and ask every invariant."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import monotonic

import httpx

from . import (
    building,
    deck,
    followers,
    healing,
    invariants,
    ledger,
    readings,
    timeline,
    truth,
    world,
)
from .broken import Broken
from .followers import Follower
from .hand import Done, Fault, Hand
from .house import House
from .steps import EVERY

HEAL_LIMIT = 60.0
DRAIN_LIMIT = 180.0
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """How long and how hard. The seed decides which fault comes when."""

    seed: int
    # of faults, at most
    seconds: float
    rate: float = 100.0
    replicas: int = 2
    brokers: int = 1
    replayed: int = 300
    # how long one fault lasts, at most
    fault_seconds: float = 8.0
    # a few faults of each kind, then no more
    short: bool = False
    # no more once all of this is reached; without it, until the time is up
    least: Mapping[str, int] = field(default_factory=dict)


@dataclass
class Outcome:
    """What was done, and what is broken; nothing, if all is well."""

    wanted: Wanted
    done: Done = field(default_factory=Done)
    events: int = 0
    healed: list[float] = field(default_factory=list)
    broken: list[Broken] = field(default_factory=list)
    ended_by_themselves: list[str] = field(default_factory=list)
    timeline: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def count(self, kind: str) -> int:
        return sum(1 for each in self.broken if each.kind == kind)

    @property
    def reached(self) -> dict[str, int]:
        """What a whole run has to reach, as far as it has come."""
        counts = self.done.counts
        return {
            "events": self.events,
            "kills": self.done.kills,
            "broker_restarts": counts["broker restart"],
            "postgres_restarts": counts["postgres restart"],
            "pauses": counts["pause"],
        }

    @property
    def is_enough(self) -> bool:
        least = self.wanted.least
        return (
            bool(least)
            and all(self.reached[k] >= n for k, n in least.items())
            and all(self.done.steps[each] for each in EVERY)
        )


def together(first: Outcome, second: Outcome) -> Outcome:
    """What two runs have done and found."""
    return Outcome(
        first.wanted,
        Done(
            first.done.counts + second.done.counts, first.done.steps + second.done.steps
        ),
        first.events + second.events,
        first.healed + second.healed,
        first.broken + second.broken,
        first.ended_by_themselves + second.ended_by_themselves,
        first.timeline or second.timeline,
        first.seconds + second.seconds,
    )


async def run(wanted: Wanted, folder: Path, say: Say) -> Outcome:
    """All of it. What is broken is in the outcome; raises where nothing can be run."""
    outcome = Outcome(wanted)
    began = monotonic()
    async with httpx.AsyncClient(trust_env=False) as client:
        built = await building.build(
            folder,
            client,
            seed=f"r{wanted.seed}",
            rate=wanted.rate,
            replicas=wanted.replicas,
            brokers=wanted.brokers,
        )
        try:
            await rage(built, wanted, outcome, say, began)
        finally:
            outcome.seconds = monotonic() - began
            await built.end()
    return outcome


async def rage(
    built: House, wanted: Wanted, outcome: Outcome, say: Say, began: float
) -> None:
    readers = followers.everybody()
    async with at_work(built, readers):
        first = await healing.catch_up(built, DRAIN_LIMIT)
        if first.missing:
            raise building.CannotBegin(f"not ready: {first.missing}")
        say(f"everything is ready after {monotonic() - began:.0f} s")
        built.emitting = True
        await rounds(built, wanted, outcome, say)
        say("no more faults: healing and draining")
        built.let_emitter_finish()
        if not await healing.until(lambda: built.emitter is None, HEAL_LIMIT):
            built.unwanted.append("the emitter does not get its answers")
        drained = await healing.drain(built, DRAIN_LIMIT)
        say(f"drained after {drained.seconds:.1f} s")
        outcome.broken += [Broken("lost", "I15", text) for text in drained.missing]
    await judge(built, readers, outcome, say)


@asynccontextmanager
async def at_work(built: House, readers: list[Follower]) -> AsyncIterator[None]:
    """The supervisor and the followers, while the block runs."""
    tasks = [asyncio.create_task(built.keep())]
    tasks += [asyncio.create_task(reader.follow(built)) for reader in readers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        found = await asyncio.gather(*tasks, return_exceptions=True)
    for error in found:
        if isinstance(error, Exception):
            raise error


async def rounds(built: House, wanted: Wanted, outcome: Outcome, say: Say) -> None:
    """Random subsets of faults, each followed by a bounded wait until all is well."""
    random = Random(wanted.seed)  # noqa: S311  # no secret
    cards = deck.shuffled(random, short=wanted.short)
    hand = Hand(
        built,
        random,
        outcome.done,
        wanted.fault_seconds,
        wanted.replayed,
        steps=1 if wanted.short else 5,
    )
    began = monotonic()
    while cards and monotonic() - began < wanted.seconds and not built.unwanted:
        chosen = (
            []
            if deck.is_calm(random, short=wanted.short)
            else deck.draw(cards, random, short=wanted.short)
        )
        await one_round(built, hand, chosen, outcome)
        outcome.events = acknowledged(built)
        say(f"{monotonic() - began:5.0f} s  {told(outcome, chosen)}")
        if outcome.is_enough:
            break
        if not cards and not wanted.short:
            cards = deck.shuffled(random, short=False)


async def one_round(
    built: House, hand: Hand, chosen: Sequence[Fault], outcome: Outcome
) -> None:
    """Some faults at once; then until all has caught up with what lay there."""
    if chosen:
        async with asyncio.TaskGroup() as together:
            for fault in chosen:
                together.create_task(one(fault, hand))
    else:
        await hand.wait()
    healed = await healing.catch_up(built, HEAL_LIMIT)
    outcome.healed.append(healed.seconds)
    outcome.broken += [
        Broken("other", "I15", f"not healed after {names(chosen)}: {text}")
        for text in healed.missing[:5]
    ]


async def one(fault: Fault, hand: Hand) -> None:
    await fault(hand)


def told(outcome: Outcome, chosen: Sequence[Fault]) -> str:
    """The progress of a run, in a line."""
    reached = ", ".join(f"{name} {n}" for name, n in outcome.reached.items())
    wrong = f"; BROKEN {outcome.broken[-1].says}" if outcome.broken else ""
    return f"{names(chosen)}; healed in {outcome.healed[-1]:.1f} s ({reached}){wrong}"


def names(chosen: Sequence[Fault]) -> str:
    return ", ".join(fault.__name__ for fault in chosen) or "calm"


def acknowledged(built: House) -> int:
    return sum(1 for each in ledger.read(built.ledger).values() if each.acknowledged)


async def read_to_the_end(
    built: House, readers: list[Follower], outcome: Outcome
) -> None:
    """Until nothing comes any more: that they have received it is said as well."""
    while any([await reader.to_the_end(built) for reader in readers]):
        drained = await healing.drain(built, DRAIN_LIMIT)
        outcome.broken += [Broken("lost", "I15", text) for text in drained.missing]


async def judge(
    built: House, readers: list[Follower], outcome: Outcome, say: Say
) -> None:
    """Look at everything, and ask every invariant of it."""
    await read_to_the_end(built, readers, outcome)
    feeds = await followers.read_all(built)
    found = await world.collect(built, readers, feeds)
    say(f"{len(found.records)} records on the topics; asking the invariants")
    ought = truth.truth_of(found.records)
    bodies = {subject: body for subject, (_, body) in found.states.items()}
    ought.readings = await asyncio.to_thread(readings.read, ought.histories, bodies)
    outcome.events = sum(1 for each in found.emitted.values() if each.acknowledged)
    outcome.broken += invariants.broken(found, ought)
    outcome.broken += [Broken("other", "I15", text) for text in built.unwanted]
    outcome.done.counts["records"] = len(found.records)
    outcome.done.counts["refused"] = len(ought.refused)
    outcome.done.counts["repeated"] = len(ought.repeated)
    outcome.ended_by_themselves = [
        f"{replica.name} ended with {status}"
        for replica in built.replicas
        for _, status in replica.ended
    ]
    shows = next((each for each in outcome.broken if each.identity), None)
    if shows is not None and shows.identity is not None:
        logs = built.folder / "log"
        outcome.timeline = timeline.of(shows.identity, found, ought, logs)
