"""Schedules by their seeds; of one that fails the smallest that still does."""

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from .running import Failed
from .world import World

BYTES = 160
# tries to make a schedule that fails smaller
SHRINKS = 300

# runs one schedule; raises AssertionError where something does not hold
Run = Callable[[bytes], World]


def schedule(seed: int) -> bytes:
    """What decides each step, always the same for a seed."""
    random = Random(seed)  # noqa: S311  # no secret is made of it
    return random.randbytes(BYTES)


def hold(run: Run, seeds: range) -> Counter[str]:
    """Run them all; which faults came, and how often.

    Fails with the seed and the smallest trace of the first that does.
    """
    wrongs: Counter[str] = Counter()
    for seed in seeds:
        try:
            wrongs.update(run(schedule(seed)).wrongs)
        except Failed as failed:
            smallest = shrunk(run, schedule(seed), failed)
            pytest.fail(told(seed, smallest), pytrace=False)
    return wrongs


def told(seed: int, failed: Failed) -> str:
    lines = "\n".join(failed.world.trace)
    return f"seed {seed}: {failed}\nthe smallest schedule that fails so:\n{lines}"


def shrunk(run: Run, source: bytes, failed: Failed) -> Failed:
    """The failure of the shortest and plainest schedule that was found to fail."""
    tries = 0
    size = len(source)
    while size and tries < SHRINKS:
        for end in range(len(source), 0, -size):
            begin = max(0, end - size)
            smaller = plainer(source, begin, end)
            if smaller == source:
                continue
            tries += 1
            try:
                run(smaller)
            except Failed as again:
                source, failed = smaller, again
        size //= 2
    return failed


def plainer(source: bytes, begin: int, end: int) -> bytes:
    """In this part nothing goes wrong, and everything comes in turn."""
    part = bytes(max(0, min(end, len(source)) - begin))
    return (source[:begin] + part + source[end:]).rstrip(b"\0")
