"""Deadlines: which an item or meeting has, and what happens when one has passed.

Each fires once, in order of its moment; what it gives rise to is said at the moment it
is observed, so nobody loses time because the tracker was down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from schemas.arena import ActKind
from schemas.silence import DutyOverdue, SilenceNoted
from schemas.topics import Line

from . import scoring
from .days import after_days
from .deciding import Around, effect_on_item, effect_on_meeting
from .ground import LINES, Ground, Refused, Said
from .state import Board, Item, Pending, Round

Kind = Literal["act", "reveal", "position", "follow_up"]
# in the order in which they are looked at where they fall on one moment
KINDS: tuple[Kind, ...] = ("act", "reveal", "position", "follow_up")


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment at which the tracker says something, unless somebody does before."""

    due: datetime
    kind: Kind
    line: Line | None = None
    act: ActKind | None = None


def deadlines(board: Board, ground: Ground) -> list[Deadline]:
    """All that run, the next one first."""
    found = [*of_acts(board)]
    if isinstance(board, Item) and not board.is_over:
        found += [*of_scoring(board), *of_positions(board)]
        found += [*of_follow_up(board, ground)]
    return sorted(found, key=lambda each: (each.due, KINDS.index(each.kind)))


def fire(
    board: Board, deadline: Deadline, ground: Ground, around: Around, now: datetime
) -> tuple[Said, ...]:
    """What is said because the deadline has passed; nothing where it has not, or where
    what was prepared cannot take effect as things stand.
    """
    if now < deadline.due:
        return ()
    if deadline.kind == "act" and deadline.act is not None:
        return by_time(board, board.pending[deadline.act], ground, around, now)
    if not isinstance(board, Item):
        return ()
    if deadline.kind == "reveal":
        begun = scoring.open_round(board)
        if begun is None:
            return ()
        return (scoring.opened(board, begun, around.sealed, now),)
    if deadline.line is None:
        return ()
    return (observed(board, deadline, deadline.line, now),)


def of_acts(board: Board) -> Iterator[Deadline]:
    for kind, waiting in board.pending.items():
        if waiting.window_ends is not None and not waiting.objections:
            yield Deadline(waiting.window_ends, "act", act=kind)


def of_scoring(item: Item) -> Iterator[Deadline]:
    begun = scoring.open_round(item)
    if begun is not None:
        yield Deadline(closing_of(begun), "reveal")


def closing_of(begun: Round) -> datetime:
    """Nothing is waited for where nobody has committed in time."""
    if not begun.commitments:
        return begun.commit_before + scoring.ON_ITS_WAY
    return begun.reveal_before


def of_positions(item: Item) -> Iterator[Deadline]:
    if item.draft is not None:
        for line in LINES:
            if line not in item.draft.positions:
                yield Deadline(item.draft.position_before, "position", line=line)


def of_follow_up(item: Item, ground: Ground) -> Iterator[Deadline]:
    """Each line has its days from its decision, or from the advice if it took none."""
    if item.advice is None:
        return
    given = item.advice.hash
    done = {
        each.line
        for each in item.followups
        if each.hash == given and each.outcome != "pending"
    }
    told = {line for line, each in item.overdue.items() if each.hash == given}
    for line in LINES:
        if line not in done | told:
            yield Deadline(follow_up_due(item, line, ground), "follow_up", line=line)


def follow_up_due(item: Item, line: Line, ground: Ground) -> datetime:
    """When a line is to have said what became of the advice that stands."""
    if item.advice is None:
        raise ValueError("no advice was given")
    decided = [
        each.at
        for each in item.decisions
        if each.line == line and each.is_central and each.hash == item.advice.hash
    ]
    since = min(decided, default=item.advice.issued)
    return after_days(since, ground.windows.follow_up_days)


def by_time(
    board: Board, waiting: Pending, ground: Ground, around: Around, now: datetime
) -> tuple[Said, ...]:
    """The act, because nobody objected in time."""
    try:
        if isinstance(board, Item):
            return tuple(effect_on_item(board, waiting, ground, now))
        return tuple(effect_on_meeting(around)(board, waiting, ground, now))
    except Refused:
        return ()


def observed(item: Item, deadline: Deadline, line: Line, now: datetime) -> Said:
    """What the tracker says of a line that did not."""
    if deadline.kind == "position" and item.draft is not None:
        noted = SilenceNoted(
            initiatives=item.initiatives,
            line=line,
            of="position",
            hash=item.draft.hash,
            due=deadline.due,
        )
        return Said(item.id, "silence.noted", now, noted)
    if item.advice is None:
        raise ValueError("no advice was given")
    overdue = DutyOverdue(
        initiatives=item.initiatives,
        line=line,
        duty="follow_up",
        hash=item.advice.hash,
        due=deadline.due,
    )
    return Said(item.id, "duty.overdue", now, overdue)
