"""What the registry answers, as OpenAPI describes it.

These models describe; what is sent is made by `view.py`, and tests hold the two
together. The examples are what the published facts of `schemas/examples` give.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from schemas.topics import Line
from services.kit.problem import MEDIA_TYPE, SCHEMA, responses

from .told import (
    AcknowledgementTold,
    Answer,
    BenefitsTold,
    ClaimTold,
    ContradictionTold,
    CorrectionTold,
    CostTold,
    DisagreementTold,
    DisputeTold,
    FundingTold,
    GateTold,
    InvolvementTold,
    JointTold,
    LifeTold,
    LockTold,
    Organisation,
    PlanTold,
    ResponseTold,
    ScopeTold,
    ShareTold,
    StatusTold,
    TieTold,
    When,
)

EXAMPLES = Path(__file__).parent / "examples"


class FirstLock(Answer):
    """The first step that binds and touches the other line."""

    date: date
    kind: str


class ReadableBy(Answer):
    """Since when one of the other line's channels could read, under a grant."""

    channel: str
    since: AwareDatetime
    due: AwareDatetime = Field(description="When the owner's word meant it to.")


class Direction(Answer):
    """From the owner's line to the other."""

    from_: Line = Field(alias="from")
    to: Line


class EarlinessTold(Answer):
    """How early the other line could read, before the first lock."""

    direction: Direction
    announced: AwareDatetime | None
    first_readable: AwareDatetime | None = Field(
        description="Since when the whole other line, or its central body, could read."
    )
    readable_by: list[ReadableBy]
    first_lock: FirstLock | None
    basis: Literal["forecast", "realised"] | None = Field(
        description="Forecast while the lock lies ahead."
    )
    lead_days: int | None = Field(
        description="Norwegian calendar days from readable to the first lock."
    )
    class_: str | None = Field(alias="class", description="By the policy's floors.")
    class_by_first_readable: str | None = Field(
        description="The other end of the range, where the tracker was late."
    )
    open_decisions: int | None = Field(
        description="How many of `of_decisions` the first share said were open."
    )
    of_decisions: int
    ended_after_days: int | None = Field(
        description="After so many days the other line could read no more, at first."
    )
    policy: str


class HowAsked(Answer):
    """As of when and as whom it was asked; there only where it was."""

    as_of: AwareDatetime | None
    as_seen_by: str | None
    complete: bool | None = Field(
        description="Everything until then has been taken in: the answer stays so. "
        "Null where no moment was asked for."
    )


SHORT_NAME = Field(
    description="For people to say; it may collide and is never a key. It ends in five "
    "signs of Crockford's base 32 and a check sign."
)


class InitiativeSummary(Answer):
    """A line in a list."""

    id: str
    short_name: str = SHORT_NAME
    owner: Organisation
    partial: bool = Field(
        description="No grant covers or covered you: you have what is public or names "
        "you, and get no phase, figure or class."
    )
    phase: str | None
    title: str | None
    announced: When | None
    joint_with: list[str] = Field(
        description="The other sides, where it is one case with two; they have no line."
    )


class DelayedTold(Answer):
    """That words of your own on the initiative wait in a service, since when."""

    service: str
    since: AwareDatetime


class InitiativeTold(Answer):
    """What stands of an initiative, as far as you may read it."""

    id: str
    short_name: str = SHORT_NAME
    owner: Organisation
    partial: bool
    phase: str | None
    announced: When | None
    description: dict[str, Any]
    shares: list[ShareTold]
    gateplan: dict[str, PlanTold]
    gates: list[GateTold]
    locks: list[LockTold]
    life: list[LifeTold]
    acknowledgements: list[AcknowledgementTold]
    responses: list[ResponseTold]
    scope: ScopeTold | None
    status: list[StatusTold]
    joined: list[TieTold]
    matched: list[TieTold]
    discovered: bool = Field(
        description="Another's initiative, of which the owner of this entry has learnt."
    )
    lock_claims: list[ClaimTold]
    disputes: list[DisputeTold]
    involvement: InvolvementTold
    costs: list[CostTold]
    costs_disagreed: list[DisagreementTold]
    funding: list[FundingTold]
    benefits: BenefitsTold
    cases: list[JointTold]
    corrections: list[CorrectionTold]
    contradictions: list[ContradictionTold]
    readable: dict[str, AwareDatetime] = Field(
        description="Since when each of your channels could read any of it."
    )
    received: dict[str, AwareDatetime] = Field(
        description="When an organisation's system had fetched it."
    )
    earliness: EarlinessTold | None
    delayed: DelayedTold | None = None
    asked: HowAsked | None = None


