"""The type table: one row per type of fact. Each row is part of the rule set."""

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from . import (
    arena_rows,
    claims,
    corrections,
    initiative,
    involvement,
    money,
    progress,
    responses,
    sharing,
    ties,
    tracker,
)
from .envelope import PREFIX, Visibility

# who may say it: the initiative's owner, any other organisation with a line, any of
# both, whoever said the fact that it names, or the tracker itself; in the arena a body
# for its line, or both lines in the arena's name
Group = Literal["owner", "other", "party", "speaker", "tracker", "line", "arena"]
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
    "scope",
    "status",
    "joined",
    "matched",
    "claim",
    "dispute",
    "involvement_request",
    "involvement_answer",
    "involvement_held",
    "cost",
    "cost_disagreement",
    "funding",
    "benefit_planned",
    "benefit_measured",
    "correction",
    "setaside",
    arena_rows.ArenaFamily,
]
# the key within the family: the speaker has one of them; each has its own `data.key`,
# `data.gate`, period or other initiative; each field of the description is a key; a
# grant or correction stands by itself
KeyRule = Literal["single", "key", "gate", "period", "counterpart", "fields", "itself"]
# which row of the reader policy applies
ReaderRule = Literal["party", "grant", "recipients", "tie", "named", "arena"]
Figure = Literal[
    "earliness",
    "decisions",
    "responses",
    "reach",
    "surprise",
    "involvement",
    "cost",
    "funding",
    "benefit",
    "none",
]

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

    @property
    def in_arena(self) -> bool:
        """Whether it is said of items and meetings of the joint arena alone."""
        return self.name in arena_rows.IN_ARENA


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


def party_says(
    name: str, family: Family, model: type[BaseModel], counts_in: Figure = "none"
) -> EventType:
    return EventType(name, 1, "party", family, "key", ANY, counts_in, "party", model)


def speaker_says(name: str, model: type[BaseModel]) -> EventType:
    """What names a fact of one's own: whoever may read that one may read it."""
    return EventType(
        name, 1, "speaker", "correction", "itself", OPEN_ONLY, "none", "named", model
    )


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

DISCOVERED = owner_says(
    "initiative.discovered",
    "description",
    ties.InitiativeDiscovered,
    key="fields",
    visibilities=ANY,
    counts_in="surprise",
)
SCOPE_CHANGED = owner_says(
    "initiative.scope.changed",
    "scope",
    progress.InitiativeScopeChanged,
    visibilities=ANY,
)
STATUS_REPORTED = owner_says(
    "initiative.status.reported",
    "status",
    progress.InitiativeStatusReported,
    key="period",
    visibilities=ANY,
)
PAUSED = owner_says("initiative.paused", "life", progress.InitiativePaused)
RESUMED = owner_says("initiative.resumed", "life", progress.InitiativeResumed)
JOINED = owner_says(
    "initiative.joined",
    "joined",
    ties.InitiativeJoined,
    key="counterpart",
    readers="tie",
)
MATCHED = owner_says(
    "initiative.matched",
    "matched",
    ties.InitiativeMatched,
    key="counterpart",
    counts_in="surprise",
    readers="tie",
)
LOCK_CLAIMED = EventType(
    "initiative.lock.claimed",
    1,
    "other",
    "claim",
    "key",
    OPEN_ONLY,
    "earliness",
    "party",
    claims.InitiativeLockClaimed,
)
DISPUTED = party_says("initiative.disputed", "dispute", claims.InitiativeDisputed)
REQUESTED = party_says(
    "involvement.requested",
    "involvement_request",
    involvement.InvolvementRequested,
    "involvement",
)
ACCEPTED = party_says(
    "involvement.accepted",
    "involvement_answer",
    involvement.InvolvementAccepted,
    "involvement",
)
DECLINED = party_says(
    "involvement.declined",
    "involvement_answer",
    involvement.InvolvementDeclined,
    "involvement",
)
HELD = party_says(
    "involvement.held", "involvement_held", involvement.InvolvementHeld, "involvement"
)
COST_ESTIMATED = party_says("cost.estimated", "cost", money.CostEstimated, "cost")
COST_DISAGREED = party_says(
    "cost.disagreed", "cost_disagreement", money.CostDisagreed, "cost"
)
FUNDING_PLANNED = party_says(
    "funding.planned", "funding", money.FundingPlanned, "funding"
)
FUNDING_APPLIED = party_says(
    "funding.applied", "funding", money.FundingApplied, "funding"
)
FUNDING_GRANTED = party_says(
    "funding.granted", "funding", money.FundingGranted, "funding"
)
FUNDING_REFUSED = party_says(
    "funding.refused", "funding", money.FundingRefused, "funding"
)
BENEFIT_PLANNED = party_says(
    "benefit.planned", "benefit_planned", money.BenefitPlanned, "benefit"
)
BENEFIT_MEASURED = party_says(
    "benefit.measured", "benefit_measured", money.BenefitMeasured, "benefit"
)
CORRECTED = speaker_says("fact.corrected", corrections.FactCorrected)
WITHDRAWN = speaker_says("fact.withdrawn", corrections.FactWithdrawn)
SET_ASIDE = tracker_says("fact.setaside", "setaside", tracker.FactSetaside, "named")
REINSTATED = tracker_says(
    "fact.reinstated", "setaside", tracker.FactReinstated, "named"
)

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
RULE_SET_2 = (
    *RULE_SET_1,
    DISCOVERED,
    SCOPE_CHANGED,
    STATUS_REPORTED,
    PAUSED,
    RESUMED,
    JOINED,
    MATCHED,
    LOCK_CLAIMED,
    DISPUTED,
    REQUESTED,
    ACCEPTED,
    DECLINED,
    HELD,
    COST_ESTIMATED,
    COST_DISAGREED,
    FUNDING_PLANNED,
    FUNDING_APPLIED,
    FUNDING_GRANTED,
    FUNDING_REFUSED,
    BENEFIT_PLANNED,
    BENEFIT_MEASURED,
    CORRECTED,
    WITHDRAWN,
    SET_ASIDE,
    REINSTATED,
)
RULE_SET_3 = (
    *RULE_SET_2,
    *(
        EventType(name, 1, group, family, "itself", (), "none", readers, model)
        for name, group, family, readers, model in arena_rows.with_readers()
    ),
)
# what each rule set knows; a released row never leaves it
TYPES_OF: dict[int, dict[str, EventType]] = {
    number: {row.full_name: row for row in rows}
    for number, rows in ((1, RULE_SET_1), (2, RULE_SET_2), (3, RULE_SET_3))
}
TYPES = TYPES_OF[max(TYPES_OF)]
# their meaning is fixed and nothing takes them yet: a clear word, not half a thing
RESERVED = {
    f"{PREFIX}.initiative.handedover.v1": "handing over to another owner",
    f"{PREFIX}.initiative.continued.v1": "continuing what another owner handed over",
    f"{PREFIX}.fact.redacted.v1": "removing text on a legal basis",
}
