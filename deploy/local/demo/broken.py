"""An intake whose relay loses one fact: `make demo-broken` must notice.

The fact is one that KS may not read, so that its feed alone does not show it.
"""

import sys

from services.intake import app
from services.intake.__main__ import INTAKE
from services.kit.command import main
from services.kit.relay import Relay, Waiting

LOST = b"Meldt, men ikke delt"
DONE = "DELETE FROM outbox WHERE seq = ANY($1::bigint[])"


class Losing(Relay):
    """Takes a row out of the outbox without sending it."""

    async def claim(self, after: int) -> list[Waiting]:
        rows = await super().claim(after)
        lost = [row for row in rows if LOST in row.value]
        await self.pool.execute(DONE, [row.seq for row in lost])
        return [row for row in rows if row not in lost]


if __name__ == "__main__":
    vars(app)["Relay"] = Losing
    sys.exit(main(INTAKE))
