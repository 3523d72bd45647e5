"""What the arena hears of initiatives: with whom they are shared, when they lock."""

from datetime import date

from pydantic import BaseModel, ConfigDict

from schemas.fact import Fact
from schemas.identity import Ref
from schemas.initiative import InitiativeLockRecorded
from schemas.policy import Grant, Grants
from schemas.sharing import InitiativeShared

from .rules.agenda import Signal

ENDED = frozenset({"initiative.stopped", "initiative.completed"})


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
    locks: dict[str, date] = {}
    is_over: bool = False

    @property
    def grants(self) -> Grants:
        found = {ref_in(name): share for name, share in self.shares.items()}
        return {ref: share.as_grant(ref) for ref, share in found.items()}

    @property
    def last_lock(self) -> date | None:
        return None if self.is_over else max(self.locks.values(), default=None)

    @property
    def signal(self) -> Signal:
        return Signal(
            self.subject, tuple(sorted(self.locks.values())), not self.is_over
        )


def hear(heard: Heard, fact: Fact) -> Heard:
    """The same after a fact; most facts change nothing here."""
    if fact.grant is not None:
        return with_share(heard, fact, fact.grant)
    if isinstance(fact.data, InitiativeLockRecorded):
        locks = {**heard.locks, fact.data.key: fact.data.date}
        return heard.model_copy(update={"locks": locks})
    if fact.type.name in ENDED:
        return heard.model_copy(update={"is_over": True})
    return heard


def with_share(heard: Heard, fact: Fact, grant: Ref) -> Heard:
    name = f"{grant.source} {grant.id}"
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
