"""The arena's types, before they are rows of the type table: who says them, what of.

Each stands by itself: in the arena the order of acts on an item is decided by
consultation, and recorded.
"""

from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel

from . import advice, arena, scoring, silence, tracker
from . import disagreements as disagreed

# `line`: a body for its own line; `arena`: in the arena's name; `tracker`: observed
SaidBy = Literal["line", "arena", "tracker"]
ArenaFamily = Literal[
    "item", "act", "score", "advice", "position", "decision", "follow_up",
    "dissent", "disagreement", "factor", "meeting", "minutes", "silence", "duty",
    "readable", "received",
]  # fmt: skip

ROWS: tuple[tuple[str, SaidBy, ArenaFamily, type[BaseModel]], ...] = (
    ("arena.item.proposed", "line", "item", arena.ItemProposed),
    ("arena.item.admitted", "line", "item", arena.ItemAdmitted),
    ("arena.item.deferred", "line", "item", arena.ItemDeferred),
    ("arena.item.withdrawn", "line", "item", arena.ItemWithdrawn),
    ("arena.act.prepared", "line", "act", arena.ActPrepared),
    ("arena.act.approved", "line", "act", arena.ActApproved),
    ("arena.act.objected", "line", "act", arena.ActObjected),
    ("arena.item.prepared", "arena", "item", arena.ItemPrepared),
    ("arena.item.heard", "arena", "item", arena.ItemHeard),
    ("arena.item.closed", "arena", "item", arena.ItemClosed),
    ("arena.scoring.opened", "arena", "score", scoring.ScoringOpened),
    ("arena.scores.committed", "line", "score", scoring.ScoresCommitted),
    ("arena.scores.sealed", "line", "score", scoring.ScoresSealed),
    ("arena.scores.revealed", "arena", "score", scoring.ScoresRevealed),
    ("arena.meeting.scheduled", "arena", "meeting", arena.MeetingScheduled),
    ("arena.agenda.published", "arena", "meeting", arena.AgendaPublished),
    ("arena.meeting.held", "arena", "meeting", arena.MeetingHeld),
    ("arena.minutes.corrected", "line", "minutes", arena.MinutesCorrected),
    ("arena.minutes.approved", "arena", "minutes", arena.MinutesApproved),
    ("advice.drafted", "arena", "advice", advice.AdviceDrafted),
    ("advice.challenged", "line", "advice", advice.AdviceChallenged),
    ("advice.position.recorded", "line", "position", advice.PositionRecorded),
    ("advice.issued", "arena", "advice", advice.AdviceIssued),
    ("advice.superseded", "arena", "advice", advice.AdviceSuperseded),
    ("decision.taken", "line", "decision", advice.DecisionTaken),
    ("advice.followup.recorded", "line", "follow_up", advice.FollowupRecorded),
    ("dissent.judged", "line", "dissent", advice.DissentJudged),
    ("disagreement.opened", "line", "disagreement", disagreed.DisagreementOpened),
    ("disagreement.narrowed", "line", "disagreement", disagreed.DisagreementNarrowed),
    ("disagreement.closed", "line", "disagreement", disagreed.DisagreementClosed),
    ("success.assessed", "line", "factor", disagreed.FactorAssessed),
    ("silence.noted", "tracker", "silence", silence.SilenceNoted),
    ("duty.overdue", "tracker", "duty", silence.DutyOverdue),
    ("arena.readable", "tracker", "readable", tracker.ArenaReadable),
    ("arena.received", "tracker", "received", tracker.ArenaReceived),
)  # fmt: skip
# said to its recipients alone; all else is read by audience and initiatives
TO_RECIPIENTS = frozenset({"duty.overdue", "arena.readable", "arena.received"})
IN_ARENA = frozenset(name for name, *_ in ROWS)
# what is said after advice was given may be read by whom the advice is given to
AFTER_ISSUE = frozenset(
    {
        "advice.issued",
        "advice.superseded",
        "decision.taken",
        "advice.followup.recorded",
        "dissent.judged",
        "arena.item.closed",
    }
)


def with_readers() -> Iterator[
    tuple[str, SaidBy, ArenaFamily, Literal["arena", "recipients"], type[BaseModel]]
]:
    """Each row with the rule by which it is read."""
    for name, said_by, family, model in ROWS:
        readers: Literal["arena", "recipients"] = (
            "recipients" if name in TO_RECIPIENTS else "arena"
        )
        yield name, said_by, family, readers, model