class InitiativeList(Answer):
    """A page of initiatives, and where the next begins."""

    initiatives: list[InitiativeSummary]
    phases: str = Field(description="The version of the phases.")
    next: str | None = None
    asked: HowAsked | None = None


class FactTold(Answer):
    """A fact as it was accepted, and when it came to Kafka.

    Where is on its speaker's receipt: offsets would tell how much others have said.
    """

    event: dict[str, Any] = Field(description="The CloudEvent.")
    appended: AwareDatetime


class History(Answer):
    """A page of facts, and where the next begins."""

    facts: list[FactTold]
    next: str | None = None
    asked: HowAsked | None = None


class LeadTimesTold(Answer):
    """Lead times in days, of those initiatives alone; null where n is 0."""

    n: int
    classes: dict[str, int]
    median: int | None
    p10: int | None
    p90: int | None


class DirectionTold(Answer):
    """How early one line shares with the other."""

    from_line: Line
    to_line: Line
    n: int = Field(description="Initiatives of that line shared with you, or yours.")
    n_shared: int = Field(description="Of them the other line could read so many.")
    n_without_lock: int = Field(description="Shared, with no lock that you may read.")
    realised: LeadTimesTold
    forecast: LeadTimesTold


class CountTold(Answer):
    """So many were a surprise, of so many that are known."""

    surprises: int
    known: int


class SurpriseTold(Answer):
    """What a line has learnt of the other's initiatives without being told."""

    of_line: Line
    to_line: Line
    n_discovered: int
    n_imported: int = Field(description="Rows of lists; they count nowhere else.")
    least: CountTold = Field(description="If every claimed match is one.")
    most: CountTold = Field(description="If none is that one side alone claims.")


class FiguresTold(Answer):
    """Both directions under one policy."""

    policy: str
    directions: list[DirectionTold]
    surprise: list[SurpriseTold]
    asked: HowAsked | None = None


class Held(Answer):
    """A value, and who said it and when; null where it was computed or observed."""

    value: Any
    by: Organisation | None
    said: dict[str, Any] | None


class ChangeTold(Answer):
    """A field that differs."""

    field: str = Field(
        description="`family/key`; another party's has its number before it."
    )
    change: Literal["added", "changed", "gone"]
    before: Held | None
    after: Held | None


class DifferenceTold(Answer):
    """What differs; `from` and `to` tell how each side was asked, null for now."""

    id: str
    short_name: str = SHORT_NAME
    from_: HowAsked = Field(alias="from")
    to: HowAsked | None
    changes: list[ChangeTold]
    phases: str


def documented(
    model: type[BaseModel], example: str, description: str, *statuses: int
) -> dict[int | str, dict[str, Any]]:
    """A route's answers for OpenAPI; `default` is any other problem."""
    shown = json.loads((EXAMPLES / f"{example}.json").read_text("utf-8"))
    return {
        200: {
            "model": model,
            "description": description,
            "content": {"application/json": {"example": shown}},
        },
        304: {"description": "Nothing but what `If-None-Match` names"},
        **responses(*statuses),
        "default": {
            "description": "Another problem",
            "content": {MEDIA_TYPE: {"schema": SCHEMA}},
        },
    }


LIST = documented(InitiativeList, "list", "A page of them", 400, 401, 403, 429, 503)
INITIATIVE = documented(
    InitiativeTold, "initiative", "What stands", 400, 401, 403, 404, 429, 503
)
HISTORY = documented(
    History, "history", "A page of facts", 400, 401, 403, 404, 429, 503
)
FIGURES = documented(
    FiguresTold, "earliness", "Both directions", 400, 401, 403, 429, 503
)
DIFFERENCE = documented(
    DifferenceTold, "difference", "What differs", 400, 401, 403, 404, 429, 503
)


def as_file(media_type: str, example: str) -> dict[int | str, dict[str, Any]]:
    """A route's answers for OpenAPI where it sends a file."""
    shown = (EXAMPLES / example).read_bytes().decode()
    return {
        200: {
            "description": "All of them",
            "content": {media_type: {"schema": {"type": "string"}, "example": shown}},
        },
        **responses(400, 401, 403, 429, 503),
        "default": {
            "description": "Another problem",
            "content": {MEDIA_TYPE: {"schema": SCHEMA}},
        },
    }


CSV = as_file("text/csv", "initiatives.csv")
JSON_LINES = as_file("application/jsonl", "initiatives.jsonl")
