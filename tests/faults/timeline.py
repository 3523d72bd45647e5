"""The smallest time line of a fact that shows what is broken: each hop that it took."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import orjson

from schemas.identity import mark

from .ledger import Identity
from .truth import Truth
from .world import World

AROUND = 1.0
MOST_LINES = 12


def of(identity: Identity, world: World, truth: Truth, logs: Path) -> list[str]:
    """Everything that is known of the fact, in the order of time."""
    hops = sorted(
        [
            *in_ledger(identity, world),
            *in_outboxes(identity, world),
            *on_topics(identity, world),
        ],
    )
    lines = [f"{moment(at)}  {says}" for at, says in hops]
    lines += in_tables(identity, world, truth)
    if hops:
        lines += in_logs(logs, hops[0][0] - AROUND, hops[-1][0] + AROUND)
    return lines


def moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S.%f")


def in_ledger(identity: Identity, world: World) -> Iterator[tuple[float, str]]:
    emitted = world.emitted.get(identity)
    if emitted is not None:
        for at in emitted.tries:
            yield at, f"emitted ({emitted.event['type']})"
        for at, receipt in emitted.answers:
            yield at, f"answered 202, receipt {receipt}"


def in_outboxes(identity: Identity, world: World) -> Iterator[tuple[float, str]]:
    for row in world.written:
        said = orjson.loads(row.value)
        if identity == (said.get("subject"), said.get("source"), said.get("id")):
            yield row.at.timestamp(), f"in the outbox of {row.service}, row {row.seq}"


def on_topics(identity: Identity, world: World) -> Iterator[tuple[float, str]]:
    wanted = identity[2].encode()
    for record in world.records:
        if record.value is None or wanted not in record.value:
            continue
        try:
            said = orjson.loads(record.value)
            found = said["subject"], said["source"], said["id"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            continue
        if found == identity:
            yield record.timestamp / 1000, f"appended at {record.at}"


def in_tables(identity: Identity, world: World, truth: Truth) -> Iterator[str]:
    own = mark(*identity)
    for name, kept in (("archive", world.archive), ("delivery", world.delivered)):
        for each in kept:
            if each.mark == own:
                yield f"{name}: from {each.at}, turn {each.turn}"
    if own in world.receipts:
        yield f"intake: receipt {world.receipts[own]}"
    for feed in [*world.feeds, *world.followed]:
        if identity in feed.given:
            yield f"feed of {feed.reader}: given {feed.given[identity]} times"
    history = truth.histories.get(identity[0], [])
    for said in history:
        if said.type in {"initiative.shared", "share.ended", "share.opened"}:
            audience = " ".join(sorted(said.audience))
            yield f"of its initiative: {said.type} {audience} at {said.offset}"


def in_logs(folder: Path, first: float, last: float) -> Iterator[str]:
    """What the services said meanwhile, and no more than a few lines of each."""
    for path in sorted(folder.glob("*.log")):
        found = []
        for line in path.read_bytes().splitlines():
            try:
                said = orjson.loads(line)
                at = datetime.fromisoformat(said["timestamp"]).timestamp()
            except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
                continue
            if first <= at <= last:
                found.append(line.decode(errors="replace")[:300])
        yield from (f"{path.name}: {line}" for line in found[-MOST_LINES:])
