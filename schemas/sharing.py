"""How an owner opens its initiative to others, and ends that."""

from typing import Annotated

from pydantic import AwareDatetime, Field

from .models import Data, Day, Decisions, FactRef, Sentence, Text


class SixQuestions(Data):
    """The six questions of Utredningsinstruksen §2-1; unanswered is allowed.

    Guidance asks for a rough pre-assessment when others are involved early.
    """

    problem_and_goal: Text | None = None
    measures: Text | None = None
    principles: Text | None = None
    effects: Text | None = None
    recommendation: Text | None = None
    conditions: Text | None = None


class InitiativeShared(Data):
    """The owner lets the envelope's `audience` read the initiative: a grant.

    With `not_before` it is under embargo until the tracker says `share.opened`.
    `open_decisions` are those the reader can still influence.
    """

    open_decisions: Decisions | None = None
    not_before: Annotated[AwareDatetime, Field()] | None = Field(
        default=None, description="The embargo: not readable before this moment."
    )
    reply_by: Day | None = None
    six_questions: SixQuestions | None = None
    message: Text | None = None


class ShareEnded(Data):
    """The owner ends a grant. Nothing more is served under it from then on.

    That it was shared, with whom and how long, stays readable to those it covered;
    what they have fetched cannot be fetched back.
    """

    grant: FactRef
    reason: Sentence
