"""What can be asked of the arena: one model a command, closed."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from schemas.advice import Advice, Followed, Outcome, Stance
from schemas.arena import (
    Affected,
    AgendaEntry,
    ArenaId,
    Attendance,
    ItemId,
    Round,
    Sha256,
    SomeInitiatives,
    in_order,
)
from schemas.disagreements import Factor, Mark, Topic
from schemas.identity import Subject
from schemas.models import (
    Data,
    Day,
    Gate,
    Key,
    Language,
    MunicipalityCode,
    Sentence,
    Text,
    Year,
)
from schemas.scoring import CriteriaVersion, Nonce, Score
from schemas.topics import Line

AUDIENCE = r"^(org:[0-9]{9}|state|municipal|public)$"


class Propose(Data):
    """Put a question about initiatives to the arena."""

    do: Literal["propose"] = "propose"
    arena: ArenaId
    initiatives: SomeInitiatives
    question: Sentence
    language: Language = "nb"
    budget_year: Year | None = None
    synthetic: bool = False


class Admit(Data):
    """Admit an item of one's own line."""

    do: Literal["admit"] = "admit"


class AskDeferral(Data):
    """Use the one deferral that one's line has on an item."""

    do: Literal["defer"] = "defer"
    until: Day
    reason: Sentence


class Withdraw(Data):
    """Take an item of one's own line back."""

    do: Literal["withdraw"] = "withdraw"
    reason: Sentence


class OpenScoring(Data):
    """Ask both lines for their scores."""

    kind: Literal["scoring"] = "scoring"
    criteria: CriteriaVersion


class PreparePaper(Data):
    """Make the paper of an item ready."""

    kind: Literal["paper"] = "paper"
    summary: Text
    affected: Affected = Affected()


class DraftAdvice(Data):
    """Lay a text on the table."""

    kind: Literal["draft"] = "draft"
    advice: Advice


class IssueAdvice(Data):
    """Give the advice whose text has this hash."""

    kind: Literal["issue"] = "issue"
    hash: Sha256
    # besides the arena: the lines, single organisations, or everybody
    audience: Annotated[
        tuple[Annotated[str, Field(pattern=AUDIENCE)], ...],
        Field(max_length=50),
        AfterValidator(in_order),
    ] = ()


class CloseItem(Data):
    """Close an item that both lines have followed up."""

    kind: Literal["close"] = "close"


class ScheduleMeeting(Data):
    """Call a meeting."""

    kind: Literal["schedule"] = "schedule"
    arena: ArenaId
    day: Day
    language: Language = "nb"


class PublishAgenda(Data):
    """Publish the agenda of a meeting."""

    kind: Literal["agenda"] = "agenda"
    entries: Annotated[tuple[AgendaEntry, ...], Field(max_length=200)]


class HoldMeeting(Data):
    """Record that a meeting took place, and what it dealt with."""

    kind: Literal["held"] = "held"
    heard: Annotated[tuple[ItemId, ...], Field(max_length=200)]
    attendance: Attendance


class ApproveMinutes(Data):
    """Approve the minutes, by the hash of their text."""

    kind: Literal["minutes"] = "minutes"
    hash: Sha256


ItemAct = Annotated[
    OpenScoring | PreparePaper | DraftAdvice | IssueAdvice | CloseItem,
    Field(discriminator="kind"),
]
MeetingAct = Annotated[
    PublishAgenda | HoldMeeting | ApproveMinutes, Field(discriminator="kind")
]
Act = (
    OpenScoring | PreparePaper | DraftAdvice | IssueAdvice | CloseItem
    | ScheduleMeeting | PublishAgenda | HoldMeeting | ApproveMinutes
)  # fmt: skip
ACTS: dict[str, type[Data]] = {
    "scoring": OpenScoring,
    "paper": PreparePaper,
    "draft": DraftAdvice,
    "issue": IssueAdvice,
    "close": CloseItem,
    "schedule": ScheduleMeeting,
    "agenda": PublishAgenda,
    "held": HoldMeeting,
    "minutes": ApproveMinutes,
}


class Prepare(Data):
    """Prepare what is to be done in the arena's name; the other line approves it."""

    do: Literal["prepare"] = "prepare"
    act: ItemAct


