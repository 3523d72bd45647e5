"""What the facts of an item or a meeting add up to. Frozen; stored as JSON."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from schemas.advice import Advice, Followed, Outcome
from schemas.arena import ActKind, Affected, AgendaEntry, Attendance
from schemas.disagreements import Factor, Mark, Topic
from schemas.models import Gate, Language
from schemas.topics import Line

Stage = Literal[
    "proposed", "admitted", "prepared", "heard", "advised", "positions_complete",
    "issued", "decided", "followed_up", "closed", "withdrawn",
]  # fmt: skip
STAGES: tuple[Stage, ...] = (
    "proposed", "admitted", "prepared", "heard", "advised", "positions_complete",
    "issued", "decided", "followed_up", "closed",
)  # fmt: skip
Position = Literal["endorse", "with_reservation", "dissent", "no_position"]


class State(BaseModel):
    """A part of the state; two are equal if they say the same."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Deferral(State):
    line: Line
    until: date
    reason: str


class Pending(State):
    """An act in the arena's name that has been prepared and has no effect yet."""

    kind: ActKind
    content: dict[str, Any]
    hash: str
    line: Line
    # each line that has approved, with who did; the preparing line is one of them
    approvals: dict[Line, str]
    objections: dict[Line, str] = {}
    prepared: datetime
    window_ends: datetime | None

    @property
    def is_approved_by_both(self) -> bool:
        return len(self.approvals) == 2


class Card(State):
    nonce: str
    scorecard: dict[str, int]


class Round(State):
    """A round of scoring: commitments, then both scorecards at once."""

    number: int
    criteria: str
    commit_before: datetime
    reveal_before: datetime
    commitments: dict[Line, str] = {}
    committed_by: dict[Line, str] = {}
    sealed: dict[Line, datetime] = {}
    cards: dict[Line, Card] = {}
    no_scores: tuple[Line, ...] = ()
    open: bool = True


class TakenPosition(State):
    line: Line
    position: Position
    text: str | None
    hash: str
    at: datetime


class Challenge(State):
    line: Line
    hash: str
    text: str
    at: datetime


class Draft(State):
    """The text on the table; positions are bound to its hash."""

    version: int
    hash: str
    advice: Advice
    drafted: datetime
    challenge_before: datetime
    position_before: datetime
    positions: dict[Line, TakenPosition] = {}


class Issued(State):
    version: int
    hash: str
    advice: Advice
    issued: datetime
    positions: dict[Line, TakenPosition]
    audience: tuple[str, ...]
    superseded_by: str | None = None


class Decision(State):
    line: Line
    body: str
    orgnr: str
    municipality: str | None
    is_central: bool
    hash: str
    outcome: Outcome
    reason: str
    decided: date
    case_reference: str | None
    at: datetime


class FollowUp(State):
    line: Line
    hash: str
    outcome: Followed
    reason: str
    at: datetime


class DissentVerdict(State):
    by: Line
    dissent: Line
    hash: str
    outcome: Literal["proved_right", "proved_wrong", "unclear"]
    kind: Literal["cost", "delay", "benefit", "other"]
    evidence: str
    at: datetime


class Words(State):
    line: Line
    text: str
    at: datetime


class Disagreement(State):
    """What the lines disagree about; over when both have said so."""

    key: str
    topic: Topic
    opened: Words
    procedure: str
    narrowed: tuple[Words, ...] = ()
    closed: dict[Line, Words] = {}

    @property
    def is_open(self) -> bool:
        return len(self.closed) < 2


class Assessment(State):
    line: Line
    initiative: str
    gate: Gate
    factor: Factor
    mark: Mark
    evidence: str
    at: datetime


class Overdue(State):
    line: Line
    hash: str
    due: datetime


class Item(State):
    """An item of the arena, from its proposal on. `version` counts its facts."""

    id: str
    number: str
    arena: str
    proposer: Line
    proposed_by: str
    proposed: datetime
    initiatives: tuple[str, ...]
    question: str
    language: Language
    budget_year: int | None
    synthetic: bool
    stage: Stage = "proposed"
    version: int = 1
    # how many of the last facts are the tracker's: with them nobody acted
    by_tracker: int = 0
    deferrals: dict[Line, Deferral] = {}
    withdrawn_because: str | None = None
    summary: str | None = None
    affected: Affected = Affected()
    meetings: tuple[str, ...] = ()
    pending: dict[ActKind, Pending] = {}
    # who has used its objection: by line and kind, for advice by its text too
    objected: tuple[str, ...] = ()
    drafts_by_window: dict[Line, int] = {}
    rounds: tuple[Round, ...] = ()
    draft: Draft | None = None
    challenges: tuple[Challenge, ...] = ()
    voided: tuple[TakenPosition, ...] = ()
    issued: tuple[Issued, ...] = ()
    decisions: tuple[Decision, ...] = ()
    followups: tuple[FollowUp, ...] = ()
    # of each line the last advice that it did not follow up in time
    overdue: dict[Line, Overdue] = {}
    verdicts: tuple[DissentVerdict, ...] = ()
    disagreements: dict[str, Disagreement] = {}
    assessments: tuple[Assessment, ...] = ()

    @property
    def advice(self) -> Issued | None:
        """The advice that stands: the last that was given."""
        return self.issued[-1] if self.issued else None

    @property
    def is_over(self) -> bool:
        return self.stage in ("closed", "withdrawn")

    def deferred_on(self, day: date) -> bool:
        """Whether a deferral still runs on a day; it ends by itself."""
        return any(day < each.until for each in self.deferrals.values())


class Correction(State):
    line: Line
    text: str
    at: datetime


class Meeting(State):
    """A meeting: called, its agenda, held, and its minutes."""

    id: str
    number: str
    arena: str
    called_by: Line
    language: Language
    day: date
    # whose turn it is is said when the meeting is scheduled
    chair: Line | None = None
    stage: Literal["called", "scheduled", "held", "minuted"] = "called"
    version: int = 1
    pending: dict[ActKind, Pending] = {}
    objected: tuple[str, ...] = ()
    agenda: tuple[AgendaEntry, ...] = ()
    heard: tuple[str, ...] = ()
    attendance: Attendance | None = None
    corrections: tuple[Correction, ...] = ()
    minutes_hash: str | None = None

    @property
    def was_held(self) -> bool:
        return self.stage in ("held", "minuted")


Board = Item | Meeting
