"""All that was ever said of an initiative, read back from the archive."""

from schemas.admission import admit
from schemas.fact import Fact
from services.kit.db import Connection

RECORDS = """
SELECT topic, position, value
  FROM archive WHERE subject = $1
 ORDER BY appended, topic, partition, position
"""


async def facts_of(conn: Connection, subject: str) -> list[tuple[Fact, int]]:
    """Every fact about an initiative, with its offset; each partition in its order."""
    rows = await conn.fetch(RECORDS, subject)
    return [
        (admitted(row["value"], row["topic"], subject), row["position"]) for row in rows
    ]


def admitted(value: bytes, topic: str, subject: str) -> Fact:
    """What was admitted once is admitted for ever: by the number that it carries."""
    verdict = admit(value, (), topic, subject.encode())
    if not isinstance(verdict, Fact):
        raise TypeError(f"the archive holds a {type(verdict).__name__}")
    return verdict
