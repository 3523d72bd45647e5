"""What the tracker observes in the arena when time has run out."""

from datetime import date
from typing import Literal

from .arena import Moment, OfArena, Sha256
from .channels import organisation
from .identity import owner_of
from .mandate import Arena
from .topics import Line


class SilenceNoted(OfArena):
    """A line took no position in time; so nobody blocks advice by waiting."""

    line: Line
    of: Literal["position"]
    hash: Sha256
    due: Moment


class DutyOverdue(OfArena):
    """A line has not said in time what became of advice that was given.

    It is said to who speaks for the line in the arena, and to the initiatives' owners.
    """

    line: Line
    duty: Literal["follow_up"]
    hash: Sha256
    due: Moment


def concerned(said: DutyOverdue, arena: Arena, day: date) -> tuple[str, ...]:
    """Channels of who has the duty, by the mandate of a day, and of the owners."""
    owners = {owner_of(each) for each in said.initiatives}
    found = owners | arena.speaking_for(said.line, day)
    return tuple(sorted(map(organisation, found)))
