"""How long to wait before trying again: capped, jittered, and what the service asks."""

import random
from time import monotonic

FIRST = 0.2
LONGEST = 60.0
# a service that asks for hours is asked again sooner than that
LONGEST_ASKED = 900.0
# beyond it the cap rules; an unbounded power is no float after a night of failures
DOUBLINGS = 12


def seconds_after(failures: int, asked: float | None = None) -> float:
    """Between half and all of a time that doubles with each failure in a row.

    Never sooner than `asked`, the seconds of a `Retry-After`.
    """
    most = min(LONGEST, FIRST * 2 ** min(failures, DOUBLINGS))
    own = random.uniform(most / 2, most)  # noqa: S311  # no secret
    return own if asked is None else max(own, min(asked, LONGEST_ASKED))


class Patience:
    """How long trouble is borne: `seconds` in all, None for ever."""

    def __init__(self, seconds: float | None) -> None:
        self.deadline = None if seconds is None else monotonic() + seconds
        self.failures = 0

    def pause(self, asked: float | None) -> float | None:
        """Seconds until the next attempt, the last at the deadline; None: no more."""
        pause = seconds_after(self.failures, asked)
        self.failures += 1
        if self.deadline is None:
            return pause
        left = self.deadline - monotonic()
        return min(pause, left) if left > (asked or 0) else None