class PrepareForMeeting(Data):
    """The same for a meeting."""

    do: Literal["prepare"] = "prepare"
    act: MeetingAct


class Call(Data):
    """Prepare that a meeting be called."""

    do: Literal["call"] = "call"
    act: ScheduleMeeting


class Approve(Data):
    """Approve, for one's line, what has been prepared, by its hash."""

    do: Literal["approve"] = "approve"
    hash: Sha256


class Object(Data):
    """Object to what has been prepared: once a line and kind of act."""

    do: Literal["object"] = "object"
    hash: Sha256
    reason: Sentence


class Commit(Data):
    """Commit to a scorecard by its hash."""

    do: Literal["commit"] = "commit"
    round: Round
    hash: Sha256


class Reveal(Data):
    """Hand in the scorecard that was committed to."""

    do: Literal["reveal"] = "reveal"
    round: Round
    nonce: Nonce
    scorecard: dict[Key, Score]


class ChallengeDraft(Data):
    """Challenge the draft on the table."""

    do: Literal["challenge"] = "challenge"
    hash: Sha256
    text: Text


class TakePosition(Data):
    """Take one's line's position on the text with this hash."""

    do: Literal["position"] = "position"
    hash: Sha256
    position: Stance
    text: Text | None = None


class Decide(Data):
    """Record what one's own body decided."""

    do: Literal["decide"] = "decide"
    hash: Sha256
    outcome: Outcome
    reason: Text
    decided: Day
    body: Sentence
    municipality: MunicipalityCode | None = None
    case_reference: Annotated[str, Field(max_length=64)] | None = None


class Follow(Data):
    """Record what became of the advice in one's own line."""

    do: Literal["follow_up"] = "follow_up"
    hash: Sha256
    outcome: Followed
    reason: Text


class JudgeDissent(Data):
    """Say what became of a dissent."""

    do: Literal["judge_dissent"] = "judge_dissent"
    hash: Sha256
    dissent: Line
    outcome: Literal["proved_right", "proved_wrong", "unclear"]
    kind: Literal["cost", "delay", "benefit", "other"]
    evidence: Text


class OpenDisagreement(Data):
    """Say what the lines disagree about."""

    do: Literal["disagree"] = "disagree"
    key: Key
    topic: Topic
    text: Text
    procedure: Sentence


class NarrowDisagreement(Data):
    """Say what is still disagreed about."""

    do: Literal["narrow"] = "narrow"
    key: Key
    text: Text


class CloseDisagreement(Data):
    """Say, for one's line, that a disagreement is over."""

    do: Literal["settle"] = "settle"
    key: Key
    outcome: Text


class Assess(Data):
    """Mark a success factor for one's line."""

    do: Literal["assess"] = "assess"
    initiative: Subject
    gate: Gate
    factor: Factor
    mark: Mark
    evidence: Text


class CorrectMinutes(Data):
    """Have something put right in the minutes."""

    do: Literal["correct"] = "correct"
    text: Text


ItemCommand = (
    Propose | Admit | AskDeferral | Withdraw | Prepare | Approve | Object | Commit
    | Reveal | ChallengeDraft | TakePosition | Decide | Follow | JudgeDissent
    | OpenDisagreement | NarrowDisagreement | CloseDisagreement | Assess
)  # fmt: skip
MeetingCommand = Call | PrepareForMeeting | Approve | Object | CorrectMinutes
Command = ItemCommand | MeetingCommand

# words by which somebody would do what the arena cannot: rule, and what to do instead
IMPOSSIBLE: dict[str, tuple[str, str]] = {
    "approve_initiative": ("advice_is_advice", "each owner decides in its own line"),
    "fund": ("advice_is_advice", "advice says how it may be funded; it funds nothing"),
    "grant": ("advice_is_advice", "advice says how it may be funded; it funds nothing"),
    "veto": ("no_veto", "ask for a deferral, dissent, or open a disagreement"),
    "edit": ("what_is_said_stands", "say it anew; what was said stays"),
    "delete": ("what_is_said_stands", "nothing is deleted; withdraw it or correct it"),
}  # fmt: skip
