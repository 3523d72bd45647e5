"""`evolve`: what a fact changes in the state. Pure and total: facts are not judged."""

from collections.abc import Callable, Iterable
from typing import Any

from pydantic import BaseModel

from schemas import advice, arena, scoring
from schemas import disagreements as disagreed
from schemas.silence import DutyOverdue, SilenceNoted

from . import (
    acts,
    decisions,
    disagreements,
    drafting,
    items,
    meetings,
    positions,
    silence,
)
from . import scoring as scores
from .ground import Said
from .state import Board, Item

Change = Callable[[Any, Said, Any], dict[str, Any]]
CHANGES: dict[type[BaseModel], Change] = {
    arena.ItemAdmitted: items.after_admitted,
    arena.ItemDeferred: items.after_deferred,
    arena.ItemWithdrawn: items.after_withdrawn,
    arena.ItemPrepared: items.after_prepared,
    arena.ItemHeard: items.after_heard,
    arena.ItemClosed: items.after_closed,
    arena.ActPrepared: acts.after_prepared,
    arena.ActApproved: acts.after_approved,
    arena.ActObjected: acts.after_objected,
    scoring.ScoringOpened: scores.after_opened,
    scoring.ScoresCommitted: scores.after_committed,
    scoring.ScoresSealed: scores.after_sealed,
    scoring.ScoresRevealed: scores.after_revealed,
    advice.AdviceDrafted: drafting.after_drafted,
    advice.AdviceChallenged: drafting.after_challenged,
    advice.PositionRecorded: positions.after_recorded,
    advice.AdviceIssued: drafting.after_issued,
    advice.AdviceSuperseded: drafting.after_superseded,
    advice.DecisionTaken: decisions.after_taken,
    advice.FollowupRecorded: decisions.after_followed_up,
    advice.DissentJudged: decisions.after_judged,
    disagreed.DisagreementOpened: disagreements.after_opened,
    disagreed.DisagreementNarrowed: disagreements.after_narrowed,
    disagreed.DisagreementClosed: disagreements.after_closed,
    disagreed.FactorAssessed: disagreements.after_assessed,
    arena.MeetingScheduled: meetings.after_scheduled,
    arena.AgendaPublished: meetings.after_agenda,
    arena.MeetingHeld: meetings.after_held,
    arena.MinutesCorrected: meetings.after_corrected,
    arena.MinutesApproved: meetings.after_minutes,
    SilenceNoted: silence.after_noted,
    DutyOverdue: silence.after_overdue,
}
BY_TRACKER = (SilenceNoted, DutyOverdue)


def evolve(board: Board | None, said: Said) -> Board:
    """The state after a fact."""
    if board is None:
        return first(said)
    change = CHANGES[type(said.data)](board, said, said.data)
    change = {**change, "version": board.version + 1}
    if isinstance(board, Item):
        by_tracker = isinstance(said.data, BY_TRACKER)
        change["by_tracker"] = board.by_tracker + 1 if by_tracker else 0
    return board.model_copy(update=change)


def first(said: Said) -> Board:
    """What begins with this fact. Raises ValueError where nothing can."""
    match said.data:
        case arena.ItemProposed() as data:
            return items.begun(said, data)
        case arena.ActPrepared(kind="schedule") as data:
            meeting = meetings.begun(said, data)
            change = acts.after_prepared(meeting, said, data)
            return meeting.model_copy(update={**change, "version": 1})
    raise ValueError(f"nothing begins with {said.name}")


def fold(facts: Iterable[Said]) -> dict[str, Board]:
    """The state of every item and meeting: all their facts, in their order."""
    boards: dict[str, Board] = {}
    for said in facts:
        boards[said.subject] = evolve(boards.get(said.subject), said)
    return boards
