"""What one reader sees of a history, by the oracle, and by the registry: one form."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from schemas.identity import Ref
from services.registry.contradictions import contradictions as registrys
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.rules import Projection
from services.registry.state import Moment
from services.registry.view import phase as registrys_phase

from . import judging, reading, shares, standing
from .said import Id, Said

Seen = dict[str, Any]


def by_the_oracle(
    history: Sequence[Said], reader: str, at: datetime | None = None
) -> Seen:
    """From all facts of an initiative; `at` leaves out what was appended later.

    Who may read is judged by all that has been said by now (`facts.md` §4).
    """
    by_now = reading.readable(history, reader)
    mine = [each for each in by_now if at is None or each.appended <= at]
    owner = history[0].owner if history else ""
    through, stands = reading.channels(reader), standing.standing(mine)
    whole = reader == owner or bool(through & reading.live_audience(history))
    ever = reader == owner or bool(through & reading.ever_audience(history))
    first = standing.announced(mine)
    announced = next((each for each in mine if each.id == first), None)
    found = judging.contradictions(stands, owner, announced) if whole else set()
    return {
        "stands": {key: (s.fact.id, s.value, s.corrected) for key, s in stands.items()},
        "announced": first,
        "shares": shares.shares(mine),
        "readable": shares.readable(mine),
        "received": shares.received(mine),
        "corrections": standing.corrections(mine),
        "contradictions": found,
        "phase": judging.phase(stands, owner) if whole else None,
        "whole": whole,
        "partial": not ever,
    }


def by_the_registry(seen: Projection) -> Seen:
    announced = seen.announced
    return {
        "stands": {
            key: (id_of(e.ref), e.value, said(e.corrected))
            for key, e in seen.standing.items()
        },
        "announced": None if announced is None else id_of(announced.ref),
        "shares": {
            id_of(ref): (
                frozenset(each.audience),
                said(each.shared),
                said(each.opened),
                said(each.ended),
            )
            for ref, each in seen.shares.items()
        },
        "readable": {
            channel: {id_of(ref): at for ref, at in facts.items()}
            for channel, facts in seen.readable.items()
        },
        "received": dict(seen.received),
        "corrections": {
            (id_of(ref), id_of(each.target), each.known is not None)
            for ref, each in seen.corrections.items()
        },
        "contradictions": {
            (each.rule, frozenset(map(id_of, each.facts)))
            for each in registrys(seen, contradiction_policy())
        },
        "phase": registrys_phase(seen, phase_policy()),
        "whole": seen.whole,
        "partial": seen.partial,
    }


def id_of(ref: Ref) -> Id:
    return (ref.source, ref.id)


def said(moment: Moment | None) -> Id | None:
    return None if moment is None else id_of(moment.ref)
