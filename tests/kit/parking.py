"""Facts that make the code fail, and facts about the same initiatives."""

from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from typing import Any

from schemas import tracker
from schemas.identity import Ref
from schemas.topics import TRACKER
from services.kit import parked
from services.kit.batch import Arrived
from services.kit.db import Connection
from services.kit.redrive import Outcome, redrive
from tests.schemas.said import NARVIK, NOW, example

from .conftest import Room
from .facts import Json, again, record
from .kafka import Written
from .member import SECRET, Member
from .test_batches import Standing, alone

numbers = count(1)
# so named that the tracker may speak for it
SERVICE = "kit"


def later(event: Json, **change: Any) -> Json:
    """What the owner says next of its initiative."""
    return again(event, id=f"later-{next(numbers)}", **change)


def others(event: Json, speaker: str = NARVIK) -> Json:
    """What another party says of it."""
    return {
        **example("initiative.acknowledged"),
        "id": f"other-{next(numbers)}",
        "source": f"urn:orgnr:{speaker}:kit",
        "subject": event["subject"],
    }


def ref_of(event: Json) -> Ref:
    return Ref(event["source"], event["id"])


def set_aside(event: Json, turn: int = 1, type_name: str = "") -> Written:
    """The tracker says that the fact can never be applied."""
    fact = (ref_of(event), type_name or type_of(event))
    said_ = tracker.set_aside(SERVICE, event["subject"], fact, "r", NOW, turn)
    return Written(TRACKER, *said_)


def reinstated(event: Json, turn: int = 1) -> Written:
    fact = (ref_of(event), type_of(event))
    said_ = tracker.reinstated(SERVICE, event["subject"], fact, "r", NOW, turn)
    return Written(TRACKER, *said_)


def type_of(event: Json) -> str:
    return str(event["type"]).removeprefix("no.tidlig.").rpartition(".")[0]


def records(*events: Json) -> list[Written]:
    return [record(event) for event in events]


class Counting:
    """A handler that fails on some facts, and counts how often it is asked."""

    def __init__(self, *bad: Json) -> None:
        self.bad = {event["id"] for event in bad}
        self.asked = 0

    async def __call__(self, _: Connection, arrived: Sequence[Arrived]) -> None:
        self.asked += 1
        if any(each.fact.id in self.bad for each in arrived):
            raise KeyError(SECRET)


def reading(
    room: Room, then: Callable[..., Awaitable[None]], *partitions: int
) -> Member:
    """A member that nobody reads for; it reads what the tracker says too."""
    found = alone(room, Standing(*partitions) if partitions else None)
    found.inbox.ids[TRACKER.name] = "id"
    found.then = then
    return found


async def parked_ids(reader: Member, *, behind: bool | None = None) -> list[str]:
    """Ids of what is parked, in its order; those behind, or those that fail."""
    rows = await reader.pool.fetch(
        "SELECT fact_id, error_class FROM parked WHERE group_id = $1 ORDER BY n",
        reader.group,
    )
    return [
        row["fact_id"]
        for row in rows
        if behind is None or behind == (row["error_class"] is None)
    ]


async def redriven(reader: Member, event: Json, speaker: str = "") -> Outcome:
    """The command, as another process would run it."""
    who = speaker or event["source"].split(":")[2]
    key = (who, event["subject"])
    take = reader.inbox.taking.take
    return await redrive(reader.pool, reader.group, take, key, "mended")


async def identities(reader: Member) -> list[tuple[object, ...]]:
    async with reader.pool.acquire() as conn:
        return await parked.identities(conn, reader.group)
