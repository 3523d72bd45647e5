"""Facts in: archived and folded into what stands; what is no fact is rejected."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256

import orjson
from msgspec.structs import replace

from schemas.topics import ARENA, MUNICIPAL, REJECTED, STATE, TRACKER
from services.kit import outbox
from services.kit.batch import Arrived, Refused
from services.kit.db import Connection
from services.kit.outbox import Outgoing

from . import arena, finding, milestones, store
from .archive import facts_of
from .rules import evolve, fold, listing_channels
from .state import State
from .store import Kept

GROUP = "registry"
TOPICS = (STATE, MUNICIPAL, TRACKER)
READ = (*TOPICS, ARENA)
KEPT_BYTES = 64 * 1024


async def on_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Archive what was said, and let it take effect: once per initiative and batch."""
    facts, of_arena = arena.parted(facts)
    if of_arena:
        await arena.keep(conn, of_arena)
    if not facts:
        return
    before = await store.lock_kept(conn, {each.fact.subject for each in facts})
    folding = folded(before, facts)
    await store.archive(conn, facts, folding.turns)
    await fold_again(conn, folding, facts)
    await store.save(conn, folding.after.values())
    await milestones.keep(conn, folding.milestones)
    await store.list_under(conn, newly_listed(before, folding.after))
    await finding.has_changed(conn, to_be_found(facts, before, folding.after))


@dataclass
class Folding:
    """What a batch leaves: states, the turn of each fact, states on the way."""

    after: dict[str, Kept] = field(default_factory=dict)
    turns: list[int] = field(default_factory=list)
    milestones: list[Kept] = field(default_factory=list)


def folded(before: Mapping[str, Kept], facts: Iterable[Arrived]) -> Folding:
    """The states once all this is said too."""
    found = Folding()
    for each in facts:
        subject = each.fact.subject
        was = found.after.get(subject) or before.get(subject) or Kept(State(subject))
        now = Kept(
            evolve(was.state, each.fact, each.offset),
            was.turn + 1,
            max(was.reached, each.appended),
        )
        found.after[subject] = now
        found.turns.append(now.turn)
        if now.turn % milestones.EVERY == 0:
            found.milestones.append(now)
    return found


async def fold_again(
    conn: Connection, folding: Folding, facts: Iterable[Arrived]
) -> None:
    """What names another fact may uncover an older one: the archive has them all."""
    for subject in sorted({f.fact.subject for f in facts if f.fact.named is not None}):
        state = fold(subject, await facts_of(conn, subject))
        folding.after[subject] = replace(folding.after[subject], state=state)
        on_the_way = [each for each in folding.milestones if each.subject != subject]
        folding.milestones = on_the_way


def newly_listed(
    before: Mapping[str, Kept], after: Mapping[str, Kept]
) -> dict[str, set[str]]:
    """Channels under which lists find an initiative now, and did not before."""
    return {
        subject: listing_channels(kept.state) - channels_under(before.get(subject))
        for subject, kept in after.items()
    }


def channels_under(kept: Kept | None) -> set[str]:
    return set() if kept is None else listing_channels(kept.state)


def to_be_found(
    facts: Iterable[Arrived], before: Mapping[str, Kept], after: Mapping[str, Kept]
) -> list[Kept]:
    """New ones, and those of which more was said than who could read or has them."""
    found = {f.fact.subject for f in facts if f.fact.type.readers != "recipients"}
    return [after[subject] for subject in sorted(found | (after.keys() - before))]


async def on_refused(conn: Connection, refused: Sequence[Refused]) -> None:
    """Reject, once, what no consumer can admit; the partition goes on."""
    await outbox.append(
        conn, [Outgoing(REJECTED, each.key or b"", rejection(each)) for each in refused]
    )


def rejection(each: Refused) -> bytes:
    """The beginning of the record, its hash and coordinates, and why."""
    value = each.value or b""
    return orjson.dumps(
        {
            "topic": each.place.topic,
            "topic_id": each.place.topic_id,
            "partition": each.place.partition,
            "offset": each.offset,
            "reason": each.refusal.reason,
            "faults": [asdict(fault) for fault in each.refusal.faults[:20]],
            "bytes": len(value),
            "sha256": sha256(value).hexdigest(),
            "begins_base64": b64encode(value[:KEPT_BYTES]).decode(),
        }
    )
