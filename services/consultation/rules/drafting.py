"""Advice: a text on the table, challenges to it, and giving it in its time."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from schemas.advice import (
    Advice,
    AdviceChallenged,
    AdviceDrafted,
    AdviceIssued,
    AdviceSuperseded,
)
from schemas.channels import ARENA

from .acts import actors_of, content_of, hash_of, line_of, say, without
from .commands import ChallengeDraft, DraftAdvice, IssueAdvice
from .days import after_working_days
from .ground import Actor, Ground, Said, refuse, require
from .state import Challenge, Draft, Issued, Item, Pending


def drafted(
    item: Item, waiting: Pending, ground: Ground, at: datetime
) -> Iterator[Said]:
    """A text is laid on the table; positions on the text before it are void."""
    act = DraftAdvice.model_validate_json(content_of(waiting))
    require(
        item.stage in ("heard", "advised", "positions_complete")
        or (item.advice is not None and not item.is_over),
        "workflow",
        "advice is drafted once the item has been heard at a meeting",
    )
    advice = act.advice
    stands = [each.advice for each in (item.draft, item.advice) if each is not None]
    require(
        advice not in stands,
        "same_text",
        "this text is on the table, or was given, already",
    )
    windows = ground.windows
    yield Said(
        item.id,
        "advice.drafted",
        at,
        AdviceDrafted(
            initiatives=item.initiatives,
            actors=actors_of(waiting),
            version=next_version(item),
            hash=text_hash(item.id, next_version(item), advice),
            advice=advice,
            challenge_before=after_working_days(at, windows.challenge_working_days),
            position_before=after_working_days(at, windows.position_working_days),
        ),
    )


def text_hash(item: str, version: int, advice: Advice) -> str:
    """What positions are bound to: the text, of which item, in which version."""
    return hash_of(
        {"item": item, "version": version, "advice": advice.model_dump(mode="json")}
    )


def next_version(item: Item) -> int:
    if item.draft is not None:
        return item.draft.version + 1
    return item.advice.version + 1 if item.advice is not None else 1


def challenge(
    item: Item, asked: ChallengeDraft, actor: Actor, at: datetime
) -> Iterator[Said]:
    """A line's challenge stands beside the draft."""
    draft = on_the_table(item, asked.hash)
    require(
        at < draft.challenge_before,
        "window_passed",
        "the ten working days to challenge this draft are over; take a position",
    )
    require(
        actor.line not in draft.positions,
        "position_given",
        "your line has taken its position on this text",
    )
    yield say(
        item,
        "advice.challenged",
        AdviceChallenged(
            initiatives=item.initiatives, hash=draft.hash, text=asked.text
        ),
        actor,
        at,
    )


def on_the_table(item: Item, hash: str) -> Draft:
    """The draft with this hash. Raises a refusal where it is another text by now."""
    if item.draft is None:
        raise refuse("no_draft", "no draft is on the table")
    if item.draft.hash != hash:
        raise refuse(
            "old_text",
            f"the text was changed: version {item.draft.version} with hash "
            f"{item.draft.hash} is on the table; read it and answer to that",
        )
    return item.draft


def issued(item: Item, waiting: Pending, _: Ground, at: datetime) -> Iterator[Said]:
    """The advice is given; one given before is superseded."""
    act = IssueAdvice.model_validate_json(content_of(waiting))
    draft = on_the_table(item, act.hash)
    require(
        len(draft.positions) == 2,
        "positions_first",
        "advice is given when both lines have a position, or the time for it is over "
        "and the tracker has recorded that there is none",
    )
    yield Said(
        item.id,
        "advice.issued",
        at,
        AdviceIssued(
            initiatives=item.initiatives,
            actors=actors_of(waiting),
            version=draft.version,
            hash=draft.hash,
            advice=draft.advice,
        ),
        audience=tuple(sorted({ARENA, *act.audience})),
    )
    if item.advice is not None:
        yield Said(
            item.id,
            "advice.superseded",
            at,
            AdviceSuperseded(
                initiatives=item.initiatives,
                actors=actors_of(waiting),
                version=item.advice.version,
                hash=item.advice.hash,
                by_hash=draft.hash,
            ),
            audience=item.advice.audience,
        )


def after_drafted(item: Item, said: Said, data: AdviceDrafted) -> dict[str, Any]:
    draft = Draft(
        version=data.version,
        hash=data.hash,
        advice=data.advice,
        drafted=said.at,
        challenge_before=data.challenge_before,
        position_before=data.position_before,
    )
    waiting = item.pending.get("draft")
    by_window = dict(item.drafts_by_window)
    if waiting is not None and len(data.actors) == 1:
        by_window[waiting.line] = by_window.get(waiting.line, 0) + 1
    # what was given on an older text has no effect, and its author is told
    voided = tuple(item.draft.positions.values()) if item.draft is not None else ()
    changed: dict[str, Any] = {
        **without(item, "draft"),
        "draft": draft,
        "voided": (*item.voided, *(each for each in voided if is_told(each))),
        "drafts_by_window": by_window,
    }
    changed["pending"].pop("issue", None)
    if item.advice is None:
        changed["stage"] = "advised"
    return changed


def is_told(position: Any) -> bool:
    """Whether somebody took it; silence has no author."""
    return bool(position.position != "no_position")


def after_challenged(item: Item, said: Said, data: AdviceChallenged) -> dict[str, Any]:
    found = Challenge(line=line_of(said), hash=data.hash, text=data.text, at=said.at)
    return {"challenges": (*item.challenges, found)}


def after_issued(item: Item, said: Said, data: AdviceIssued) -> dict[str, Any]:
    positions = item.draft.positions if item.draft is not None else {}
    given = Issued(
        version=data.version,
        hash=data.hash,
        advice=data.advice,
        issued=said.at,
        positions=positions,
        audience=said.audience,
    )
    return {
        **without(item, "issue"),
        "issued": (*item.issued, given),
        "draft": None,
        "stage": "issued",
    }


def after_superseded(item: Item, _: Said, data: AdviceSuperseded) -> dict[str, Any]:
    return {
        "issued": tuple(
            each.model_copy(update={"superseded_by": data.by_hash})
            if each.hash == data.hash
            else each
            for each in item.issued
        )
    }
