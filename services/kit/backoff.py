"""How long to wait before trying again: capped, and jittered so that replicas part."""

import random

FIRST = 0.1
# beyond it the cap rules; an unbounded power is no float after some hours of failures
DOUBLINGS = 10


def seconds_after(failures: int, longest: float) -> float:
    """Between half and all of a time that doubles with each failure in a row."""
    most = min(longest, FIRST * 2 ** min(failures, DOUBLINGS))
    return random.uniform(most / 2, most)  # noqa: S311  # no secret
