"""Who may read a fact. Applied to facts, before any fold; it reads no clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from .channels import ARENA, PUBLIC, organisation, orgnr_in
from .envelope import Visibility
from .identity import Ref, owner_of
from .rulesets import NEWEST, ruleset
from .types import ReaderRule


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who reads: all channels that are open to them.

    `orgnr` is None for the reader `public`, who comes without a token.
    """

    channels: frozenset[str]
    orgnr: str | None = None


ANYBODY = Reader(frozenset({PUBLIC}))


def reader_for(orgnr: str) -> Reader:
    """The reader that an organisation is: itself, its line, and everybody."""
    return Reader(ruleset(NEWEST).channels_of(orgnr), orgnr)


@dataclass(frozen=True, slots=True)
class Grant:
    """An `initiative.shared`: open once its embargo has passed, live until ended."""

    ref: Ref
    audience: frozenset[str]
    open: bool
    ended: bool

    @property
    def live(self) -> bool:
        return self.open and not self.ended


class Said(Protocol):
    """What the policy asks of a fact."""

    @property
    def speaker(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def readers(self) -> ReaderRule: ...
    @property
    def visibility(self) -> Visibility: ...
    @property
    def recipients(self) -> Collection[str]: ...
    @property
    def grant(self) -> Ref | None: ...
    @property
    def counterpart(self) -> str | None: ...


Grants = Mapping[Ref, Grant]


def may_read(
    fact: Said, reader: Reader, grants: Grants, named: Said | None = None
) -> bool:
    """Whether `reader` may read `fact`; `grants` are all of its initiative.

    `named` is the fact that a correction, withdrawal or setting aside is about; None
    while it is unknown or of another type.
    """
    return any(opens(fact, channel, grants, named) for channel in reader.channels)


def opens(fact: Said, channel: str, grants: Grants, named: Said | None = None) -> bool:
    """Whether `fact` is open to `channel`.

    An organisation's own channel is judged with all that the organisation is.
    """
    if channel == organisation(fact.speaker):
        return True
    if fact.readers == "arena":
        # they rest on the grants of every initiative that they are about
        return False
    if fact.readers == "recipients":
        return channel in fact.recipients
    if fact.readers == "grant":
        return opens_grant(fact, channel, grants)
    if fact.readers == "named":
        return named is not None and opens(named, channel, grants)
    if fact.counterpart is not None and channel == organisation(fact.counterpart):
        # whoever owns the other side of a tie knows what is said of it
        return True
    if fact.speaker == fact.owner:
        return opens_owners(fact, channel, grants)
    return opens_others(fact, channel, grants)


def opens_grant(fact: Said, channel: str, grants: Grants) -> bool:
    """A grant, its end, its opening: the owner, and those it covers or covered."""
    if channel == organisation(fact.owner):
        return True
    grant = None if fact.grant is None else grants.get(fact.grant)
    return grant is not None and grant.open and reaches(grant, {channel})


def opens_owners(fact: Said, channel: str, grants: Grants) -> bool:
    """What the owner says: within its visibility, to those a live grant covers."""
    match fact.visibility:
        case "own":
            return False
        case "named":
            return orgnr_in(channel) in fact.recipients
        case "shared":
            return is_covered({channel}, grants)
        case "public":
            return channel == PUBLIC or is_covered({channel}, grants)


def opens_others(fact: Said, channel: str, grants: Grants) -> bool:
    """What another party says: the owner at once, others if both are covered.

    Else strangers would be heard, or an owner could silence a critic by ending
    the critic's share.
    """
    if channel == organisation(fact.owner):
        return fact.visibility in ("shared", "public") or (
            fact.visibility == "named" and fact.owner in fact.recipients
        )
    if fact.visibility == "own" or not was_covered(channels_of(fact.speaker), grants):
        return False
    if fact.visibility == "named":
        named = orgnr_in(channel)
        return (
            named is not None
            and named in fact.recipients
            and is_covered(channels_of(named) - {PUBLIC}, grants)
        )
    if channel == PUBLIC and fact.visibility != "public":
        return False
    return is_covered({channel}, grants)


def is_covered(channels: Collection[str], grants: Grants) -> bool:
    """Whether a live grant reaches one of the channels."""
    return any(grant.live and reaches(grant, channels) for grant in grants.values())


def was_covered(channels: Collection[str], grants: Grants) -> bool:
    """Whether a grant, even one ended since, reaches or reached one of them."""
    return any(grant.open and reaches(grant, channels) for grant in grants.values())


def reaches(grant: Grant, channels: Collection[str]) -> bool:
    """Whether one of the channels is in its audience; the arena is all its members."""
    if not grant.audience.isdisjoint(channels):
        return True
    return ARENA in grant.audience and not members_of_arena().isdisjoint(channels)


@cache
def members_of_arena() -> frozenset[str]:
    """The own channels of all that take part in the arena."""
    return frozenset(map(organisation, ruleset(NEWEST).having(ARENA)))


def channels_of(orgnr: str) -> frozenset[str]:
    """An organisation's channels; no later rule set changes its line."""
    return ruleset(NEWEST).channels_of(orgnr)


def may_read_initiative(initiative: str, reader: Reader, grants: Grants) -> bool:
    """Own it, or be covered by a live grant of it."""
    return owner_of(initiative) == reader.orgnr or is_covered(reader.channels, grants)
