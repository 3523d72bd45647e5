"""Cost, funding and benefit, as each party sees or decides them for itself.

Amounts are whole kroner; a range has both its ends.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from .models import Data, Day, FactRef, Key, Kroner, Sentence, Text, Year

Payer = Literal["state", "municipal", "both"]
# where money comes from (state budget cycle, the co-financing scheme, DigiFin)
FundingSource = Literal[
    "own_budget",
    "state_budget",
    "co_financing_scheme",
    "digifin",
    "municipal_budget",
    "grant_scheme",
    "user_payment",
    "other",
]
Conditions = Annotated[tuple[Sentence, ...], Field(max_length=50)]
Percent = Annotated[int, Field(ge=0, le=100)]


class Range(Data):
    """An amount between two ends, in the prices of a year."""

    low: Kroner
    high: Kroner
    price_year: Year

    @model_validator(mode="after")
    def lowest_first(self) -> Self:
        if self.low > self.high:
            raise ValueError("`low` is more than `high`; change them about")
        return self


class CostEstimated(Range):
    """What a party reckons that the initiative costs a line, once or each year.

    (Guidance to Utredningsinstruksen and the consultation scheme: cost by line.)
    """

    key: Key
    falls_on: Payer
    kind: Literal["once", "yearly"]
    method: Sentence = Field(description="How it was reckoned.")


class CostDisagreed(Data):
    """A party disagrees with an estimate, and may say what it reckons instead."""

    key: Key
    estimate: FactRef
    instead: Range | None = None
    reason: Text


class Funding(Data):
    """A funding line; under its `key` the later word stands."""

    key: Key
    source: FundingSource
    amount: Kroner
    budget_year: Year
    share_percent: Percent | None = Field(
        default=None, description="Its share of what the initiative needs in that year."
    )


class FundingPlanned(Funding):
    """A body means to fund its part of the initiative in a budget year."""

    conditions: Conditions = ()


class FundingApplied(Funding):
    """A body has applied for money for its part."""

    applied: Day
    decision_expected: Day | None = None


class FundingGranted(Funding):
    """Money for the body's part is granted, on conditions if there are any."""

    granted: Day
    conditions: Conditions = ()
    case_reference: Annotated[str, Field(max_length=64)] | None = None


class FundingRefused(Funding):
    """Money that was applied for is not granted."""

    refused: Day
    reason: Sentence | None = None


class Benefit(Range):
    """A gain in kroner a year, who pays for it and who has it."""

    key: Key
    payer: Payer
    gainer: Payer | Literal["users"]
    kind: Literal["saved_time", "saved_cost", "better_service", "legal_certainty"]


class BenefitPlanned(Benefit):
    """The body whose gain it is plans a benefit, from a year on."""

    from_year: Year


class BenefitMeasured(Benefit):
    """The body whose gain it is has measured a benefit."""

    measured: Day
    method: Sentence
