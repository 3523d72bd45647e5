"""The short fault run: every kind of fault that fits in a minute, on a real stack.

The seed is another one in each run and is printed; `TIDLIG_FAULTS_SEED` does it again.
"""

import os
from pathlib import Path
from random import SystemRandom

from . import report
from .run import Wanted, run

# as a rule all of it takes less than a minute
SECONDS = 90.0


async def test_nothing_is_lost_doubled_moved_or_leaked(tmp_path: Path) -> None:
    given = os.environ.get("TIDLIG_FAULTS_SEED")
    seed = SystemRandom().randrange(10**6) if given is None else int(given)
    wanted = Wanted(seed=seed, seconds=SECONDS, rate=60, fault_seconds=3.0, short=True)

    outcome = await run(wanted, tmp_path / "house", print)

    print(*report.lines(outcome), sep="\n")
    assert outcome.broken == []
    assert outcome.events > 500
    assert outcome.done.kills > 0
    assert outcome.done.counts["pause"] > 0
    assert outcome.done.counts["broker restart"] >= 1
    assert outcome.done.counts["postgres restart"] >= 1
    assert outcome.done.counts["poison"] > 0
