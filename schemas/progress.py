"""How an owner's initiative goes on: scope, half-year status, pause and resumption."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from .models import Data, Day, Municipalities, Sentence, Text

# half of a calendar year: status is reported at its end (half-yearly, as the state's
# digitalisation reporting is)
HalfYear = Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-H[12]$")]
Reach = Literal["all_municipalities", "these_municipalities", "no_municipality"]
ServiceArea = Literal[
    "social_assistance",
    "qualification_programme",
    "follow_up",
    "benefits",
    "housing",
    "debt_counselling",
    "user_contact",
    "case_handling",
    "other",
]


class InitiativeScopeChanged(Data):
    """The owner says whom the initiative touches, from which day, and why it changed.

    The later word replaces the earlier one. Whether a municipality exists on that day
    is shown, not refused.
    """

    reach: Reach
    municipalities: Municipalities | None = Field(
        default=None, description="Codes; only where `reach` is these_municipalities."
    )
    services: Annotated[tuple[ServiceArea, ...], Field(max_length=9)] = ()
    valid_from: Day | None = None
    cause: Sentence

    @model_validator(mode="after")
    def name_them_if_some(self) -> Self:
        if (self.reach == "these_municipalities") != (self.municipalities is not None):
            raise ValueError(
                "name `municipalities` where `reach` is these_municipalities, "
                "and only there"
            )
        return self


class InitiativeStatusReported(Data):
    """The owner's status for a half-year; said again for it, the later word stands."""

    period: HalfYear
    colour: Literal["green", "yellow", "red"]
    progress: Text
    deviations: Text | None = None
    hindrances: Annotated[tuple[Sentence, ...], Field(max_length=20)] = ()
    evidence_date: Day = Field(description="The day to which the report is true.")

    @property
    def first_day(self) -> date:
        """The first day of the half-year."""
        year, _, half = self.period.partition("-H")
        return date(int(year), 1 if half == "1" else 7, 1)


class InitiativePaused(Data):
    """The owner puts the initiative on hold; it may be resumed."""

    reason: Sentence
    until: Day | None = Field(
        default=None, description="When it is meant to be resumed."
    )


class InitiativeResumed(Data):
    """The owner takes up the initiative again, in the phase where its gates are."""

    reason: Sentence | None = None
