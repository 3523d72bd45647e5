"""An initiative as one reader sees it, as JSON. Pure, and dates only."""

from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict

from schemas.envelope import timestamp
from schemas.identity import owner_of
from schemas.names import name_of
from schemas.rulesets import NEWEST, ruleset
from schemas.types import Family

from .cases import Joint
from .contradictions import contradictions
from .earliness import Earliness, Reading
from .policies import GATE_ORDER, ContradictionPolicy, PhasePolicy
from .rules import DESCRIPTION, Projection
from .state import Correction, Entry, Moment, Share

Json = dict[str, Any]


def view(seen: Projection, phases: PhasePolicy, rules: ContradictionPolicy) -> Json:
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
        "acknowledgements": said_by_each(seen, "acknowledgement"),
        "responses": said_by_each(seen, "response"),
        "scope": next(iter(standing(seen, "scope")), None),
        "status": standing(seen, "status"),
        "joined": in_turn(seen, "joined"),
        "matched": in_turn(seen, "matched"),
        "discovered": seen.discovered,
        "lock_claims": said_by_each(seen, "claim"),
        "disputes": said_by_each(seen, "dispute"),
        "involvement": {
            "requested": said_by_each(seen, "involvement_request"),
            "answered": said_by_each(seen, "involvement_answer"),
            "held": said_by_each(seen, "involvement_held"),
        },
        "costs": said_by_each(seen, "cost"),
        "costs_disagreed": said_by_each(seen, "cost_disagreement"),
        "funding": said_by_each(seen, "funding"),
        "benefits": {
            "planned": said_by_each(seen, "benefit_planned"),
            "measured": said_by_each(seen, "benefit_measured"),
        },
        "corrections": [correction_json(each) for each in by_time(seen)],
        "contradictions": [
            {"rule": each.rule, "facts": [asdict(ref) for ref in each.facts]}
            | {"detail": each.detail}
            for each in contradictions(seen, rules)
        ],
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
    for said in seen.owners("life").values():
        if (ended_or_paused := phases.life[said.type]) is not None:
            return ended_or_paused
    outcomes = seen.outcomes
    if "rejected" in outcomes.values():
        return phases.rejected
    reached = phases.first
    for gate in GATE_ORDER:
        if outcomes.get(gate) == "approved":
            reached = phases.after[gate]
    return reached


def standing(seen: Projection, family: Family) -> list[Json]:
    return [told(each) for each in seen.owners(family).values()]


def in_turn(seen: Projection, family: Family) -> list[Json]:
    """In the order in which they were said: the key has another's number in it."""
    found = seen.owners(family).values()
    return [told(each) for each in sorted(found, key=lambda each: each.order)]


def said_by_each(seen: Projection, family: Family) -> list[Json]:
    """What each party says, in its own name, with the type that says it."""
    return [
        {"by": organisation(each.speaker), "type": each.type, **told(each)}
        for each in seen.everybodys(family)
    ]


def by_time(seen: Projection) -> list[Correction]:
    """What was said of facts, as it was accepted."""
    return sorted(
        seen.corrections.values(),
        key=lambda each: seen.turn(each.said.accepted, each.said.ref),
    )


def correction_json(each: Correction) -> Json:
    """What was said of a fact; `effect` is false while that is unknown to us."""
    return {
        "type": each.type,
        "about": {**asdict(each.target), "type": each.target_type},
        "reason": each.said.value.get("reason"),
        "effect": each.known is not None,
        **when(each.said),
    }


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


def joint_json(each: Joint) -> Json:
    """Another initiative that this is joined with; one-sided it is a claim."""
    return {
        "with": each.subject,
        "mutual": each.mutual,
        "diverged": None if each.diverged is None else list(each.diverged),
        "owner": organisation(owner_of(each.subject)),
    }


def organisation(orgnr: str) -> Json:
    return {
        "orgnr": orgnr,
        "name": name_of(orgnr),
        "line": ruleset(NEWEST).line_of(orgnr),
    }


def told(said: Entry | Moment) -> Json:
    """What was said, and when; and when it was put right, if it was."""
    found = {**said.value, **when(said)}
    if isinstance(said, Entry) and said.corrected is not None:
        found["corrected"] = when(said.corrected)
    return found


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
