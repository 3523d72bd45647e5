"""Who asks whom to take part, what they answer, and that it took place."""

from typing import Annotated, Literal

from pydantic import Field

from .models import Data, Day, FactRef, Key, Sentence, Text

# how far the other party is taken in, from being asked to owning together
Level = Literal["inform", "consult", "codesign", "coown"]


class InvolvementRequested(Data):
    """A party asks to be involved, or asks the others in; how far, and by when."""

    key: Key
    level: Level
    purpose: Text
    seats: Annotated[int, Field(ge=1, le=1000)] | None = None
    from_date: Day | None = None
    reply_by: Day | None = None


class Answer(Data):
    """What a party answers to a request, which it names."""

    key: Key
    request: FactRef
    note: Text | None = None


class InvolvementAccepted(Answer):
    """A party takes part as was asked, with as many seats as it says."""

    seats: Annotated[int, Field(ge=1, le=1000)] | None = None


class InvolvementDeclined(Answer):
    """A party does not take part, and says why."""

    reason: Sentence


class InvolvementHeld(Data):
    """A party says that involvement took place: a meeting, a workshop, a test."""

    key: Key
    level: Level
    date: Day
    request: FactRef | None = None
    participants: Annotated[int, Field(ge=1, le=100_000)] | None = Field(
        default=None,
        description="How many took part on this party's behalf; never who.",
    )
    outcome: Text | None = None
