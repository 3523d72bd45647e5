"""What stands of an initiative, for all readers at once. Pure data.

Every entry carries what the policy asks, so that one state serves each reader.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
import orjson

from schemas.envelope import Visibility
from schemas.identity import Ref, owner_of
from schemas.policy import Grant, Grants
from schemas.types import Family, ReaderRule

# (speaker, family, key, visibility, recipients): within it the latest stands
EntryKey = tuple[str, Family, str, Visibility, str]


class Entry(msgspec.Struct, frozen=True):
    """What a speaker has said under a key, to the same readers; the latest of it.

    `order` is the offset in the speaker's partition: the later replaces the earlier.
    """

    speaker: str
    family: Family
    key: str
    visibility: Visibility
    recipients: tuple[str, ...]
    readers: ReaderRule
    type: str
    ref: Ref
    time: datetime
    accepted: datetime
    order: int
    value: Any
    owner: str
    # the owner of the other initiative, where the fact tied two together
    counterpart: str | None = None
    corrected: "Moment | None" = None
    grant: None = None

    @property
    def entry_key(self) -> EntryKey:
        recipients = " ".join(self.recipients)
        return (self.speaker, self.family, self.key, self.visibility, recipients)


class Moment(msgspec.Struct, frozen=True):
    """When something was said: the speaker's claim, and when intake accepted it.

    `order` is its offset, to compare with what lies in the same partition.
    """

    ref: Ref
    time: datetime
    accepted: datetime
    order: int
    value: Any = None


class Correction(msgspec.Struct, frozen=True):
    """What was said of a fact: corrected, withdrawn, set aside or reinstated.

    `known` is the fact that it names, once that is known and of the type that was said;
    until then it has no effect.
    """

    type: str
    target: Ref
    target_type: str
    said: Moment
    known: Entry | None = None


Corrections = Mapping[Ref, Correction]


class Share(msgspec.Struct, frozen=True):
    """A grant with its end and its opening, whichever is known.

    `shared` is None while only its end or opening has been read.
    """

    ref: Ref
    audience: tuple[str, ...] = ()
    shared: Moment | None = None
    not_before: datetime | None = None
    opened: Moment | None = None
    ended: Moment | None = None

    @property
    def grant(self) -> Grant:
        under_embargo = self.not_before is not None and self.opened is None
        return Grant(
            self.ref,
            frozenset(self.audience),
            open=self.shared is not None and not under_embargo,
            ended=self.ended is not None,
        )

    @property
    def said(self) -> Moment:
        """The grant itself. Raises ValueError where it has not been read."""
        if self.shared is None:
            raise ValueError("only its end or its opening has been read")
        return self.shared

    @property
    def due(self) -> datetime:
        """When the owner meant it to open: on being accepted, or its embargo's end."""
        accepted = self.said.accepted
        return accepted if self.not_before is None else max(accepted, self.not_before)

    @property
    def begun(self) -> datetime:
        """When it opened: as accepted, or when the tracker said so of an embargo."""
        if self.not_before is None or self.opened is None:
            return self.said.accepted
        return self.opened.accepted


class State(msgspec.Struct, frozen=True):
    """An initiative as all facts about it leave it.

    `first_said` holds the first announcement and the first amendment for the same
    readers: whoever reads a later one reads it too, and no later; and all of the
    description that names its readers. `readable` holds,
    per channel, when facts of the description became readable; `received` when an
    organisation's system had fetched it.
    """

    subject: str
    entries: Mapping[EntryKey, Entry] = {}
    first_said: Mapping[EntryKey, Entry] = {}
    shares: Mapping[Ref, Share] = {}
    readable: Mapping[str, Mapping[Ref, datetime]] = {}
    received: Mapping[str, datetime] = {}
    corrections: Corrections = {}

    @property
    def owner(self) -> str:
        return owner_of(self.subject)

    @property
    def grants(self) -> Grants:
        return {ref: share.grant for ref, share in self.shares.items()}


