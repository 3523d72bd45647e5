"""Advice: how an initiative is to be prioritised and may be funded. It binds nobody.

(Agreement KS-AID 2023-2026: a joint arena gives advice on prioritisation and funding;
formal decisions are taken in each owner's own line.)
"""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from .arena import InArenasName, Moment, OfArena, Sha256, in_order
from .models import (
    Data,
    Day,
    Kroner,
    Language,
    MunicipalityCode,
    Orgnr,
    Sentence,
    Text,
    Year,
)
from .money import FundingSource, Payer
from .topics import Line

Band = Literal["now", "next", "later", "not"]
Stance = Literal["endorse", "with_reservation", "dissent"]
Outcome = Literal["adopted", "adopted_in_part", "not_adopted", "deferred"]
Followed = Literal["followed", "partly", "not_followed", "pending"]
Version = Annotated[int, Field(ge=1, le=1000)]


class Amount(Data):
    """An amount between two ends, in whole kroner."""

    low: Kroner
    high: Kroner

    @model_validator(mode="after")
    def lowest_first(self) -> Self:
        if self.low > self.high:
            raise ValueError("`low` is more than `high`; change them about")
        return self


class Source(Amount):
    """Where money may come from; with dates where a scheme gives KS time to speak."""

    source: FundingSource
    applicant: Orgnr | None = None
    first_year: Year | None = None
    years: Annotated[int, Field(ge=1, le=30)] = 1
    ks_asked: Day | None = None
    applied: Day | None = None
    ks_statement: Day | None = Field(
        default=None, description="The day of KS's statement that follows it."
    )


class Share(Amount):
    """What a line carries in a budget year."""

    line: Line
    year: Year


class Gain(Amount):
    """What one pays for and another gains, each year: a cell of payer and gainer."""

    payer: Payer
    gainer: Payer | Literal["users"]


class Condition(Data):
    """What the advice rests on: who is to see to it, and by when."""

    text: Sentence
    line: Payer
    due: Day


class FundingAdvice(Data):
    """How an initiative may be funded; sources and shares each sum to the total."""

    budget_year: Year
    total: Amount
    price_year: Year
    sources: Annotated[tuple[Source, ...], Field(min_length=1, max_length=30)]
    split: Annotated[tuple[Share, ...], Field(min_length=1, max_length=60)]
    gains: Annotated[tuple[Gain, ...], Field(max_length=60)] = ()
    conditions: Annotated[tuple[Condition, ...], Field(max_length=50)] = ()

    @model_validator(mode="after")
    def sums_to_the_total(self) -> Self:
        for name, parts in (("sources", self.sources), ("split", self.split)):
            if summed(parts) != (self.total.low, self.total.high):
                raise ValueError(f"`{name}` do not sum to the total; mend either")
        return self

    @model_validator(mode="after")
    def each_share_once(self) -> Self:
        shares = [(share.line, share.year) for share in self.split]
        if len(set(shares)) != len(shares):
            raise ValueError("a line has one share a year; add them up")
        return self


def summed(parts: Sequence[Amount]) -> tuple[int, int]:
    return sum(part.low for part in parts), sum(part.high for part in parts)


class Advice(Data):
    """The text of a piece of advice; its hash is what positions are bound to."""

    band: Band
    text: Text
    language: Language = "nb"
    funding: FundingAdvice | None = None


class AdviceDrafted(InArenasName):
    """A text stands as the draft; each line may challenge it, and takes a position."""

    version: Version
    hash: Sha256
    advice: Advice
    challenge_before: Moment
    position_before: Moment


class AdviceChallenged(OfArena):
    """A line challenges a draft; what it says stands beside it."""

    hash: Sha256
    text: Text


class PositionRecorded(OfArena):
    """A line's position on a text, for itself; a changed text voids it."""

    hash: Sha256
    position: Stance
    text: Text | None = None

    @model_validator(mode="after")
    def says_why(self) -> Self:
        if self.position != "endorse" and self.text is None:
            raise ValueError("say in `text` what the reservation or dissent is")
        return self


class AdviceIssued(InArenasName):
    """Advice is given, with the positions bound to its hash beside it."""

    version: Version
    hash: Sha256
    advice: Advice


class AdviceSuperseded(InArenasName):
    """Advice that was given is followed by a later version; it stays readable."""

    version: Version
    hash: Sha256
    by_hash: Sha256


class DecisionTaken(OfArena):
    """What a body decided in its own line, on advice. It binds that line alone."""

    hash: Sha256
    outcome: Outcome
    reason: Text
    decided: Day
    body: Sentence = Field(description="Which organ of the speaker decided.")
    for_line: bool = Field(
        description="Whether the speaker speaks for its line in the arena."
    )
    municipalities: Annotated[
        tuple[MunicipalityCode, ...], Field(max_length=1), AfterValidator(in_order)
    ] = ()
    case_reference: Annotated[str, Field(max_length=64)] | None = None


class FollowupRecorded(OfArena):
    """A line says what became of advice in its own line, and why."""

    hash: Sha256
    outcome: Followed
    reason: Text


class DissentJudged(OfArena):
    """A line says what became of a dissent: whether it proved right, by what."""

    hash: Sha256
    dissent: Line
    outcome: Literal["proved_right", "proved_wrong", "unclear"]
    kind: Literal["cost", "delay", "benefit", "other"]
    evidence: Text
