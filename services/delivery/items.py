"""To whom what is said in the joint arena is available. Pure.

It rests on the grants of every initiative that an item is about, and on the advice
that was given on it: the policy is the arena's own (`schemas.arena_policy`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from schemas.arena_policy import ISSUED, channels_for, given_in
from schemas.policy import Grants

from .rules import Initiative, Lines, Row, Said, Share

GrantsFor = Callable[[str], Grants]


@dataclass
class Item(Lines):
    """One item or meeting while a step takes what is said of it.

    `facts` and `rows` hold all of the arena that was taken before.
    """

    subject: str
    facts: dict[bytes, Said] = field(default_factory=dict)
    rows: dict[bytes, dict[str, Row]] = field(default_factory=dict)
    added: list[Row] = field(default_factory=list)
    voided: list[Row] = field(default_factory=list)
    moment: datetime | None = None

    def take(self, said: Said, grants: GrantsFor) -> None:
        """Take one fact; advice that is given opens what was bound to it before."""
        self.facts[said.mark] = said
        self.moment = said.order[0]
        if said.name == ISSUED:
            self.revise_all(grants)
        else:
            self.revise([said], grants)

    def revise_all(self, grants: GrantsFor) -> None:
        """Look at every fact again, in the order in which a grant opens them."""
        self.revise(sorted(self.facts.values(), key=lambda each: each.order), grants)

    def revise(self, facts: Iterable[Said], grants: GrantsFor) -> None:
        grants_of = {name: grants(name) for name in sorted(self.initiatives)}
        given_to = given_in(self.facts.values())
        for said in facts:
            self.let(said, channels_for(said, grants_of, given_to))

    @property
    def initiatives(self) -> set[str]:
        """All that any fact of it is about."""
        return {name for each in self.facts.values() for name in each.initiatives}


@dataclass
class Table:
    """What a step has before it: initiatives, and items of the arena about them."""

    initiatives: dict[str, Initiative]
    items: dict[str, Item]

    def take(self, said: Said) -> None:
        """Take one fact, with what follows from it for what the arena has said."""
        if said.in_arena:
            self.items[said.subject].take(said, self.grants)
            return
        self.initiatives[said.subject].take(said)
        if said.grant is not None:
            self.revise_items(said.subject, said.order[0])

    def turn(self, subject: str) -> None:
        """An initiative is closed or opened again: all of it is looked at anew."""
        self.initiatives[subject].revise_all()
        self.revise_items(subject, None)

    def revise_items(self, initiative: str, moment: datetime | None) -> None:
        for _, item in sorted(self.items.items()):
            if initiative in item.initiatives:
                item.moment = moment
                item.revise_all(self.grants)

    def grants(self, initiative: str) -> Grants:
        """None at all while it is closed: one may have ended."""
        found = self.initiatives.get(initiative)
        return {} if found is None or found.closed else found.grants

    @property
    def lines(self) -> Iterator[Lines]:
        yield from self.initiatives.values()
        yield from self.items.values()

    @property
    def changed(self) -> list[tuple[str, Share]]:
        """Grants that are not as they were before the step."""
        found = self.initiatives.values()
        return [(each.subject, share) for each in found for share in each.changed]

    @property
    def voided(self) -> list[Row]:
        return [row for each in self.lines for row in each.voided]

    @property
    def added(self) -> list[Row]:
        return [row for each in self.lines for row in each.new_rows]
