"""What is told of an initiative, piece by piece, as OpenAPI describes it.

`view.py` makes what is sent; tests hold the two together.
"""

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.claims import InitiativeDisputed, InitiativeLockClaimed
from schemas.initiative import (
    InitiativeGateDecided,
    InitiativeGateplanRevised,
    InitiativeLockRecorded,
)
from schemas.involvement import InvolvementHeld, InvolvementRequested
from schemas.money import (
    BenefitMeasured,
    BenefitPlanned,
    CostDisagreed,
    CostEstimated,
    Funding,
)
from schemas.progress import InitiativeScopeChanged, InitiativeStatusReported
from schemas.responses import InitiativeAcknowledged, ResponseSubmitted
from schemas.sharing import InitiativeShared
from schemas.ties import Tie
from schemas.topics import Line


class Answer(BaseModel):
    """A piece of an answer; it has no other fields."""

    model_config = ConfigDict(extra="forbid")


class FactName(Answer):
    """A fact of this initiative, by who said it and under which id."""

    source: str
    id: str


class When(Answer):
    """When it was said: the speaker's claim, and when intake accepted it."""

    time: AwareDatetime
    accepted: AwareDatetime
    fact: FactName


class Said(When):
    """What was said, and when it was put right, if it was."""

    corrected: When | None = None


class Organisation(Answer):
    """An organisation, and the line that it belongs to."""

    orgnr: str
    name: str
    line: Line | None


class SaidBy(Said):
    """What a party said in its own name, and the type that says it."""

    by: Organisation
    type: str


class EndOfShare(When):
    """The owner ended the grant; nothing more is served under it."""

    reason: str


class ShareTold(InitiativeShared, When):
    """A grant: with whom, and from when to when it was live."""

    grant: FactName
    audience: list[str]
    open: bool = Field(description="Its embargo, if it had one, has passed.")
    live: bool = Field(description="Open, and not ended.")
    opened: When | None = None
    ended: EndOfShare | None = None


class PlanTold(InitiativeGateplanRevised, Said):
    """The day for which the owner plans a gate; null where it does no longer."""


class GateTold(InitiativeGateDecided, Said):
    """A decision in the owner's own line."""


class LockTold(InitiativeLockRecorded, Said):
    """A step that binds."""


class LifeTold(Said):
    """The owner stopped, paused or resumed it (`reason`), or completed it."""

    reason: str | None = None
    outcome: str | None = None
    until: str | None = None


class ScopeTold(InitiativeScopeChanged, Said):
    """Whom the initiative touches."""


class StatusTold(InitiativeStatusReported, Said):
    """The owner's status for a half-year."""


class TieTold(Tie, Said):
    """Another initiative that the owner names; one-sided it is the owner's claim."""


class AcknowledgementTold(InitiativeAcknowledged, SaidBy):
    """A body confirms that the initiative has reached the right desk."""


class ResponseTold(ResponseSubmitted, SaidBy):
    """What a body says of the initiative."""


class ClaimTold(InitiativeLockClaimed, SaidBy):
    """A step that another party holds to bind."""


class DisputeTold(InitiativeDisputed, SaidBy):
    """What a party disputes."""


class RequestTold(InvolvementRequested, SaidBy):
    """A party asks to be involved, or asks others in."""


class AnswerTold(SaidBy):
    """What was answered to a request: accepted, or declined with a reason."""

    key: str
    request: FactName
    note: str | None = None
    seats: int | None = None
    reason: str | None = None


class HeldTold(InvolvementHeld, SaidBy):
    """Involvement that took place."""


class InvolvementTold(Answer):
    """Who asked to be involved, what was answered, what took place."""

    requested: list[RequestTold]
    answered: list[AnswerTold]
    held: list[HeldTold]


class CostTold(CostEstimated, SaidBy):
    """What a party reckons that it costs a line."""


class DisagreementTold(CostDisagreed, SaidBy):
    """A party disagrees with an estimate."""


class FundingTold(Funding, SaidBy):
    """Where a funding line stands: planned, applied for, granted or refused."""

    conditions: list[str] = []
    applied: str | None = None
    decision_expected: str | None = None
    granted: str | None = None
    refused: str | None = None
    case_reference: str | None = None
    reason: str | None = None


class BenefitPlannedTold(BenefitPlanned, SaidBy):
    """A gain that is planned."""


class BenefitMeasuredTold(BenefitMeasured, SaidBy):
    """A gain that was measured."""


class BenefitsTold(Answer):
    """Gains, each said by the body whose gain it is."""

    planned: list[BenefitPlannedTold]
    measured: list[BenefitMeasuredTold]


class FactOfType(FactName):
    """A fact and the type that it is said to have."""

    type: str


class CorrectionTold(When):
    """What was said of a fact: corrected, withdrawn, set aside or reinstated."""

    type: str
    about: FactOfType
    reason: str | None
    effect: bool = Field(
        description="False while no fact of that name and type is known to you."
    )


class JointTold(Answer):
    """Another initiative that this is joined with; one-sided it is a claim."""

    with_: str = Field(alias="with")
    mutual: bool = Field(description="Both owners say so: one case with two sides.")
    diverged: list[str] | None = Field(
        description="Gates that the two have decided differently."
    )
    owner: Organisation


class ContradictionTold(Answer):
    """A rule that what was said does not keep, and the facts it is seen in."""

    rule: str
    facts: list[FactName]
    detail: str
