"""What intake takes and answers, as OpenAPI describes it.

These models describe; what is sent is made by `answers.py`, and tests hold the two
together.
"""

from typing import Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.envelope import (
    BATCH_MEDIA_TYPE,
    MAX_BATCH_EVENTS,
    MEDIA_TYPE,
    SPOKEN,
    Visibility,
)
from schemas.published.events import MEANS, any_written

from . import answers
from .binary import DATA_MEDIA_TYPE

EVENT = {
    **any_written(answers.SPOKEN),
    "description": "A CloudEvent; GET /types shows what can be said.",
}
# the one schema stands where it is used first; OpenAPI lets others point there
EVENT_REFERENCE = {
    "$ref": "#/paths/~1events/post/requestBody/content/"
    + MEDIA_TYPE.replace("/", "~1")
    + "/schema"
}
EVENTS_BODY: dict[str, Any] = {
    "parameters": [
        {
            "name": f"ce-{name}",
            "in": "header",
            "required": False,
            "description": f"Binary mode, with {DATA_MEDIA_TYPE}: {MEANS[name]}",
            "schema": {"type": "string"},
        }
        for name in SPOKEN
        # `Content-Type` says it
        if name != "datacontenttype"
    ],
    "requestBody": {
        "required": True,
        "description": (
            f"One event ({MEDIA_TYPE}), a batch, or in binary mode {DATA_MEDIA_TYPE}: "
            "`data` alone, the attributes in `ce-` headers, percent-encoded."
        ),
        "content": {
            MEDIA_TYPE: {
                "schema": EVENT,
                "examples": {
                    row.name: {"value": answers.example_of(row)}
                    for row in answers.SPOKEN
                },
            },
            BATCH_MEDIA_TYPE: {
                "schema": {
                    "type": "array",
                    "items": EVENT_REFERENCE,
                    "maxItems": MAX_BATCH_EVENTS,
                }
            },
            DATA_MEDIA_TYPE: {
                "schema": {"type": "object"},
                "examples": {
                    row.name: {"value": answers.example_of(row)["data"]}
                    for row in answers.SPOKEN
                },
            },
        },
    },
}


class Answer(BaseModel):
    """A piece of an answer; it has no other fields."""

    model_config = ConfigDict(extra="forbid")


class ReceiptTold(Answer):
    """That a fact was accepted, by the names that its emitter gave it."""

    receipt: UUID
    status: Literal["accepted", "published"]
    subject: str
    source: str
    id: str
    type: str
    accepted: AwareDatetime
    supplier: str = Field("", description="Who sent it on the speaker's behalf.")


class EmittedTold(ReceiptTold):
    """The same, in answer to the event that was sent."""

    accepted_before: bool = Field(description="It was known; this is its first one.")


class EmissionTold(Answer):
    """A receipt for each event, in the order they were sent."""

    receipts: list[EmittedTold]


class WouldAcceptTold(Answer):
    """An event that a real request would accept."""

    subject: str
    source: str
    id: str
    accepted_before: bool


class DryRunTold(Answer):
    """What a real request would accept; nothing was kept."""

    dry_run: Literal[True]
    would_accept: list[WouldAcceptTold]


class PlaceTold(Answer):
    """Where the fact lies on Kafka, and since when."""

    topic: str
    partition: int
    offset: int
    appended: AwareDatetime


class ReadableTold(Answer):
    """Who can read the fact, since when; other speakers are told of the owner only."""

    channel: str
    since: AwareDatetime


class DelayedTold(Answer):
    """A service in which the fact waits, for its code fails of it; since when."""

    service: str
    since: AwareDatetime


class StoryTold(ReceiptTold):
    """What became of a fact, as far as its speaker may know it."""

    readable: list[ReadableTold]
    published: PlaceTold | None = None
    delayed: list[DelayedTold] = Field(
        [], description="Of one receipt: where it is delayed. Send nothing again."
    )
    not_answering: list[str] = Field(
        [], description="Services that did not tell whether it waits there."
    )


class FaultTold(Answer):
    """What was wrong; what was said is not kept."""

    code: str
    pointer: str = Field(description="RFC 6901")
    detail: str


class AttemptTold(Answer):
    """That something was refused, and why. Names are null where none could be read."""

    receipt: UUID
    status: Literal["refused"]
    subject: str | None
    source: str | None
    id: str | None
    type: str | None
    refused: AwareDatetime
    http_status: int
    code: str
    detail: str
    faults: list[FaultTold]


class GapTold(Answer):
    """Facts accepted in this time may be lost: intake's database was restored."""

    since: AwareDatetime
    until: AwareDatetime


class ReceiptsTold(Answer):
    """A page of receipts, or of refused attempts, the newest first."""

    receipts: list[StoryTold] | list[AttemptTold]
    gaps: list[GapTold] = Field(
        [], description="What you sent then and has no receipt, send again as it was."
    )
    next: UUID | None = Field(None, description="For the next page.")


class TypeTold(Answer):
    """A type of fact that an organisation can say."""

    type: str
    said_by: Literal["owner", "others", "anyone", "speaker"]
    may_be_read_by: str
    visibilities: list[Visibility]
    meaning: str
    data: dict[str, Any] = Field(description="The closed JSON Schema of `data`.")
    example: dict[str, Any]


class TypesTold(Answer):
    """All of them, by the newest rule set."""

    types: list[TypeTold]


LOCATION = {
    "description": "Of the receipt, where one event was sent.",
    "schema": {"type": "string"},
}
EMISSION: dict[int | str, dict[str, Any]] = {
    200: {"description": "With `dry_run`: what would be accepted", "model": DryRunTold},
    202: {
        "description": "Accepted, durably",
        "model": EmissionTold,
        "headers": {"Location": LOCATION},
    },
}
RECEIPTS: dict[int | str, dict[str, Any]] = {
    200: {"description": "A page of them", "model": ReceiptsTold}
}
RECEIPT: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The receipt, or the refused attempt",
        "model": StoryTold | AttemptTold,
    }
}
TYPES: dict[int | str, dict[str, Any]] = {
    200: {"description": "Every type", "model": TypesTold}
}