def to_bytes(state: State) -> bytes:
    """The state as bytes, the same for the same facts in whatever order."""
    return orjson.dumps(
        {
            "entries": entries_json(state.entries),
            "first_said": entries_json(state.first_said),
            "shares": [share_json(state.shares[ref]) for ref in sorted(state.shares)],
            "readable": [
                [channel, [[*ref_json(ref), at] for ref, at in sorted(facts.items())]]
                for channel, facts in sorted(state.readable.items())
            ],
            "received": sorted(state.received.items()),
            "corrections": [
                correction_json(state.corrections[ref])
                for ref in sorted(state.corrections)
            ],
        }
    )


def from_bytes(subject: str, body: bytes) -> State:
    """The state that `to_bytes` wrote."""
    found = orjson.loads(body)
    owner = owner_of(subject)
    entries = [entry_of(each, owner) for each in found["entries"]]
    first_said = [entry_of(each, owner) for each in found["first_said"]]
    shares = [share_of(each) for each in found["shares"]]
    return State(
        subject,
        {entry.entry_key: entry for entry in entries},
        {entry.entry_key: entry for entry in first_said},
        {share.ref: share for share in shares},
        {
            channel: {Ref(s, i): datetime.fromisoformat(at) for s, i, at in facts}
            for channel, facts in found["readable"]
        },
        {body: datetime.fromisoformat(at) for body, at in found["received"]},
        {
            each.said.ref: each
            for each in (correction_in(one, owner) for one in found["corrections"])
        },
    )


def entries_json(found: Mapping[EntryKey, Entry]) -> list[object]:
    return [entry_json(found[key]) for key in sorted(found)]


def entry_json(entry: Entry) -> list[object]:
    return [
        entry.speaker,
        entry.family,
        entry.key,
        entry.visibility,
        entry.recipients,
        entry.readers,
        entry.type,
        ref_json(entry.ref),
        entry.time,
        entry.accepted,
        entry.order,
        entry.value,
        entry.counterpart,
        moment_json(entry.corrected),
    ]


def entry_of(found: list[Any], owner: str) -> Entry:
    speaker, family, key, visibility, recipients, readers, type_, ref, *rest = found
    time, accepted, order, value, counterpart, corrected = rest
    return Entry(
        speaker,
        family,
        key,
        visibility,
        tuple(recipients),
        readers,
        type_,
        Ref(*ref),
        datetime.fromisoformat(time),
        datetime.fromisoformat(accepted),
        order,
        value,
        owner,
        counterpart,
        moment_of(corrected),
    )


def correction_json(each: Correction) -> list[object]:
    known = None if each.known is None else entry_json(each.known)
    target = ref_json(each.target)
    return [each.type, target, each.target_type, moment_json(each.said), known]


def correction_in(found: list[Any], owner: str) -> Correction:
    type_, target, target_type, said, known = found
    entry = None if known is None else entry_of(known, owner)
    return Correction(type_, Ref(*target), target_type, moment_in(said), entry)


def share_json(share: Share) -> list[object]:
    return [
        ref_json(share.ref),
        share.audience,
        moment_json(share.shared),
        share.not_before,
        moment_json(share.opened),
        moment_json(share.ended),
    ]


def share_of(found: list[Any]) -> Share:
    ref, audience, shared, not_before, opened, ended = found
    return Share(
        Ref(*ref),
        tuple(audience),
        moment_of(shared),
        None if not_before is None else datetime.fromisoformat(not_before),
        moment_of(opened),
        moment_of(ended),
    )


def moment_json(moment: Moment | None) -> list[object] | None:
    if moment is None:
        return None
    return [
        ref_json(moment.ref),
        moment.time,
        moment.accepted,
        moment.order,
        moment.value,
    ]


def moment_of(found: list[Any] | None) -> Moment | None:
    return None if found is None else moment_in(found)


def moment_in(found: list[Any]) -> Moment:
    ref, time, accepted, order, value = found
    return Moment(
        Ref(*ref),
        datetime.fromisoformat(time),
        datetime.fromisoformat(accepted),
        order,
        value,
    )


def ref_json(ref: Ref) -> tuple[str, str]:
    return (ref.source, ref.id)
