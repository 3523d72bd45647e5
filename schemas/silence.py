"""What the tracker observes in the arena when time has run out."""

from typing import Literal

from .arena import Moment, OfArena, Sha256
from .topics import Line


class SilenceNoted(OfArena):
    """A line took no position in time; so nobody blocks advice by waiting."""

    line: Line
    of: Literal["position"]
    hash: Sha256
    due: Moment


class DutyOverdue(OfArena):
    """A line has not said in time what became of advice that was given."""

    line: Line
    duty: Literal["follow_up"]
    hash: Sha256
    due: Moment
