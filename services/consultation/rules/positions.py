"""Positions: each line for itself, bound to the hash of the text it is about."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from schemas.advice import PositionRecorded
from schemas.topics import Line

from .acts import line_of, say
from .commands import TakePosition
from .drafting import on_the_table
from .ground import Actor, Said, require
from .state import Draft, Item, Position, TakenPosition


def take(item: Item, asked: TakePosition, actor: Actor, at: datetime) -> Iterator[Said]:
    """A line's position. What was accepted in time stands, also where the tracker
    had recorded silence meanwhile.
    """
    draft = on_the_table(item, asked.hash)
    taken = draft.positions.get(actor.line)
    require(
        taken is None or taken.position == "no_position",
        "what_is_said_stands",
        "your line has taken its position on this text; a new text opens it again",
    )
    require(
        at < draft.position_before,
        "window_passed",
        "the fifteen working days for a position on this text are over",
    )
    yield say(
        item,
        "advice.position.recorded",
        PositionRecorded(
            initiatives=item.initiatives,
            hash=draft.hash,
            position=asked.position,
            text=asked.text,
        ),
        actor,
        at,
    )


def after_recorded(item: Item, said: Said, data: PositionRecorded) -> dict[str, Any]:
    return taken(item, line_of(said), data.position, data.text, data.hash, said.at)


def taken(
    item: Item,
    line: Line,
    position: Position,
    text: str | None,
    hash: str,
    at: datetime,
) -> dict[str, Any]:
    """The draft with a line's position, and whether both lines have one."""
    draft = item.draft
    if draft is None or draft.hash != hash:
        return {}
    found = TakenPosition(line=line, position=position, text=text, hash=hash, at=at)
    if position == "no_position" and line in draft.positions:
        # something was said in time: then there was no silence
        return {}
    changed = draft.model_copy(update={"positions": {**draft.positions, line: found}})
    return {"draft": changed, **stage_of(item, changed)}


def stage_of(item: Item, draft: Draft) -> dict[str, Any]:
    if item.advice is not None:
        return {}
    return {"stage": "positions_complete" if len(draft.positions) == 2 else "advised"}
