"""What the arena hears of initiatives: with whom they are shared, when they lock."""

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel, ConfigDict

from schemas.corrections import FactCorrected
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import Grant, Grants
from schemas.sharing import InitiativeShared

from .policies import locking_gate
from .rules import standing
from .rules.agenda import Signal
from .rules.standing import About, Word


class Share(BaseModel):
    """A grant as it has been heard of; an opening may be heard of before it."""

    model_config = ConfigDict(frozen=True)

    audience: tuple[str, ...] = ()
    embargoed: bool = True
    opened: bool = False
    ended: bool = False

    def as_grant(self, ref: Ref) -> Grant:
        is_open = bool(self.audience) and (self.opened or not self.embargoed)
        return Grant(ref, frozenset(self.audience), is_open, self.ended)


class Heard(BaseModel):
    """What was heard of one initiative."""

    model_config = ConfigDict(frozen=True)

    subject: str
    # by source and id, with a space between
    shares: dict[str, Share] = {}
    # the owner's words of locks, gates, ties and life that stand, by family and key
    stands: dict[str, Word] = {}
    # what was said of such words, by source and id
    about: dict[str, About] = {}

    @property
    def grants(self) -> Grants:
        found = {ref_in(name): share for name, share in self.shares.items()}
        return {ref: share.as_grant(ref) for ref, share in found.items()}

    @property
    def is_over(self) -> bool:
        return standing.is_over(self.stands)

    @property
    def locks(self) -> tuple[date, ...]:
        """The days on which it locks, in their order."""
        return standing.lock_dates(self.stands, locking_gate())

    @property
    def last_lock(self) -> date | None:
        return None if self.is_over else max(self.locks, default=None)

    @property
    def signal(self) -> Signal:
        joined = standing.joined_with(self.stands)
        return Signal(self.subject, self.locks, not self.is_over, joined)


def hear(heard: Heard, fact: Fact, order: int) -> Heard:
    """The same after a fact, `order` being its offset; most facts change nothing here.

    What was said of an older fact shows only once all its words are `heard_again`.
    """
    if fact.grant is not None:
        return with_share(heard, fact, fact.grant)
    said = about_in(fact, order)
    if said is not None:
        about = {**heard.about, name_of(fact.ref): said}
        return heard.model_copy(update={"about": about})
    word = word_in(fact, order)
    if word is None:
        return heard
    stands = standing.with_word(heard.stands, word, heard.about.values())
    return heard.model_copy(update={"stands": stands})


def heard_again(heard: Heard, words: Iterable[Word]) -> Heard:
    """What stands of all the owner's words, whatever was said of them since."""
    stands = standing.standing(words, heard.about.values())
    return heard.model_copy(update={"stands": stands})


def word_in(fact: Fact, order: int) -> Word | None:
    """What a fact tells that the agenda rests on, if it does."""
    name = fact.type.name
    if name not in standing.FIELDS:
        return None
    said = standing.fields_of(name, fact.said)
    return Word(type=name, source=fact.source, id=fact.id, order=order, said=said)


def about_in(fact: Fact, order: int) -> About | None:
    """What a fact says of such a word, if it does."""
    of_type, named = fact.named_type, fact.named
    if named is None or of_type not in standing.FIELDS:
        return None
    said = {}
    if isinstance(fact.data, FactCorrected):
        said = standing.fields_of(of_type, fact.data.data)
    return About(
        type=fact.type.name,
        source=named.source,
        id=named.id,
        of_type=of_type,
        order=order,
        said=said,
    )


def name_of(ref: Ref) -> str:
    return f"{ref.source} {ref.id}"


def with_share(heard: Heard, fact: Fact, grant: Ref) -> Heard:
    name = name_of(grant)
    was = heard.shares.get(name, Share())
    if isinstance(fact.data, InitiativeShared):
        embargoed = fact.data.not_before is not None
        change: dict[str, object] = {"audience": fact.audience, "embargoed": embargoed}
    elif fact.type.name == "share.opened":
        change = {"opened": True}
    else:
        change = {"ended": True}
    shares = {**heard.shares, name: was.model_copy(update=change)}
    return heard.model_copy(update={"shares": shares})


def ref_in(name: str) -> Ref:
    source, _, fact_id = name.partition(" ")
    return Ref(source, fact_id)
