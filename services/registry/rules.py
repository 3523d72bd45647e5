"""The fold: facts become what stands of an initiative, and what a reader may see of it.

`project(fold(all facts), reader) == fold(facts the reader may see)`, byte for byte.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from schemas.channels import organisation
from schemas.fact import Fact
from schemas.identity import Ref, mark, speaker_of
from schemas.policy import Reader, is_covered, may_read, was_covered
from schemas.tracker import InitiativeReadable, InitiativeReceived
from schemas.types import DISCOVERED, TYPES, Family

from .corrections import Verdict, correction_of, readable_by, verdict, with_target
from .state import Corrections, Entry, EntryKey, Moment, Share, State

DESCRIPTION: Family = "description"
REGISTERED = "initiative.registered"
# types whose facts are the description that "readable" is about
DESCRIBING = frozenset(row.name for row in TYPES.values() if row.family == DESCRIPTION)


def evolve(state: State, fact: Fact, order: int) -> State:
    """What stands once `fact` is said too; `order` is its offset.

    The order in which facts come, other than a speaker's own, makes no difference.
    """
    if isinstance(fact.data, InitiativeReadable):
        return with_readable(state, fact.data, fact.time)
    if isinstance(fact.data, InitiativeReceived):
        at = min(fact.time, state.received.get(fact.data.body, fact.time))
        return replace(state, received={**state.received, fact.data.body: at})
    if fact.grant is not None:
        return with_share(state, fact, fact.grant, order)
    if fact.named is not None:
        said = correction_of(fact, order)
        return replace(state, corrections={**state.corrections, fact.ref: said})
    return with_entries(state, fact, order)


def fold(subject: str, facts: Iterable[tuple[Fact, int]]) -> State:
    """What all these facts leave standing.

    What names a fact is taken first, so that it finds all that it names: `evolve`
    alone does not look again at what stood before.
    """
    state = State(subject)
    for fact, order in sorted(facts, key=lambda each: each[0].named is None):
        state = evolve(state, fact, order)
    return state


def with_entries(state: State, fact: Fact, order: int) -> State:
    found = verdict(state.corrections, fact)
    bare = bare_entry(fact, order)
    if state.corrections:
        known = with_target(state.corrections, bare)
        state = replace(state, corrections=known)
    if found.left_out:
        return state
    entries = dict(state.entries)
    for said in entries_of(fact, bare, found):
        before = entries.get(said.entry_key)
        if before is None or before.order < said.order:
            entries[said.entry_key] = said
    if fact.type.family != DESCRIPTION:
        return replace(state, entries=entries)
    return replace(state, entries=entries, first_said=with_first(state, fact, bare))


def entries_of(fact: Fact, bare: Entry, found: Verdict) -> Iterator[Entry]:
    """One entry; of a description one for each field that it says."""
    value = fact.said if found.data is None else found.data
    said = replace(bare, corrected=found.corrected)
    if fact.type.key != "fields":
        yield replace(said, key=key_of(fact, value), value=value)
        return
    for name, field in value.get("changes", value).items():
        yield replace(said, key=name, value=field)


def key_of(fact: Fact, value: Any) -> str:
    """The key within the family; a correction may have put that right too."""
    match fact.type.key:
        case "key" | "gate" | "period":
            return str(value[fact.type.key])
        case "counterpart":
            return str(value["with"])
        case _:
            return fact.key


def bare_entry(fact: Fact, order: int) -> Entry:
    """Who said it to whom and when, not yet what."""
    return Entry(
        fact.speaker,
        fact.type.family,
        fact.key,
        fact.visibility,
        fact.recipients,
        fact.readers,
        fact.type.name,
        fact.ref,
        fact.time,
        fact.accepted,
        order,
        None,
        fact.owner,
        fact.counterpart,
    )


def with_first(state: State, fact: Fact, bare: Entry) -> Mapping[EntryKey, Entry]:
    """The first of its type to the same readers; later ones do not move it.

    What names its readers is kept each by itself: it never rests on a grant.
    """
    named = fact.visibility == "named"
    key = f"{fact.type.name} {fact.source} {fact.id}" if named else fact.type.name
    first = replace(bare, key=key)
    before = state.first_said.get(first.entry_key)
    if before is not None and before.order < first.order:
        return state.first_said
    return {**state.first_said, first.entry_key: first}


def with_share(state: State, fact: Fact, ref: Ref, order: int) -> State:
    """A grant, its end or its opening, whichever comes first; ended wins."""
    share = state.shares.get(ref, Share(ref))
    said = Moment(fact.ref, fact.time, fact.accepted, order, fact.said)
    match fact.type.name:
        case "initiative.shared":
            not_before = getattr(fact.data, "not_before", None)
            share = replace(
                share, audience=fact.audience, shared=said, not_before=not_before
            )
        case "share.ended":
            share = replace(share, ended=earlier(share.ended, said))
        case _:
            share = replace(share, opened=earlier(share.opened, said))
    return replace(state, shares={**state.shares, ref: share})


def earlier(before: Moment | None, said: Moment) -> Moment:
    """Of two that say the same the first; both lie in one partition."""
    if before is None:
        return said
    return min(before, said, key=lambda moment: moment.order)


def with_readable(state: State, data: InitiativeReadable, at: datetime) -> State:
    """Since when the description could be read on a channel; the earliest stands."""
    channel = dict(state.readable.get(data.channel, {}))
    for named in data.facts:
        if named.type in DESCRIBING:
            ref = Ref(named.source, named.id)
            channel[ref] = min(at, channel.get(ref, at))
    return replace(state, readable={**state.readable, data.channel: channel})


class Projection(msgspec.Struct, frozen=True):
    """What one reader sees of an initiative: the latest of what it may read.

    `partial` where no grant covers or covered the reader, who is not the owner;
    `whole` while one covers it: locks, gates and life are then all open to it.
    """

    subject: str
    owner: str
    standing: Mapping[tuple[str, Family, str], Entry]
    first_said: Mapping[Ref, Entry]
    shares: Mapping[Ref, Share]
    readable: Mapping[str, Mapping[Ref, datetime]]
    received: Mapping[str, datetime]
    corrections: Corrections
    partial: bool
    whole: bool

    @property
    def empty(self) -> bool:
        """Nothing that the reader may read: for it there is no such initiative."""
        return not (
            self.standing
            or self.shares
            or self.readable
            or self.received
            or self.corrections
        )

    @property
    def announced(self) -> Entry | None:
        """The first announcement."""
        found = [each for each in self.first_said.values() if each.type == REGISTERED]
        return min(found, key=lambda each: each.order, default=None)

    def owners(self, family: Family) -> dict[str, Entry]:
        """What the owner has standing in a family, by key."""
        found = {
            key: each
            for (speaker, of, key), each in self.standing.items()
            if of == family and speaker == self.owner
        }
        return dict(sorted(found.items()))

    @property
    def discovered(self) -> bool:
        """Whether it is an entry about another's initiative that was not shared.

        What was said to a grant's readers decides, where there is any: else the owner,
        by its own secret, would have a class that nobody else has.
        """
        said = self.first_said.values()
        open_ = [each for each in said if each.visibility in ("shared", "public")]
        kinds = {each.type for each in open_ or said}
        return DISCOVERED.name in kinds and REGISTERED not in kinds

    @property
    def outcomes(self) -> dict[str, str]:
        """What the owner's line decided at each gate: by the day of the decision the
        latest, of one day the one said last.
        """
        decided = sorted(
            self.owners("gate").values(),
            key=lambda each: (each.value["date"], each.order),
        )
        return {each.value["gate"]: each.value["outcome"] for each in decided}

    def everybodys(self, family: Family) -> list[Entry]:
        """What each party says, in order of time; none replaces another's word."""
        found = [each for (_, of, _), each in self.standing.items() if of == family]
        return sorted(found, key=lambda each: self.turn(each.accepted, each.ref))

    def turn(self, accepted: datetime, ref: Ref) -> tuple[datetime, str, bytes]:
        """The place in an order by time; what is left is drawn, and favours nobody."""
        return accepted, ref.id, mark(self.subject, ref.source, ref.id)


