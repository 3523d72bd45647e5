"""What an owner says of its initiative: description, plan, locks, gates, life."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .models import (
    Data,
    Day,
    Decisions,
    Gate,
    Key,
    Language,
    Municipalities,
    Sentence,
    Text,
)

# the first irreversible step that touches the other line is one of these
LockKind = Literal[
    "concept_chosen",
    "budget_proposal_sent",
    "tender_notice",
    "contract",
    "law_on_hearing",
    "architecture_fixed",
    "municipal_cost_assumed",
    "rollout_date_promised",
]
Scope = Literal["central", "local"]


class InitiativeRegistered(Data):
    """An organisation announces a digitalisation initiative of its own.

    Announced is not shared: the other side reads it when `initiative.shared` opens
    it. Three texts are enough; all else may be unknown, or sharing comes too late
    (KS/AID agreement 2023-2026: early exchange of information).
    """

    title: Sentence = Field(description="What the initiative is called.")
    problem: Sentence = Field(description="The problem it is to solve, in a sentence.")
    contact_role: Sentence = Field(
        description="A role or shared mailbox to ask; never a person."
    )
    summary: Text | None = None
    scope: Scope | None = Field(
        default=None,
        description="Run centrally, or locally by a municipality or office.",
    )
    municipalities: Municipalities | None = Field(
        default=None, description="Codes of the municipalities it touches, where known."
    )
    reference: Sentence | None = Field(
        default=None, description="Where it stands in a public list, if it does."
    )
    language: Language | None = Field(
        default=None, description="Language of the texts."
    )
    synthetic: Literal[True] | None = Field(
        default=None,
        description="True marks a made-up initiative: demonstration or test.",
    )


class DescriptionChanges(Data):
    """The fields of a description that change; null clears one that is optional."""

    title: Sentence = Field(default="", validate_default=False)
    problem: Sentence = Field(default="", validate_default=False)
    contact_role: Sentence = Field(default="", validate_default=False)
    summary: Text | None = None
    scope: Scope | None = None
    municipalities: Municipalities | None = None
    reference: Sentence | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def say_something(self) -> Self:
        if not self.model_fields_set:
            raise ValueError("an amendment says at least one field that changes")
        return self


class InitiativeAmended(Data):
    """The owner changes fields of its description; those not said stand."""

    changes: DescriptionChanges
    reason: Sentence | None = None


class InitiativeGateplanRevised(Data):
    """The owner plans a gate for a day, moves it, or (null) plans it no longer.

    Every revision is kept (Prosjektveiviseren: BP1 to BP6).
    """

    gate: Gate
    date: Day | None
    reason: Sentence | None = None


class InitiativeLockRecorded(Data):
    """A step that binds: what it is, when, and which decisions it closes.

    A day that is still to come makes it a plan. Said again under the same `key`,
    the later word stands.
    """

    key: Key
    kind: LockKind
    date: Day
    closes: Decisions = ()
    note: Sentence | None = None


class InitiativeGateDecided(Data):
    """What the owner's own line decided at a gate. It binds that line alone."""

    key: Key
    gate: Gate
    outcome: Literal["approved", "rejected", "postponed"]
    date: Day
    body: Sentence = Field(description="The body that decided.")
    case_reference: Annotated[str, Field(max_length=64)] | None = None


class InitiativeStopped(Data):
    """The owner ends the initiative before it is completed; its history stays."""

    reason: Sentence


class InitiativeCompleted(Data):
    """The owner says that the initiative has reached its end."""

    outcome: Text | None = None
