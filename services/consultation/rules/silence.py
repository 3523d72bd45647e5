"""What the tracker observed: silence, and duties that nobody did in time."""

from typing import Any

from schemas.silence import DutyOverdue, SilenceNoted

from . import positions
from .ground import Said
from .state import Item, Overdue


def after_noted(item: Item, said: Said, data: SilenceNoted) -> dict[str, Any]:
    """Silence is no position; a position that was accepted in time voids it."""
    return positions.taken(item, data.line, "no_position", None, data.hash, said.at)


def after_overdue(item: Item, _: Said, data: DutyOverdue) -> dict[str, Any]:
    """Overdue, unless the line had spoken in time."""
    spoken = any(
        each.line == data.line
        and each.hash == data.hash
        and each.outcome != "pending"
        and each.at < data.due
        for each in item.followups
    )
    if spoken:
        return {}
    found = Overdue(line=data.line, hash=data.hash, due=data.due)
    return {"overdue": {**item.overdue, data.line: found}}