def project(state: State, reader: Reader, now: State | None = None) -> Projection:
    """What the reader sees: only what it may read, and of that what stands.

    Of an earlier state it sees what it may read by `now`, the state as it is.
    """
    judged = now or state
    grants = judged.grants
    owns = reader.orgnr == state.owner
    corrections = readable_by(judged.corrections, reader, grants)
    return seen(
        state,
        reads=lambda entry: may_read(entry, reader, grants),
        reads_share=lambda share: owns or covers(judged.shares[share.ref], reader),
        reads_channel=lambda channel: owns or channel in reader.channels,
        corrections={r: c for r, c in state.corrections.items() if r in corrections},
        partial=not (owns or was_covered(reader.channels, grants)),
        whole=owns or is_covered(reader.channels, grants),
    )


def everything(state: State) -> Projection:
    """What stands for the class that sees everything; what a state hash is made of."""
    return seen(
        state,
        reads=lambda _: True,
        reads_share=lambda _: True,
        reads_channel=lambda _: True,
        corrections=state.corrections,
        partial=False,
        whole=True,
    )


def seen(
    state: State,
    *,
    reads: Callable[[Entry], bool],
    reads_share: Callable[[Share], bool],
    reads_channel: Callable[[str], bool],
    corrections: Corrections,
    partial: bool,
    whole: bool,
) -> Projection:
    """What stands of that which passes; the policy is asked before, never after."""
    return Projection(
        state.subject,
        state.owner,
        standing(entry for entry in state.entries.values() if reads(entry)),
        {each.ref: each for each in state.first_said.values() if reads(each)},
        {ref: share for ref, share in state.shares.items() if reads_share(share)},
        {
            channel: facts
            for channel, facts in state.readable.items()
            if reads_channel(channel)
        },
        {body: at for body, at in state.received.items() if reads_channel(body)},
        dict(sorted(corrections.items())),
        partial,
        whole,
    )


def standing(entries: Iterable[Entry]) -> dict[tuple[str, Family, str], Entry]:
    """Of each speaker, family and key the latest."""
    found: dict[tuple[str, Family, str], Entry] = {}
    for each in entries:
        key = (each.speaker, each.family, each.key)
        if key not in found or found[key].order < each.order:
            found[key] = each
    return found


def covers(share: Share, reader: Reader) -> bool:
    """Whether a grant reaches the reader, or did before it ended."""
    grant = share.grant
    return grant.open and not grant.audience.isdisjoint(reader.channels)


def listing_channels(state: State) -> set[str]:
    """Every channel to which anything may be open: a list looks no further."""
    found = {*state.readable, *state.received}
    organisations = {state.owner}
    for each in policy_entries(state):
        organisations.add(each.speaker)
        organisations.update(each.recipients)
        if each.counterpart is not None:
            organisations.add(each.counterpart)
        if each.visibility == "public":
            found.add("public")
    for share in state.shares.values():
        if share.grant.open:
            found.update(share.audience)
    speakers = {speaker_of(ref.source) for ref in state.corrections}
    organisations.update(each for each in speakers if each.isdigit())
    return found.union(map(organisation, organisations))


def policy_entries(state: State) -> Iterator[Entry]:
    """All that the policy opens or not: what stands, and what was left out."""
    yield from state.entries.values()
    yield from (e.known for e in state.corrections.values() if e.known is not None)
