"""An initiative as one reader sees it, as JSON. Pure, and dates only."""

from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any

from schemas.envelope import timestamp
from schemas.identity import Ref
from schemas.names import name_of
from schemas.rulesets import NEWEST, ruleset
from schemas.types import Family

from .earliness import Earliness, Reading
from .policies import PhasePolicy
from .rules import DESCRIPTION, Projection
from .state import Entry, Moment, Share

Json = dict[str, Any]
GATE_ORDER = ("BP1", "BP2", "BP3", "BP4", "BP5", "BP6")


def view(seen: Projection, phases: PhasePolicy) -> Json:
    """What stands, as far as the reader may know; unordered things in a fixed order."""
    return {
        "id": seen.subject,
        "owner": organisation(seen.owner),
        "partial": seen.partial,
        "phase": None if seen.partial else phase(seen, phases),
        "announced": said(seen.announced),
        "description": {
            key: entry.value for key, entry in family(seen, DESCRIPTION).items()
        },
        "shares": [share(each) for each in in_time(seen.shares.values())],
        "gateplan": {
            key: {**entry.value, **when(entry)}
            for key, entry in family(seen, "gateplan").items()
        },
        "gates": by_key(seen, "gate"),
        "locks": by_key(seen, "lock"),
        "life": by_key(seen, "life"),
        "acknowledgements": others(seen, "acknowledgement"),
        "responses": others(seen, "response"),
        "readable": {
            channel: timestamp(min(facts.values()))
            for channel, facts in sorted(seen.readable.items())
            if facts
        },
        "received": {body: timestamp(at) for body, at in sorted(seen.received.items())},
    }


def summary(seen: Projection, phases: PhasePolicy) -> Json:
    """A line in a list."""
    described = family(seen, DESCRIPTION)
    title = described.get("title")
    return {
        "id": seen.subject,
        "owner": organisation(seen.owner),
        "partial": seen.partial,
        "phase": None if seen.partial else phase(seen, phases),
        "title": None if title is None else title.value,
        "announced": None if seen.announced is None else said(seen.announced),
    }


def phase(seen: Projection, phases: PhasePolicy) -> str:
    """The phase that the owner's own gates and life leave it in."""
    for entry in family(seen, "life").values():
        return phases.life[entry.type]
    outcome = {
        entry.value["gate"]: entry.value["outcome"]
        for entry in sorted(family(seen, "gate").values(), key=decided)
    }
    reached = phases.first
    for gate in GATE_ORDER:
        if outcome.get(gate) == "rejected":
            return phases.rejected
        if outcome.get(gate) == "approved":
            reached = phases.after[gate]
    return reached


def decided(entry: Entry) -> tuple[str, int]:
    """The day of the decision; of one day, the order in which they were said."""
    return (entry.value["date"], entry.order)


def family(seen: Projection, name: Family) -> dict[str, Entry]:
    """What the owner has standing in a family, by key."""
    return {
        key: entry
        for (speaker, of, key), entry in sorted(seen.standing.items())
        if of == name and speaker == seen.owner
    }


def by_key(seen: Projection, name: Family) -> list[Json]:
    return [{**e.value, **when(e)} for e in family(seen, name).values()]


def others(seen: Projection, name: Family) -> list[Json]:
    """What other parties say; each speaks for itself, and none replaces another."""
    found = [entry for (_, of, _), entry in seen.standing.items() if of == name]
    return [
        {"by": organisation(e.speaker), **e.value, **when(e)}
        for e in sorted(found, key=lambda e: (e.accepted, e.ref))
    ]


def in_time(found: Any) -> list[Share]:
    begun: Callable[[Share], tuple[datetime, Ref]] = lambda s: (  # noqa: E731
        moment(s.shared).accepted,
        s.ref,
    )
    return sorted((s for s in found if s.shared is not None), key=begun)


def share(each: Share) -> Json:
    """A grant: with whom, from when to when."""
    told: Json = {
        "grant": asdict(each.ref),
        "audience": list(each.audience),
        **moment(each.shared).value,
        **when(moment(each.shared)),
        "open": each.grant.open,
        "live": each.grant.live,
    }
    if each.opened is not None:
        told["opened"] = when(each.opened)
    if each.ended is not None:
        told["ended"] = {"reason": each.ended.value["reason"], **when(each.ended)}
    return told


def moment(found: Moment | None) -> Moment:
    if found is None:
        raise ValueError("only a grant that was read is shown")
    return found


def organisation(orgnr: str) -> Json:
    return {
        "orgnr": orgnr,
        "name": name_of(orgnr),
        "line": ruleset(NEWEST).line_of(orgnr),
    }


def said(found: Entry | None) -> Json | None:
    return None if found is None else when(found)


def when(found: Entry | Moment) -> Json:
    """The speaker's claim, and when intake accepted it."""
    return {
        "time": found.time.isoformat(),
        "accepted": timestamp(found.accepted),
        "fact": asdict(found.ref),
    }


def earliness_json(found: Earliness | None) -> Json | None:
    """The figures of one initiative; None where the reader gets none."""
    if found is None:
        return None
    return {
        "direction": {"from": found.from_line, "to": found.to_line},
        "announced": timestamp(found.announced),
        "first_readable": None if found.first is None else timestamp(found.first.since),
        "readable_by": [reading_json(each) for each in found.bodies],
        "first_lock": None
        if found.lock is None
        else {"date": found.lock.date.isoformat(), "kind": found.lock.kind},
        "basis": found.basis,
        "lead_days": found.lead_days,
        "class": found.lead_class,
        "class_by_first_readable": found.lead_class_readable,
        "open_decisions": found.open_decisions,
        "of_decisions": found.decisions,
        "ended_after_days": found.ended_after_days,
        "policy": found.policy,
    }


def reading_json(each: Reading) -> Json:
    return {
        "channel": each.channel,
        "since": timestamp(each.since),
        "due": timestamp(each.due),
    }
