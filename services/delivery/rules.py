"""What each fact makes available to which channel. Pure: it reads no clock.

The facts of one initiative are taken one after another: `Initiative.take`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.channels import ARENA, PUBLIC, organisation
from schemas.envelope import Visibility
from schemas.identity import Ref, is_of_arena, owner_of
from schemas.policy import Grant, Grants, members_of_arena, opens
from schemas.types import Group, ReaderRule


@dataclass(frozen=True, slots=True)
class Said:
    """A fact as the policy sees it, and where it lies."""

    mark: bytes
    subject: str
    ref: Ref
    said_by: Group
    speaker: str
    readers: ReaderRule
    visibility: Visibility
    recipients: tuple[str, ...]
    grant: Ref | None
    audience: frozenset[str]
    not_before: datetime | None
    type: str
    # (append time, topic, partition, offset): the order in which a grant opens facts
    order: tuple[datetime, str, int, int]
    # the owner of the other initiative, where the fact ties two together
    counterpart: str | None = None
    # the fact that a correction or setting aside is about, and its type as was said
    names: bytes | None = None
    names_type: str | None = None
    # what a fact of the arena is about, and the hash of the text that it is bound to
    initiatives: tuple[str, ...] = ()
    hash: str | None = None

    @property
    def owner(self) -> str:
        return owner_of(self.subject)

    @property
    def name(self) -> str:
        return self.type

    @property
    def in_arena(self) -> bool:
        return is_of_arena(self.subject)


@dataclass(frozen=True, slots=True)
class Share:
    """A grant as far as it is known: its end or opening may have come first."""

    ref: Ref
    audience: frozenset[str] = frozenset()
    not_before: datetime | None = None
    known: bool = False
    opened: bool = False
    ended: bool = False

    @property
    def grant(self) -> Grant:
        is_open = self.known and (self.not_before is None or self.opened)
        return Grant(self.ref, self.audience, is_open, self.ended)


@dataclass(slots=True)
class Row:
    """A line of the availability log: a fact, open to a channel.

    `position` is None for one that this step adds; `void` when its cover has ended.
    `since` is the append time of the fact that began the cover, where one did.
    """

    said: Said
    channel: str
    position: int | None = None
    void: bool = False
    since: datetime | None = None


class Lines:
    """Lines of the log of one subject, while a step opens and closes them."""

    rows: dict[bytes, dict[str, Row]]
    added: list[Row]
    voided: list[Row]
    # append time of the fact that is being taken
    moment: datetime | None

    def let(self, said: Said, wanted: set[str]) -> None:
        """Let the fact be open to these channels and to no others."""
        for channel in sorted(wanted):
            self.open(said, channel)
        for channel in self.rows.get(said.mark, {}).keys() - wanted:
            self.close(said, channel)

    def open(self, said: Said, channel: str) -> None:
        rows = self.rows.setdefault(said.mark, {})
        if channel not in rows:
            rows[channel] = row = Row(said, channel, since=self.moment)
            self.added.append(row)

    def close(self, said: Said, channel: str) -> None:
        row = self.rows[said.mark].pop(channel)
        row.void = True
        if row.position is not None:
            self.voided.append(row)

    @property
    def new_rows(self) -> list[Row]:
        """What the step adds; what it opened and closed again nobody could read."""
        return [row for row in self.added if not row.void]


@dataclass
class Initiative(Lines):
    """One initiative while a step takes its facts.

    `facts` and `rows` hold what was taken before; they are needed only where a grant
    begins, opens or ends, and for what is named. While it is `closed` each fact is
    open to its own speaker and to nobody else.
    """

    subject: str
    shares: dict[Ref, Share] = field(default_factory=dict)
    facts: dict[bytes, Said] = field(default_factory=dict)
    rows: dict[bytes, dict[str, Row]] = field(default_factory=dict)
    added: list[Row] = field(default_factory=list)
    voided: list[Row] = field(default_factory=list)
    revised: set[Ref] = field(default_factory=set)
    naming: dict[bytes, list[Said]] = field(default_factory=dict)
    closed: bool = False
    moment: datetime | None = None

    def know(self, said: Said) -> None:
        """Remember what was said, without anything coming of it."""
        if said.mark not in self.facts and said.names is not None:
            self.naming.setdefault(said.names, []).append(said)
        self.facts[said.mark] = said

    def take(self, said: Said) -> None:
        """Take one fact: what it opens to whom, and what it closes."""
        self.know(said)
        self.moment = said.order[0]
        if said.grant is None:
            # whoever may read it may now read what was said about it before
            self.revise([said, *self.naming.get(said.mark, [])])
        else:
            self.change_share(said.grant, said)
            self.revise_all()

    def revise_all(self) -> None:
        """Look at every fact again, in the order in which a grant opens them."""
        self.revise(sorted(self.facts.values(), key=lambda each: each.order))

    def change_share(self, ref: Ref, said: Said) -> None:
        """A grant, its end or its opening; ended wins in any order."""
        share = self.shares.get(ref, Share(ref))
        if said.said_by == "tracker":
            share = replace(share, opened=True)
        elif said.ref == ref:
            share = replace(
                share, audience=said.audience, not_before=said.not_before, known=True
            )
        else:
            share = replace(share, ended=True)
        self.shares[ref] = share
        self.revised.add(ref)

    def revise(self, facts: Iterable[Said]) -> None:
        """Open what is covered now; end the covers that have ended."""
        grants = self.grants
        for said in facts:
            wanted = channels_of(said, grants, named_by(said, self.facts))
            if self.closed:
                wanted &= {organisation(said.speaker)}
            self.let(said, wanted)

    @property
    def grants(self) -> dict[Ref, Grant]:
        return {ref: share.grant for ref, share in self.shares.items()}

    @property
    def changed(self) -> list[Share]:
        """Grants that are not as they were before the step."""
        return [self.shares[ref] for ref in sorted(self.revised)]


def named_by(said: Said, known: Mapping[bytes, Said]) -> Said | None:
    """The fact that it is about; None while that is unknown or of another type."""
    named = None if said.names is None else known.get(said.names)
    return named if named is not None and named.type == said.names_type else None


def channels_of(said: Said, grants: Grants, named: Said | None) -> set[str]:
    """Every channel that the fact is open to; `named` is the one that it is about."""
    possible = candidates(said, grants)
    if named is not None:
        possible |= candidates(named, grants)
    return {channel for channel in possible if opens(said, channel, grants, named)}


def candidates(said: Said, grants: Grants) -> set[str]:
    """All channels that the policy could open the fact to."""
    tied = set() if said.counterpart is None else {organisation(said.counterpart)}
    named = {organisation(each) if each.isdigit() else each for each in said.recipients}
    audiences = {channel for grant in grants.values() for channel in grant.audience}
    if ARENA in audiences:
        # its members may leave it: each has what it opens on a channel of its own
        audiences = (audiences - {ARENA}) | members_of_arena()
    mine = set() if said.said_by == "tracker" else {organisation(said.speaker)}
    return {organisation(said.owner), PUBLIC} | mine | tied | named | audiences


def announced(
    placed: Iterable[tuple[int, Row]],
) -> dict[tuple[str, str], list[tuple[int, Row]]]:
    """Lines that *readable* is said about, by initiative and channel.

    Never about the tracker's own facts, never to the fact's own speaker.
    """
    found: dict[tuple[str, str], list[tuple[int, Row]]] = {}
    for position, row in placed:
        own = row.channel == organisation(row.said.speaker)
        if row.said.said_by != "tracker" and not own:
            lines = found.setdefault((row.said.subject, row.channel), [])
            lines.append((position, row))
    return found
