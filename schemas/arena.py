"""The joint arena: items, what is done in its name, meetings and minutes.

`initiatives` are those that a fact is about: who takes part in the arena reads it if
it may read every one of them.
"""

import re
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BeforeValidator,
    Field,
    StringConstraints,
    WithJsonSchema,
)

from .identity import Subject
from .models import (
    Data,
    Day,
    Key,
    Language,
    MunicipalityCode,
    Orgnr,
    Sentence,
    Text,
    Year,
    all_different,
)
from .topics import Line

ARENA = r"[a-z][a-z0-9]{0,15}"
RUNNING = r"[1-9][0-9]{0,5}-[0-9]{2}"
ITEM_PATTERN = rf"^item:{ARENA}:{RUNNING}$"
MEETING_PATTERN = rf"^meeting:{ARENA}:{RUNNING}$"
ACTOR_PATTERN = r"^(state|municipal):[a-z][a-z_]{0,31}:[A-Za-z0-9_-]{1,64}$"

TIME_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
TIME = re.compile(TIME_PATTERN)


def moment(value: object) -> datetime:
    """A time with zone, as RFC 3339 writes it. Raises ValueError for anything else."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, str) and TIME.fullmatch(value):
        return datetime.fromisoformat(value)
    raise ValueError("an RFC 3339 time with zone")


Moment = Annotated[
    AwareDatetime,
    BeforeValidator(moment),
    WithJsonSchema({"type": "string", "format": "date-time", "pattern": TIME_PATTERN}),
]
ArenaId = Annotated[str, StringConstraints(pattern=rf"^{ARENA}$")]
ItemId = Annotated[str, StringConstraints(pattern=ITEM_PATTERN)]
MeetingId = Annotated[str, StringConstraints(pattern=MEETING_PATTERN)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Round = Annotated[int, Field(ge=1, le=1000)]
# line, role and a random id of who acted: never a name
ActorId = Annotated[str, StringConstraints(pattern=ACTOR_PATTERN)]
ActKind = Literal[
    "scoring", "paper", "draft", "issue", "close", "schedule", "agenda", "held",
    "minutes",
]  # fmt: skip


def in_order(values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list in another order than its own, or one that says a thing twice."""
    if list(values) != sorted(set(values)):
        raise ValueError("sorted, none twice")
    return values


Initiatives = Annotated[
    tuple[Subject, ...], Field(max_length=50), AfterValidator(in_order)
]
SomeInitiatives = Annotated[
    tuple[Subject, ...], Field(min_length=1, max_length=50), AfterValidator(in_order)
]
Actors = Annotated[
    tuple[ActorId, ...], Field(min_length=1, max_length=50), AfterValidator(in_order)
]
Lines = Annotated[tuple[Line, ...], Field(max_length=2), AfterValidator(all_different)]


class OfArena(Data):
    """What every fact of the arena has: which initiatives it is about."""

    initiatives: Initiatives = ()


class InArenasName(OfArena):
    """What is done in the arena's name: who did it, of which line, in which role."""

    actors: Actors


class ItemProposed(OfArena):
    """A line puts a question to the joint arena; the item has a number from now on."""

    number: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}/[0-9]{2}$")]
    initiatives: SomeInitiatives
    question: Sentence
    language: Language = "nb"
    budget_year: Year | None = Field(
        default=None, description="The budget year in which the money is needed."
    )
    synthetic: bool = Field(
        default=False, description="Made up, for a demonstration or a test."
    )


class ItemAdmitted(OfArena):
    """A line admits an item of its own; the other line cannot prevent it."""


class ItemDeferred(OfArena):
    """A line asks for the one deferral that it has on an item, until a day."""

    until: Day
    reason: Sentence


class ItemWithdrawn(OfArena):
    """The line that proposed an item takes it back before advice is drafted."""

    reason: Sentence


class Affected(Data):
    """Whose decisions an item touches: municipalities, and bodies of the state."""

    municipalities: Annotated[
        tuple[MunicipalityCode, ...], Field(max_length=400), AfterValidator(in_order)
    ] = ()
    state_bodies: Annotated[
        tuple[Orgnr, ...], Field(max_length=100), AfterValidator(in_order)
    ] = ()


class ItemPrepared(InArenasName):
    """The paper of an item is ready: what it is about, and whom it affects."""

    summary: Text
    affected: Affected


class ItemHeard(InArenasName):
    """An item was dealt with at a meeting."""

    meeting: MeetingId


class ItemClosed(InArenasName):
    """Both lines have followed up; the item is closed and stays readable."""


class ActPrepared(OfArena):
    """One line's secretariat has prepared what is to be done in the arena's name.

    It takes effect when the other line approves, or when its objection window ends.
    """

    kind: ActKind
    content: dict[str, Any] = Field(description="What is to be done, by its kind.")
    hash: Sha256
    window_ends: Moment | None = Field(
        default=None,
        description="Objections are taken before this; without it both must approve.",
    )


class ActApproved(OfArena):
    """A line's secretariat approves what the other has prepared."""

    kind: ActKind
    hash: Sha256


class ActObjected(OfArena):
    """A line's secretariat objects: without its approval this takes no effect."""

    kind: ActKind
    hash: Sha256
    reason: Sentence


class MeetingScheduled(InArenasName):
    """A meeting of the arena is called; the lines have the chair in turn."""

    number: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}/[0-9]{2}$")]
    day: Day
    chair: Line
    language: Language


class AgendaEntry(Data):
    """A line of an agenda: an item, and why it stands there."""

    item: ItemId
    reasons: Annotated[tuple[Key, ...], Field(max_length=10)] = ()


class AgendaPublished(InArenasName):
    """The agenda of a meeting. Published again, the later stands."""

    entries: Annotated[tuple[AgendaEntry, ...], Field(max_length=200)]


class Attendance(Data):
    """How many took part for each line: a number, never a name."""

    state: Annotated[int, Field(ge=0, le=100)]
    municipal: Annotated[int, Field(ge=0, le=100)]


class MeetingHeld(InArenasName):
    """A meeting took place, and dealt with these items of its agenda."""

    heard: Annotated[tuple[ItemId, ...], Field(max_length=200)]
    attendance: Attendance


class MinutesCorrected(OfArena):
    """A line has something put right in the minutes; the correction stands in them."""

    text: Text


class MinutesApproved(InArenasName):
    """Both lines have approved the minutes, by the hash of their text."""

    hash: Sha256
