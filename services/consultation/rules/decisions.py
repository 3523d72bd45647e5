"""Decisions and follow-up: each body records its own, in its own line."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.advice import DecisionTaken, DissentJudged, FollowupRecorded
from schemas.rulesets import oslo_day
from schemas.topics import Line

from .acts import line_of, say
from .commands import Decide, Follow, JudgeDissent
from .ground import LINES, Actor, Ground, Said, refuse, require
from .state import Decision, DissentVerdict, FollowUp, Issued, Item


def decide(
    item: Item, asked: Decide, actor: Actor, at: datetime, ground: Ground
) -> Iterator[Said]:
    """What a body decided, on advice that was given; it may decide again."""
    advice = given(item, asked.hash)
    require(
        asked.decided <= oslo_day(at),
        "not_decided_yet",
        "the day of the decision has not come",
        422,
    )
    own = ground.municipality_of(actor.orgnr)
    if asked.municipality is not None:
        require(
            own is None or asked.municipality == own,
            "own_line",
            f"{actor.orgnr} decides for its own municipality only",
            403,
        )
        require(own is not None, "own_line", "a council records its own decision", 403)
    require(
        is_central(actor, item, at, ground) or is_affected(actor, item, ground),
        "affected",
        "bodies that the item affects record decisions, and those who speak for a line",
        403,
    )
    yield say(
        item,
        "decision.taken",
        DecisionTaken(
            initiatives=item.initiatives,
            hash=asked.hash,
            outcome=asked.outcome,
            reason=asked.reason,
            decided=asked.decided,
            body=asked.body,
            for_line=is_central(actor, item, at, ground),
            municipalities=() if own is None else (own,),
            case_reference=asked.case_reference,
        ),
        actor,
        at,
        advice.audience,
    )


def is_central(actor: Actor, item: Item, at: datetime, ground: Ground) -> bool:
    """Whether the actor's organisation speaks for its line in this arena."""
    return ground.may(actor, item.arena, "speaks", at)


def is_affected(actor: Actor, item: Item, ground: Ground) -> bool:
    """Whether the item touches a municipality or body that the organisation is."""
    own = ground.municipality_of(actor.orgnr)
    return (
        own in item.affected.municipalities
        if own is not None
        else actor.orgnr in item.affected.state_bodies
    )


def given(item: Item, hash: str) -> Issued:
    """The advice with this hash that was given. Raises a refusal."""
    for each in item.issued:
        if each.hash == hash:
            return each
    raise refuse("no_advice", "no advice with this hash was given")


def follow_up(item: Item, asked: Follow, actor: Actor, at: datetime) -> Iterator[Said]:
    """What became of the advice in the line; said again, the later word stands."""
    advice = given(item, asked.hash)
    require(
        advice.superseded_by is None,
        "superseded",
        "this advice was superseded; follow up the one that stands",
    )
    require(
        any(each.line == actor.line and each.is_central for each in item.decisions)
        or asked.outcome == "pending",
        "decide_first",
        "your line has recorded no decision yet; until then follow-up is `pending`",
    )
    yield say(
        item,
        "advice.followup.recorded",
        FollowupRecorded(
            initiatives=item.initiatives,
            hash=asked.hash,
            outcome=asked.outcome,
            reason=asked.reason,
        ),
        actor,
        at,
        advice.audience,
    )


def judge_dissent(
    item: Item, asked: JudgeDissent, actor: Actor, at: datetime
) -> Iterator[Said]:
    """A line's word on what became of a dissent; each line may have its own."""
    advice = given(item, asked.hash)
    position = advice.positions.get(asked.dissent)
    require(
        position is not None and position.position == "dissent",
        "no_dissent",
        f"the line {asked.dissent} did not dissent from this advice",
    )
    yield say(
        item,
        "dissent.judged",
        DissentJudged(
            initiatives=item.initiatives,
            hash=asked.hash,
            dissent=asked.dissent,
            outcome=asked.outcome,
            kind=asked.kind,
            evidence=asked.evidence,
        ),
        actor,
        at,
        advice.audience,
    )


def after_taken(item: Item, said: Said, data: DecisionTaken) -> dict[str, Any]:
    line = line_of(said)
    found = Decision(
        line=line,
        body=data.body,
        orgnr=said.org or "",
        municipality=data.municipalities[0] if data.municipalities else None,
        is_central=data.for_line,
        hash=data.hash,
        outcome=data.outcome,
        reason=data.reason,
        decided=data.decided,
        case_reference=data.case_reference,
        at=said.at,
    )
    decisions = (*item.decisions, found)
    lines = {
        each.line for each in decisions if each.is_central and is_current(item, each)
    }
    done = item.stage == "issued" and len(lines) == 2
    # a decision that was accepted in time gives its line its days from then on
    overdue = {
        whose: each
        for whose, each in item.overdue.items()
        if whose != line or each.due <= said.at
    }
    stage = {"stage": "decided"} if done else {}
    return {"decisions": decisions, "overdue": overdue, **stage}


def is_current(item: Item, decision: Decision) -> bool:
    return item.advice is not None and decision.hash == item.advice.hash


def after_followed_up(item: Item, said: Said, data: FollowupRecorded) -> dict[str, Any]:
    found = FollowUp(
        line=line_of(said),
        hash=data.hash,
        outcome=data.outcome,
        reason=data.reason,
        at=said.at,
    )
    followups = (*item.followups, found)
    # whoever has spoken is not overdue
    overdue = {
        line: each
        for line, each in item.overdue.items()
        if (line, each.hash) != (found.line, found.hash) or data.outcome == "pending"
    }
    changed: dict[str, Any] = {"followups": followups, "overdue": overdue}
    if item.stage in ("issued", "decided", "followed_up"):
        changed["stage"] = stage_after(item, followups)
    return changed


def stage_after(item: Item, followups: tuple[FollowUp, ...]) -> str:
    """Followed up once both lines have said what became of the advice that stands."""
    last = {
        each.line: each.outcome
        for each in followups
        if item.advice is not None and each.hash == item.advice.hash
    }
    if len(last) == 2 and "pending" not in last.values():
        return "followed_up"
    return "decided" if item.stage == "followed_up" else item.stage


def after_judged(item: Item, said: Said, data: DissentJudged) -> dict[str, Any]:
    found = DissentVerdict(
        by=line_of(said),
        dissent=data.dissent,
        hash=data.hash,
        outcome=data.outcome,
        kind=data.kind,
        evidence=data.evidence,
        at=said.at,
    )
    return {"verdicts": (*item.verdicts, found)}


@dataclass(frozen=True, slots=True)
class Coverage:
    """How many of a line's affected bodies have decided: never one tick."""

    line: Line
    decided: int
    affected: int


def coverage(item: Item, hash: str, at: datetime, ground: Ground) -> list[Coverage]:
    """By line, n of those affected on the day: councils, and bodies of the state."""
    here = [
        code
        for code in item.affected.municipalities
        if ground.is_municipality(code, at)
    ]
    affected: dict[Line, set[str]] = {
        "municipal": set(here),
        "state": set(item.affected.state_bodies),
    }
    decided: dict[Line, set[str]] = {line: set() for line in LINES}
    for each in item.decisions:
        if each.hash == hash:
            decided[each.line].add(each.municipality or each.orgnr)
    return [
        Coverage(line, len(decided[line] & affected[line]), len(affected[line]))
        for line in LINES
    ]
