"""What is broken, and the form of every invariant."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from .ledger import Identity
from .truth import Truth
from .world import World

Kind = Literal["lost", "duplicated", "order", "leak", "other"]


@dataclass(frozen=True, slots=True)
class Broken:
    """An invariant that does not hold, and the fact that shows it where one does."""

    kind: Kind
    invariant: str
    says: str
    identity: Identity | None = None


Invariant = Callable[[World, Truth], Iterator[Broken]]
