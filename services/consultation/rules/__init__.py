"""The arena's rules: `decide(state, command) -> facts | refusal` and `evolve`. Pure.

They read no clock and do no I/O: the moment, the mandate and the policies are given.
"""

from .deciding import Around, Asked, decide
from .evolving import evolve, fold
from .ground import Actor, Ground, Refusal, Said
from .running import Deadline, deadlines, fire
from .state import Board, Item, Meeting

__all__ = [
    "Actor",
    "Around",
    "Asked",
    "Board",
    "Deadline",
    "Ground",
    "Item",
    "Meeting",
    "Refusal",
    "Said",
    "deadlines",
    "decide",
    "evolve",
    "fire",
    "fold",
]
