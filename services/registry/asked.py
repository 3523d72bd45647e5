"""How one asks: who reads, as of when, and as whom. Pure."""

from dataclasses import dataclass
from datetime import datetime

from schemas.policy import Reader


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks, what had been said by when (None: by now), and as whom it was seen.

    With `seen_by` alone: what both may read. With both: what that one could read then,
    as far as the one who asks may read it now.
    """

    reader: Reader
    as_of: datetime | None = None
    seen_by: Reader | None = None

    @property
    def plainly(self) -> bool:
        """What stands now, for the one who asks."""
        return self.as_of is None and self.seen_by is None
