"""The type table: one row per type of fact. Each row is part of the rule set."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from . import initiative, responses, sharing, tracker
from .envelope import PREFIX, Visibility

# who may say it: the initiative's owner, any other organisation with a line,
# or the tracker itself
Group = Literal["owner", "other", "tracker"]
# what is said again replaces what stood under the same speaker, family and key
Family = Literal[
    "description",
    "share",
    "gateplan",
    "lock",
    "gate",
    "life",
    "acknowledgement",
    "response",
    "readable",
    "received",
]
# the key within the family: the speaker has one of them; each has its own `data.key`
# or `data.gate`; each field of the description is a key; a grant stands by itself
KeyRule = Literal["single", "key", "gate", "fields", "itself"]
# which row of the reader policy applies
ReaderRule = Literal["party", "grant", "recipients"]
Figure = Literal["earliness", "decisions", "responses", "reach", "none"]

ANY: tuple[Visibility, ...] = ("own", "named", "shared", "public")
# no side computes on half the truth: grants, ends, locks, gates, plans, life
OPEN_ONLY: tuple[Visibility, ...] = ("shared", "public")


@dataclass(frozen=True, slots=True)
class EventType:
    """A type of fact: who says it, what it replaces, who may read it.

    `visibilities` is empty for the tracker's facts; `counts_in` names its figure.
    """

    name: str
    version: int
    group: Group
    family: Family
    key: KeyRule
    visibilities: tuple[Visibility, ...]
    counts_in: Figure
    readers: ReaderRule
    model: type[BaseModel]

    @property
    def full_name(self) -> str:
        return f"{PREFIX}.{self.name}.v{self.version}"


def owner_says(
    name: str,
    family: Family,
    model: type[BaseModel],
    *,
    key: KeyRule = "single",
    visibilities: tuple[Visibility, ...] = OPEN_ONLY,
    counts_in: Figure = "none",
    readers: ReaderRule = "party",
) -> EventType:
    return EventType(
        name, 1, "owner", family, key, visibilities, counts_in, readers, model
    )


def others_say(
    name: str,
    family: Family,
    model: type[BaseModel],
    key: KeyRule = "single",
) -> EventType:
    return EventType(name, 1, "other", family, key, ANY, "responses", "party", model)


def tracker_says(
    name: str,
    family: Family,
    model: type[BaseModel],
    readers: ReaderRule,
    key: KeyRule = "itself",
) -> EventType:
    return EventType(name, 1, "tracker", family, key, (), "reach", readers, model)


REGISTERED = owner_says(
    "initiative.registered",
    "description",
    initiative.InitiativeRegistered,
    key="fields",
    visibilities=ANY,
    counts_in="earliness",
)
AMENDED = owner_says(
    "initiative.amended",
    "description",
    initiative.InitiativeAmended,
    key="fields",
    visibilities=ANY,
)
SHARED = owner_says(
    "initiative.shared",
    "share",
    sharing.InitiativeShared,
    key="itself",
    counts_in="earliness",
    readers="grant",
)
SHARE_ENDED = owner_says(
    "share.ended",
    "share",
    sharing.ShareEnded,
    key="itself",
    readers="grant",
    counts_in="reach",
)
GATEPLAN_REVISED = owner_says(
    "initiative.gateplan.revised",
    "gateplan",
    initiative.InitiativeGateplanRevised,
    key="gate",
    counts_in="earliness",
)
LOCK_RECORDED = owner_says(
    "initiative.lock.recorded",
    "lock",
    initiative.InitiativeLockRecorded,
    key="key",
    counts_in="earliness",
)
GATE_DECIDED = owner_says(
    "initiative.gate.decided",
    "gate",
    initiative.InitiativeGateDecided,
    key="key",
    counts_in="decisions",
)
STOPPED = owner_says("initiative.stopped", "life", initiative.InitiativeStopped)
COMPLETED = owner_says("initiative.completed", "life", initiative.InitiativeCompleted)
ACKNOWLEDGED = others_say(
    "initiative.acknowledged", "acknowledgement", responses.InitiativeAcknowledged
)
RESPONSE = others_say(
    "response.submitted", "response", responses.ResponseSubmitted, "key"
)
READABLE = tracker_says(
    "initiative.readable", "readable", tracker.InitiativeReadable, "recipients"
)
RECEIVED = tracker_says(
    "initiative.received", "received", tracker.InitiativeReceived, "recipients"
)
OPENED = tracker_says("share.opened", "share", tracker.ShareOpened, "grant")

RULE_SET_1 = (
    REGISTERED,
    AMENDED,
    SHARED,
    SHARE_ENDED,
    GATEPLAN_REVISED,
    LOCK_RECORDED,
    GATE_DECIDED,
    STOPPED,
    COMPLETED,
    ACKNOWLEDGED,
    RESPONSE,
    READABLE,
    RECEIVED,
    OPENED,
)
# what each rule set knows; a released row never leaves it
TYPES_OF: dict[int, dict[str, EventType]] = {
    1: {row.full_name: row for row in RULE_SET_1},
}
TYPES = TYPES_OF[max(TYPES_OF)]
