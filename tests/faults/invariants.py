"""The invariants of a fault run (`operations.md` C3), asked of what was found.

Each is a function of what is there and what ought to be, and yields what is broken.
Those of what readers are given are in `reading_invariants.py`.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import pairwise

import orjson

from schemas.identity import mark
from schemas.topics import REJECTED

from . import reading_invariants
from .broken import Broken, Invariant, Kind
from .ledger import Identity
from .truth import Truth
from .world import Kept, World


def no_acknowledged_fact_is_lost(world: World, truth: Truth) -> Iterator[Broken]:
    """I1: each 202 is on its topic, in the archive, in delivery, and has a receipt."""
    archived = {each.mark for each in world.archive}
    delivered = {each.mark for each in world.delivered}
    for identity, emitted in world.emitted.items():
        if not emitted.acknowledged:
            continue
        own = mark(*identity)
        missing = [
            where
            for where, is_there in (
                ("on a topic", identity in truth.facts),
                ("in the archive", own in archived),
                ("in delivery", own in delivered),
                ("among the receipts", own in world.receipts),
            )
            if not is_there
        ]
        if missing:
            says = f"acknowledged, and not {' nor '.join(missing)}"
            yield Broken("lost", "I1", says, identity)


def every_fact_takes_effect(world: World, truth: Truth) -> Iterator[Broken]:
    """I9: what lies on the topics is stored by both, where it lies first."""
    for name, kept in (("archive", world.archive), ("delivery", world.delivered)):
        by_mark = {each.mark: each for each in kept}
        for own, identity in truth.marks.items():
            record = truth.facts[identity]
            found = by_mark.pop(own, None)
            if found is None:
                says = f"{record.at} is a fact, and not in {name}"
                yield Broken("lost", "I9", says, identity)
            elif found.at != record.at or found.value != record.value:
                says = (
                    f"{name} has it from {found.at}, and it lies first at {record.at}"
                )
                yield Broken("other", "I9", says, identity)
        for left in by_mark.values():
            says = f"{name} has {left.subject} from {left.at}, which is no fact there"
            yield Broken("other", "I9", says)


def effects_exactly_once(world: World, truth: Truth) -> Iterator[Broken]:
    """I2: a state rests on as many facts as were said, each with a turn of its own."""
    turns: dict[str, list[int]] = defaultdict(list)
    for each in world.archive:
        turns[each.subject].append(each.turn)
    for subject, history in truth.histories.items():
        turn, _ = world.states.get(subject, (0, b""))
        if turn != len(history):
            says = f"{subject} rests on {turn} facts, and {len(history)} were said"
            yield Broken("duplicated", "I2", says, (subject, *history[-1].id))
        elif sorted(turns[subject]) != list(range(1, len(history) + 1)):
            yield Broken("duplicated", "I2", f"turns of {subject}: {turns[subject]}")


def written_once(world: World, truth: Truth) -> Iterator[Broken]:
    """I2, I4: one row of an outbox for each fact and each rejection, and no other."""
    written: Counter[Identity] = Counter()
    rejections: Counter[tuple[str, int, int]] = Counter()
    for row in world.written:
        said = orjson.loads(row.value)
        if row.topic == REJECTED.name:
            rejections[said["topic"], said["partition"], said["offset"]] += 1
        else:
            written[said["subject"], said["source"], said["id"]] += 1
    for identity, times in written.items():
        if times > 1:
            says = f"put into an outbox {times} times"
            yield Broken("duplicated", "I2", says, identity)
        if identity not in truth.facts:
            yield Broken("lost", "I1", "in an outbox, and on no topic", identity)
    for at in truth.refused.keys() | rejections.keys():
        times = rejections[at]
        if times != 1 or at not in truth.refused:
            says = f"the record at {at} was rejected {times} times"
            kind: Kind = "duplicated" if times > 1 else "lost"
            yield Broken(kind, "I9", says)


def rejections_are_published(world: World, truth: Truth) -> Iterator[Broken]:
    """I9: what was refused can be found on the topic of rejected records."""
    told = Counter(
        (said["topic"], said["partition"], said["offset"])
        for said in (orjson.loads(each.value or b"{}") for each in truth.rejected)
    )
    for at in truth.refused.keys() - told.keys():
        yield Broken("lost", "I9", f"the rejection of {at} was not published")
    del world


def order_is_kept(world: World, truth: Truth) -> Iterator[Broken]:
    """I3: a speaker's words on an initiative lie in the order in which it said them."""
    spoken: dict[tuple[str, str], list[Identity]] = defaultdict(list)
    for identity, emitted in world.emitted.items():
        if emitted.acknowledged and identity in truth.facts:
            spoken[emitted.key].append(identity)
    for identities in spoken.values():
        offsets = [truth.facts[identity].offset for identity in identities]
        for n in range(1, len(offsets)):
            if offsets[n] < offsets[n - 1]:
                says = f"lies at {offsets[n]}, before what was said earlier"
                yield Broken("order", "I3", says, identities[n])


def turns_follow_offsets(world: World, truth: Truth) -> Iterator[Broken]:
    """I3: the archive folds each partition's facts on an initiative in their order."""
    by_place: dict[tuple[str, str], list[Kept]] = defaultdict(list)
    for each in world.archive:
        by_place[each.subject, each.at[0]].append(each)
    identity_at = {record.at: identity for identity, record in truth.facts.items()}
    for kept in by_place.values():
        in_turn = sorted(kept, key=lambda each: each.turn)
        for before, after in pairwise(in_turn):
            if after.at < before.at:
                says = f"folded after {before.at}"
                yield Broken("order", "I3", says, identity_at.get(after.at))


def checkpoints_stand_at_the_ends(world: World, _: Truth) -> Iterator[Broken]:
    """I7, I9: all was read; Kafka was told no more than Postgres knows."""
    for (group, topic, n), place in world.places.items():
        if place.checkpoint != place.end:
            says = f"{group} stands at {place.checkpoint} of {place.end} in {topic}/{n}"
            yield Broken("lost", "I9", says)
        if place.noted is not None and place.noted > place.checkpoint:
            says = f"{group} has noted {place.noted} in Kafka, beyond {topic}/{n}"
            yield Broken("other", "I7", f"{says} at {place.checkpoint}")


def the_log_has_no_gap(world: World, _: Truth) -> Iterator[Broken]:
    """I8: positions of the availability log are 1, 2, 3 … up to its end."""
    expected = list(range(1, world.log_end + 1))
    if world.log != expected:
        odd = set(world.log) ^ set(expected)
        says = f"positions missing or beyond the end: {sorted(odd)[:20]}"
        yield Broken("lost", "I8", says)


def nothing_is_parked(world: World, _: Truth) -> Iterator[Broken]:
    """I9: of these facts none makes the code fail, whatever else did."""
    for text in world.parked:
        yield Broken("other", "I9", f"parked: {text}")


ALL: tuple[Invariant, ...] = (
    no_acknowledged_fact_is_lost,
    every_fact_takes_effect,
    effects_exactly_once,
    written_once,
    rejections_are_published,
    order_is_kept,
    turns_follow_offsets,
    checkpoints_stand_at_the_ends,
    the_log_has_no_gap,
    nothing_is_parked,
    *reading_invariants.ALL,
)


def broken(world: World, truth: Truth) -> list[Broken]:
    """All that does not hold."""
    return [found for holds in ALL for found in holds(world, truth)]
