"""What is done in the arena's name: prepared by one line, and then the other's turn.

It takes effect when both lines have approved it, or when its objection window has
passed. A line may object once to each kind of act; then it takes effect only by its
own approval. So one line alone can prepare and never issue, and neither can block.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson
from pydantic import BaseModel

from schemas.arena import ActApproved, ActKind, ActObjected, ActPrepared
from schemas.channels import ARENA
from schemas.identity import canonical
from schemas.models import field_of
from schemas.topics import Line

from .days import after_working_days
from .ground import Actor, Ground, Refused, Said, refuse, require
from .state import Board, Item, Pending

# minutes are approved by both lines themselves, never by time
NEVER_BY_TIME: frozenset[ActKind] = frozenset({"minutes"})
Effect = Callable[[Any, Pending, Ground, datetime], Iterator[Said]]


def prepare(
    board: Board,
    act: BaseModel,
    actor: Actor,
    at: datetime,
    ground: Ground,
    effect: Effect,
) -> Said:
    """The fact that an act is prepared; another that waits is not pushed aside."""
    kind: ActKind = field_of(act, "kind")
    waiting = board.pending.get(kind)
    if (
        waiting is not None
        and waiting.line != actor.line
        and not waiting.objections
        and can_be(board, waiting, ground, at, effect)
    ):
        raise refuse(
            "one_at_a_time",
            f"the other line has prepared {kind} with hash {waiting.hash}; approve it "
            "or object to it",
        )
    content = act.model_dump(mode="json", exclude={"kind"})
    return say(
        board,
        "arena.act.prepared",
        ActPrepared(
            initiatives=initiatives_of(board),
            kind=kind,
            content=content,
            hash=hash_of({"subject": board.id, "kind": kind, "content": content}),
            window_ends=window_of(board, kind, actor, at, ground),
        ),
        actor,
        at,
    )


def window_of(
    board: Board, kind: ActKind, actor: Actor, at: datetime, ground: Ground
) -> datetime | None:
    """Until when objections are taken; None where both lines must approve."""
    if kind in NEVER_BY_TIME:
        return None
    used = board.drafts_by_window.get(actor.line, 0) if isinstance(board, Item) else 0
    if kind == "draft" and used >= ground.windows.drafts_without_approval:
        return None
    return after_working_days(at, ground.windows.objection_working_days)


def approve(
    board: Board, hash: str, actor: Actor, at: datetime, ground: Ground, effect: Effect
) -> Iterator[Said]:
    """The approval, and what takes effect by it."""
    waiting = prepared(board, hash)
    require(
        actor.line not in waiting.approvals,
        "both_lines",
        "your line has approved it; the other line is to approve it too",
    )
    approval = say(
        board,
        "arena.act.approved",
        ActApproved(
            initiatives=initiatives_of(board), kind=waiting.kind, hash=waiting.hash
        ),
        actor,
        at,
    )
    yield approval
    yield from effect(board, approved(waiting, approval), ground, at)


def object_to(
    board: Board, hash: str, reason: str, actor: Actor, at: datetime
) -> Iterator[Said]:
    """The objection; a second one of the same line to the same kind is refused."""
    waiting = prepared(board, hash)
    require(
        actor.line not in waiting.approvals,
        "both_lines",
        "your line has approved it; the other line may object",
    )
    require(
        objection_key(board, waiting, actor.line) not in board.objected,
        "one_objection",
        "your line has objected to this kind of act before; neither line can block",
    )
    require(
        waiting.window_ends is None or at < waiting.window_ends,
        "window_passed",
        "the objection window has ended",
    )
    yield say(
        board,
        "arena.act.objected",
        ActObjected(
            initiatives=initiatives_of(board),
            kind=waiting.kind,
            hash=waiting.hash,
            reason=reason,
        ),
        actor,
        at,
    )


def prepared(board: Board, hash: str) -> Pending:
    """What waits under this hash. Raises a refusal where nothing does."""
    for waiting in board.pending.values():
        if waiting.hash == hash:
            return waiting
    raise refuse(
        "nothing_prepared", "nothing with this hash waits for approval; read it again"
    )


def objection_key(board: Board, waiting: Pending, line: Line) -> str:
    return f"{line} {scope_of(board, waiting)}"


def scope_of(board: Board, waiting: Pending) -> str:
    """What a line may object to once: a kind of act, for advice each of its texts."""
    if waiting.kind == "issue" and isinstance(board, Item) and board.draft:
        return f"issue {board.draft.version}"
    return waiting.kind


def can_be(
    board: Board, waiting: Pending, ground: Ground, at: datetime, effect: Effect
) -> bool:
    """Whether the act could take effect as things stand."""
    try:
        list(effect(board, waiting, ground, at))
    except Refused:
        return False
    return True


def actors_of(waiting: Pending) -> tuple[str, ...]:
    """Who has approved it, of each line, sorted."""
    return tuple(sorted(waiting.approvals.values()))


def say(
    board: Board,
    name: str,
    data: BaseModel,
    actor: Actor,
    at: datetime,
    audience: tuple[str, ...] = (ARENA,),
) -> Said:
    """What a line says for itself."""
    return Said(
        board.id, name, at, data, actor.line, actor.orgnr, actor.label, audience
    )


def content_of(waiting: Pending) -> bytes:
    """What was prepared, as JSON of its command."""
    return orjson.dumps({"kind": waiting.kind, **waiting.content})


def initiatives_of(board: Board) -> tuple[str, ...]:
    return board.initiatives if isinstance(board, Item) else ()


def hash_of(value: object) -> str:
    """SHA-256 over the RFC 8785 form."""
    return sha256(canonical(value)).hexdigest()


def after_prepared(board: Board, said: Said, data: ActPrepared) -> dict[str, Any]:
    """What changes in the state: it waits for the other line."""
    waiting = Pending(
        kind=data.kind,
        content=data.content,
        hash=data.hash,
        line=line_of(said),
        approvals={line_of(said): said.actor or ""},
        prepared=said.at,
        window_ends=data.window_ends,
    )
    return {"pending": {**board.pending, data.kind: waiting}}


def after_approved(board: Board, said: Said, data: ActApproved) -> dict[str, Any]:
    waiting = board.pending[data.kind]
    return {"pending": {**board.pending, data.kind: approved(waiting, said)}}


def approved(waiting: Pending, said: Said) -> Pending:
    """What waits, with one approval more."""
    approvals = {**waiting.approvals, line_of(said): said.actor or ""}
    return waiting.model_copy(update={"approvals": approvals})


def after_objected(board: Board, said: Said, data: ActObjected) -> dict[str, Any]:
    waiting = board.pending[data.kind]
    objections = {**waiting.objections, line_of(said): data.reason}
    changed = waiting.model_copy(update={"objections": objections})
    used = objection_key(board, waiting, line_of(said))
    return {
        "pending": {**board.pending, data.kind: changed},
        "objected": (*board.objected, used),
    }


def without(board: Board, kind: ActKind) -> dict[str, Any]:
    """The acts that wait, without the one that has taken effect."""
    left = {k: v for k, v in board.pending.items() if k != kind}
    return {"pending": left}


def line_of(said: Said) -> Line:
    """The line of what a line says for itself."""
    if said.line is None:
        raise ValueError(f"{said.name} is said by a line")
    return said.line
