"""The mandate: who may act for a line in an arena, from when to when. Pure data.

It is part of a rule set, so that whoever reads an arena's facts later judges by the
mandate that was in force.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from .topics import Line

# `speaks`: score, take positions, decide for its line in the arena; `secretariat`:
# prepare and approve what is done in the arena's name; every member reads
Right = Literal["speaks", "secretariat"]


@dataclass(frozen=True, slots=True)
class Member:
    """An organisation that takes part in an arena, from its first to its last day."""

    orgnr: str
    line: Line
    rights: frozenset[Right]
    first: date | None
    last: date | None

    def sits_on(self, day: date) -> bool:
        begun = self.first is None or self.first <= day
        return begun and (self.last is None or day <= self.last)


@dataclass(frozen=True, slots=True)
class Arena:
    """A joint arena: its members, and which line has the chair at the first meeting."""

    id: str
    first_chair: Line
    members: tuple[Member, ...]

    def member_on(self, orgnr: str, day: date) -> Member | None:
        """The member that an organisation is on a day; None where it is none."""
        for member in self.members:
            if member.orgnr == orgnr and member.sits_on(day):
                return member
        return None

    def speaking_for(self, line: Line, day: date) -> frozenset[str]:
        """Who speaks for a line on a day, by the mandate."""
        return frozenset(
            each.orgnr
            for each in self.members
            if each.line == line and "speaks" in each.rights and each.sits_on(day)
        )

    def has_now(self, orgnr: str) -> bool:
        """Whether an organisation is a member whose last day is not recorded."""
        return any(each.orgnr == orgnr and each.last is None for each in self.members)

    def may(self, orgnr: str, right: Right, day: date) -> bool:
        """Whether the mandate gives an organisation a right on a day."""
        member = self.member_on(orgnr, day)
        return member is not None and right in member.rights
