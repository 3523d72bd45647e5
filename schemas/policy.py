"""Who may read a fact. Applied to facts, before any fold; it reads no clock."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
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


# what advice opens to whom it is given
GIVEN = frozenset(
    {"advice.issued", "advice.position.recorded", "silence.noted", "advice.superseded"}
)
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
    return grant is not None and grant.open and channel in grant.audience


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
    return any(
        grant.live and not grant.audience.isdisjoint(channels)
        for grant in grants.values()
    )


def was_covered(channels: Collection[str], grants: Grants) -> bool:
    """Whether a grant, even one ended since, reaches or reached one of them."""
    return any(
        grant.open and not grant.audience.isdisjoint(channels)
        for grant in grants.values()
    )


def channels_of(orgnr: str) -> frozenset[str]:
    """An organisation's channels; no later rule set changes its line."""
    return ruleset(NEWEST).channels_of(orgnr)


class SaidInArena(Protocol):
    """What the policy asks of a fact of the arena."""

    @property
    def speaker(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def audience(self) -> Collection[str]: ...
    @property
    def initiatives(self) -> Collection[str]: ...
    @property
    def hash(self) -> str | None: ...


def may_read_in_arena(
    fact: SaidInArena,
    reader: Reader,
    grants_of: Mapping[str, Grants],
    given_to: Mapping[str, Collection[str]],
) -> bool:
    """Whether `reader` may read a fact of the arena.

    `grants_of` are the grants of each initiative; `given_to` has the audience of each
    advice that was given, by its hash: advice opens the positions bound to it.
    """
    if reader.orgnr is not None and reader.orgnr == fact.speaker:
        return True
    if owns_one(fact, reader) and is_told_to_owners(fact, given_to):
        return True
    if is_given(fact, reader, given_to):
        return True
    return not reader.channels.isdisjoint(fact.audience) and all(
        may_read_initiative(each, reader, grants_of.get(each, {}))
        for each in fact.initiatives
    )


def owns_one(fact: SaidInArena, reader: Reader) -> bool:
    return any(owner_of(each) == reader.orgnr for each in fact.initiatives)


def is_told_to_owners(
    fact: SaidInArena, given_to: Mapping[str, Collection[str]]
) -> bool:
    """That the item exists, its question, and what is given on it."""
    return fact.name == "arena.item.proposed" or (
        fact.name in GIVEN and fact.hash in given_to
    )


def is_given(
    fact: SaidInArena, reader: Reader, given_to: Mapping[str, Collection[str]]
) -> bool:
    """Whether it is advice that was given to the reader, or a position bound to it."""
    if fact.name not in GIVEN or fact.hash is None:
        return False
    wider = set(given_to.get(fact.hash, ())) - {ARENA}
    return not reader.channels.isdisjoint(wider)


def may_read_initiative(initiative: str, reader: Reader, grants: Grants) -> bool:
    """Own it, or be covered by a live grant of it."""
    return owner_of(initiative) == reader.orgnr or is_covered(reader.channels, grants)
