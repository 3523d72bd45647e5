"""What waits here: a speaker learns that a word of its own is delayed, and since when.

Each service answers for itself alone. To others it would tell that something was said.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from aiokafka.partitioner import DefaultPartitioner
from fastapi import APIRouter, Depends, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from schemas.identity import mark
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import party_topic

from .callers import PUBLISH, TAKES_TOKEN, Callers
from .db import Pool
from .problem import not_found, responses

router = APIRouter()

# the fact itself: parked; or its partition stands, before or at where it lies
OF_FACT = """
SELECT min(since)
  FROM (SELECT since FROM standing
         WHERE (group_id, mark, speaker) = ($1, $2, $3) AND NOT aside
         UNION ALL
        SELECT since FROM stopped
         WHERE (group_id, topic, partition) = ($1, $4, $5) AND record <= $6) AS waits
"""
# any word of the speaker's on an initiative
OF_SPEAKER = """
SELECT min(since)
  FROM (SELECT since FROM standing
         WHERE (group_id, subject, speaker) = ($1, $2, $3) AND NOT aside
         UNION ALL
        SELECT since FROM stopped
         WHERE (group_id, topic, partition) = ($1, $4, $5)) AS waits
"""


@dataclass(frozen=True, slots=True)
class Delays:
    """What the route needs: `group` is the service's own name."""

    pool: Pool
    callers: Callers
    group: str

    async def of_fact(
        self, speaker: str, subject: str, source: str, id: str, offset: int
    ) -> datetime | None:
        """Since when this fact waits, which lies at that offset; else None."""
        place = place_of(speaker, subject)
        named = mark(subject, source, id)
        found: datetime | None = await self.pool.fetchval(
            OF_FACT, self.group, named, speaker, *place, offset
        )
        return found

    async def of_speaker(self, speaker: str, subject: str) -> datetime | None:
        """Since when any word of the speaker's on the initiative waits."""
        place = place_of(speaker, subject)
        found: datetime | None = await self.pool.fetchval(
            OF_SPEAKER, self.group, subject, speaker, *place
        )
        return found


def place_of(speaker: str, subject: str) -> tuple[str, int]:
    """The topic and partition on which it says anything about the initiative."""
    line = ruleset(NEWEST).line_of(speaker)
    if line is None:
        return "", 0
    topic = party_topic(line)
    everywhere = list(range(topic.partitions))
    return topic.name, DefaultPartitioner()(subject.encode(), everywhere, everywhere)


class DelayTold(BaseModel):
    """Whether a fact waits in this service."""

    model_config = ConfigDict(extra="forbid")

    service: str
    delayed_since: AwareDatetime | None = Field(
        description="Null where it does not wait here: it took effect, or is to come."
    )


async def delays_of(request: Request) -> Delays:
    found: Delays = request.app.state.delays
    return found


@router.get(
    "/delays",
    dependencies=[Depends(TAKES_TOKEN)],
    summary="Whether a fact of your own waits in this service",
    responses=responses(400, 401, 403, 404, 503),
)
async def delay(
    request: Request,
    here: Annotated[Delays, Depends(delays_of)],
    initiative: Annotated[str, Query(description="The fact's `subject`")],
    source: str,
    id: str,
    offset: Annotated[
        int, Query(ge=0, le=2**63 - 1, description="As its receipt tells")
    ],
) -> DelayTold:
    """Where the code fails of a fact it waits, and what you say after it too.

    That is mended without you: nothing is to be sent again.
    """
    caller = await here.callers.principal(request, PUBLISH)
    if not source.startswith(f"urn:orgnr:{caller.orgnr}:"):
        raise not_found()
    since = await here.of_fact(caller.orgnr, initiative, source, id, offset)
    return DelayTold(service=here.group, delayed_since=since)
