"""Facts in: archived and folded into what stands; what is no fact is rejected."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256

import orjson

from schemas.topics import MUNICIPAL, REJECTED, STATE, TRACKER
from services.kit import outbox
from services.kit.batch import Arrived, Refused
from services.kit.db import Connection
from services.kit.outbox import Outgoing

from . import store
from .rules import evolve, listing_channels
from .state import State

GROUP = "registry"
TOPICS = (STATE, MUNICIPAL, TRACKER)
KEPT_BYTES = 64 * 1024


async def on_facts(conn: Connection, facts: Sequence[Arrived]) -> None:
    """Archive what was said, and let it take effect: once per initiative and batch."""
    if not facts:
        return
    await store.archive(conn, facts)
    subjects = {each.fact.subject for each in facts}
    before = await store.lock_states(conn, subjects)
    after = folded({s: before.get(s, State(s)) for s in subjects}, facts)
    await store.save(conn, after.values())
    await store.list_under(conn, newly_listed(before, after))


def folded(states: Mapping[str, State], facts: Iterable[Arrived]) -> dict[str, State]:
    """The states once all this is said too."""
    after = dict(states)
    for each in facts:
        subject = each.fact.subject
        after[subject] = evolve(after[subject], each.fact, each.offset)
    return after


def newly_listed(
    before: Mapping[str, State], after: Mapping[str, State]
) -> dict[str, set[str]]:
    """Channels under which lists find an initiative now, and did not before."""
    return {
        subject: listing_channels(state) - channels_under(before.get(subject))
        for subject, state in after.items()
    }


def channels_under(state: State | None) -> set[str]:
    return set() if state is None else listing_channels(state)


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
