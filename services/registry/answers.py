"""What the registry answers, as OpenAPI describes it.

These models describe; what is sent is made by `view.py`, and tests hold the two
together. The examples are what the published facts of `schemas/examples` give.
"""

import json
from datetime import date
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.initiative import (
    InitiativeGateDecided,
    InitiativeGateplanRevised,
    InitiativeLockRecorded,
)
from schemas.responses import InitiativeAcknowledged, ResponseSubmitted
from schemas.sharing import InitiativeShared
from schemas.topics import Line
from services.kit.problem import MEDIA_TYPE, SCHEMA, responses

EXAMPLES = Path(__file__).parent / "examples"


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


class Organisation(Answer):
    """An organisation, and the line that it belongs to."""

    orgnr: str
    name: str
    line: Line | None


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


class PlanTold(InitiativeGateplanRevised, When):
    """The day for which the owner plans a gate; null where it does no longer."""


class GateTold(InitiativeGateDecided, When):
    """A decision in the owner's own line."""


class LockTold(InitiativeLockRecorded, When):
    """A step that binds."""


class EndTold(When):
    """The owner stopped the initiative (`reason`) or completed it (`outcome`)."""

    reason: str | None = None
    outcome: str | None = None


class AcknowledgementTold(InitiativeAcknowledged, When):
    """A body confirms that the initiative has reached the right desk."""

    by: Organisation


class ResponseTold(ResponseSubmitted, When):
    """What a body says of the initiative, in its own name."""

    by: Organisation


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


class InitiativeSummary(Answer):
    """A line in a list."""

    id: str
    owner: Organisation
    partial: bool = Field(
        description="No grant covers or covered you: you have what is public or names "
        "you, and get no phase, figure or class."
    )
    phase: str | None
    title: str | None
    announced: When | None


class InitiativeTold(Answer):
    """What stands of an initiative, as far as you may read it."""

    id: str
    owner: Organisation
    partial: bool
    phase: str | None
    announced: When | None
    description: dict[str, Any]
    shares: list[ShareTold]
    gateplan: dict[str, PlanTold]
    gates: list[GateTold]
    locks: list[LockTold]
    life: list[EndTold]
    acknowledgements: list[AcknowledgementTold]
    responses: list[ResponseTold]
    readable: dict[str, AwareDatetime] = Field(
        description="Since when each of your channels could read any of it."
    )
    received: dict[str, AwareDatetime] = Field(
        description="When an organisation's system had fetched it."
    )
    earliness: EarlinessTold | None


class InitiativeList(Answer):
    """A page of initiatives, and where the next begins."""

    initiatives: list[InitiativeSummary]
    phases: str = Field(description="The version of the phases.")
    next: str | None = None


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


class FiguresTold(Answer):
    """Both directions under one policy."""

    policy: str
    directions: list[DirectionTold]


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
