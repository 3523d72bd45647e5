"""Who may read what is said in the joint arena. Pure; it reads no clock.

One policy for whoever shows it, counts it or hands it out. It rests on the grants of
every initiative that is named, and on the advice that was given.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Literal, Protocol

from .channels import ARENA, PUBLIC, organisation, orgnr_in
from .identity import owner_of
from .policy import ANYBODY, Grants, Reader, may_read_initiative, reader_for
from .rulesets import NEWEST, ruleset
from .types import ReaderRule

QUESTION, ISSUED = "arena.item.proposed", "advice.issued"
# what advice opens to whom it is given
GIVEN = frozenset(
    {ISSUED, "advice.position.recorded", "silence.noted", "advice.superseded"}
)
# all of an item; the question and what is given; what is given; number and state; none
Access = Literal["all", "owner", "given", "number", ""]
GrantsOf = Mapping[str, Grants]
# the audience of each advice that was given, by its hash
GivenTo = Mapping[str, Collection[str]]


class Said(Protocol):
    """What the policy asks of a fact of the arena; `hash` is that of an advice's text.

    `readers` is `arena`, or `recipients` for what the tracker says to those alone.
    """

    @property
    def speaker(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def readers(self) -> ReaderRule: ...
    @property
    def recipients(self) -> Collection[str]: ...
    @property
    def audience(self) -> Collection[str]: ...
    @property
    def initiatives(self) -> Collection[str]: ...
    @property
    def hash(self) -> str | None: ...


def given_in(facts: Iterable[Said]) -> dict[str, frozenset[str]]:
    """To whom advice was given among these facts, by the hash of its text."""
    found: dict[str, frozenset[str]] = {}
    for each in facts:
        if each.name == ISSUED and each.hash is not None:
            found[each.hash] = found.get(each.hash, frozenset()) | set(each.audience)
    return found


def may_read_in_arena(
    fact: Said, reader: Reader, grants_of: GrantsOf, given_to: GivenTo
) -> bool:
    """Whether `reader` may read the whole of a fact of the arena."""
    if reader.orgnr is not None and reader.orgnr == fact.speaker:
        return True
    if fact.readers == "recipients":
        return not reader.channels.isdisjoint(fact.recipients)
    if is_given(fact, reader, given_to):
        return True
    may_read_all = may_read_every(fact.initiatives, reader, grants_of)
    if fact.name == QUESTION and owns_one(fact.initiatives, reader):
        # it names every initiative; an owner who may not read them has the question
        return may_read_all
    return may_read_all and not reader.channels.isdisjoint(fact.audience)


def is_given(fact: Said, reader: Reader, given_to: GivenTo) -> bool:
    """Whether it is advice that was given to the reader, or a position bound to it.

    To the owner of an initiative that it is about it is given always.
    """
    if fact.name not in GIVEN or fact.hash is None or fact.hash not in given_to:
        return False
    if owns_one(fact.initiatives, reader):
        return True
    return reaches_beyond_arena(given_to[fact.hash], reader)


def reaches_beyond_arena(audience: Collection[str], reader: Reader) -> bool:
    """Whether an audience holds the reader, not counting that it takes part."""
    return not reader.channels.isdisjoint(set(audience) - {ARENA})


def access(
    initiatives: Collection[str], reader: Reader, grants_of: GrantsOf, given: bool
) -> Access:
    """How much of an item there is for the reader; `given` if advice was given to it.

    An owner is told that the item exists, its question and what is given, whether or
    not it may read the other initiatives.
    """
    takes_part = ARENA in reader.channels
    if takes_part and may_read_every(initiatives, reader, grants_of):
        return "all"
    if owns_one(initiatives, reader):
        return "owner"
    if given:
        return "given"
    return "number" if takes_part else ""


def owns_one(initiatives: Iterable[str], reader: Reader) -> bool:
    return any(owner_of(each) == reader.orgnr for each in initiatives)


def may_read_every(
    initiatives: Iterable[str], reader: Reader, grants_of: GrantsOf
) -> bool:
    return all(
        may_read_initiative(each, reader, grants_of.get(each, {}))
        for each in initiatives
    )


def channels_for(fact: Said, grants_of: GrantsOf, given_to: GivenTo) -> set[str]:
    """Where the fact is available: on each reader's own channel; on `public` where
    whoever has no token may read it too.
    """
    found = {
        organisation(orgnr)
        for orgnr in who_is_asked(fact, given_to)
        if may_read_in_arena(fact, reader_for(orgnr), grants_of, given_to)
    }
    if may_read_in_arena(fact, ANYBODY, grants_of, given_to):
        found.add(PUBLIC)
    return found


def who_is_asked(fact: Said, given_to: GivenTo) -> set[str]:
    """All organisations that the policy could let read the fact."""
    found = {owner_of(each) for each in fact.initiatives}
    if fact.speaker.isdigit():
        found.add(fact.speaker)
    wanted = {*fact.audience, *fact.recipients, *given_to.get(fact.hash or "", ())}
    for channel in wanted:
        orgnr = orgnr_in(channel)
        found |= ruleset(NEWEST).having(channel) if orgnr is None else {orgnr}
    return found
