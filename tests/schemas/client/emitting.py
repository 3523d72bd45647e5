"""A system that says rows of a list, as a process of its own that may be killed.

`python -m tests.schemas.client.emitting URL OUTBOX ROWS`, the token in TIDLIG_TOKEN.
Begun again it says all rows again: they have ids of their own.
"""

import os
import sys

from schemas.client import Emitter, backoff
from schemas.initiative import InitiativeGateplanRevised
from schemas.models import Gate

NAV = "889640782"
INITIATIVES = 7
GATES: tuple[Gate, ...] = ("BP1", "BP2", "BP3", "BP4", "BP5", "BP6")


def subject_of(row: int) -> str:
    return f"{NAV}:rad-{row % INITIATIVES}"


def main(url: str, outbox: str, rows: int) -> None:
    backoff.LONGEST = 0.2
    token = os.environ["TIDLIG_TOKEN"]
    with Emitter(
        url, lambda: token, source=f"urn:orgnr:{NAV}:liste", outbox=outbox
    ) as emitter:
        emitter.start()
        for row in range(rows):
            emitter.say(
                InitiativeGateplanRevised(gate=GATES[row % 6], date=None),
                subject=subject_of(row),
                id=f"{os.path.basename(outbox)}-{row}",  # noqa: PTH119  # a name
            )
        flushed = emitter.flush(60)
        sys.stdout.write(f"{flushed.refused} refused, {emitter.waiting()} waiting\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
