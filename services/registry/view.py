"""An initiative as one reader sees it, as JSON. Pure, and dates only."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from schemas.envelope import timestamp
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
        "phase": phase(seen, phases),
        "announced": when_or_none(seen.announced),
        "description": {
            name: each.value for name, each in seen.owners(DESCRIPTION).items()
        },
        "shares": [share_json(each) for each in in_order(seen.shares.values())],
        "gateplan": {
            gate: told(each) for gate, each in seen.owners("gateplan").items()
        },
        "gates": standing(seen, "gate"),
        "locks": standing(seen, "lock"),
        "life": standing(seen, "life"),
        "acknowledgements": said_by_others(seen, "acknowledgement"),
        "responses": said_by_others(seen, "response"),
        "readable": {
            channel: timestamp(min(facts.values()))
            for channel, facts in sorted(seen.readable.items())
            if facts
        },
        "received": {body: timestamp(at) for body, at in sorted(seen.received.items())},
    }


def summary(seen: Projection, phases: PhasePolicy) -> Json:
    """A line in a list."""
    title = seen.owners(DESCRIPTION).get("title")
    return {
        "id": seen.subject,
        "owner": organisation(seen.owner),
        "partial": seen.partial,
        "phase": phase(seen, phases),
        "title": None if title is None else title.value,
        "announced": when_or_none(seen.announced),
    }


def phase(seen: Projection, phases: PhasePolicy) -> str | None:
    """The phase that the owner's own gates and life leave it in (Prosjektveiviseren).

    None for a reader to whom gates and life are not open: it would be a guess.
    """
    if not seen.whole:
        return None
    for ending in seen.owners("life").values():
        return phases.life[ending.type]
    outcomes = {
        each.value["gate"]: each.value["outcome"]
        for each in sorted(seen.owners("gate").values(), key=decided)
    }
    if "rejected" in outcomes.values():
        return phases.rejected
    reached = phases.first
    for gate in GATE_ORDER:
        if outcomes.get(gate) == "approved":
            reached = phases.after[gate]
    return reached


def decided(gate: Entry) -> tuple[str, int]:
    """The day of the decision; of one day, the order in which they were said."""
    return (gate.value["date"], gate.order)


def standing(seen: Projection, family: Family) -> list[Json]:
    return [told(each) for each in seen.owners(family).values()]


def said_by_others(seen: Projection, family: Family) -> list[Json]:
    """What other parties say, each in its own name."""
    return [
        {"by": organisation(each.speaker), **told(each)} for each in seen.others(family)
    ]


def in_order(shares: Iterable[Share]) -> list[Share]:
    """Grants in the order in which the owner gave them.

    One of which only the end or the opening was read is left out.
    """
    given = [each for each in shares if each.shared is not None]
    return sorted(given, key=lambda each: each.said.order)


def share_json(share: Share) -> Json:
    """A grant: with whom, from when to when."""
    found: Json = {
        "grant": asdict(share.ref),
        "audience": list(share.audience),
        **told(share.said),
        "open": share.grant.open,
        "live": share.grant.live,
    }
    if share.opened is not None:
        found["opened"] = when(share.opened)
    if share.ended is not None:
        found["ended"] = {"reason": share.ended.value["reason"], **when(share.ended)}
    return found


def organisation(orgnr: str) -> Json:
    return {
        "orgnr": orgnr,
        "name": name_of(orgnr),
        "line": ruleset(NEWEST).line_of(orgnr),
    }


def told(said: Entry | Moment) -> Json:
    """What was said, and when."""
    return {**said.value, **when(said)}


def when(said: Entry | Moment) -> Json:
    """The speaker's claim, and when intake accepted it."""
    return {
        "time": said.time.isoformat(),
        "accepted": timestamp(said.accepted),
        "fact": asdict(said.ref),
    }


def when_or_none(said: Entry | None) -> Json | None:
    return None if said is None else when(said)


def earliness_json(found: Earliness | None) -> Json | None:
    """The figures of one initiative; None where the reader gets none."""
    if found is None:
        return None
    first, lock = found.first, found.lock
    return {
        "direction": {"from": found.from_line, "to": found.to_line},
        "announced": None if found.announced is None else timestamp(found.announced),
        "first_readable": None if first is None else timestamp(first.since),
        "readable_by": [reading_json(each) for each in found.bodies],
        "first_lock": None
        if lock is None
        else {"date": lock.date.isoformat(), "kind": lock.kind},
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
