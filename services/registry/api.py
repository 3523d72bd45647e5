"""HTTP in: what stands of every initiative, for the one who asks."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AwareDatetime

from schemas.envelope import read, timestamp
from schemas.identity import SUBJECT_PATTERN
from schemas.policy import ANYBODY, Reader, reader_for
from services.kit.callers import Callers
from services.kit.db import Pool
from services.kit.problem import Problem, not_found, responses

from . import queries
from .earliness import earliness, figures
from .policies import earliness_policy, phase_policy
from .queries import Wanted
from .store import Stands
from .view import earliness_json, summary, view

router = APIRouter()
Clock = Callable[[], datetime]
Line = Literal["state", "municipal"]
ANSWERS = responses(400, 401, 403, 404, 429, 503)
LIST_ANSWERS = responses(400, 401, 403, 429, 503)


@dataclass(frozen=True)
class Registry:
    """What the routes need."""

    pool: Pool
    callers: Callers
    clock: Clock


def registry_of(request: Request) -> Registry:
    found: Registry = request.app.state.registry
    return found


Here = Annotated[Registry, Depends(registry_of)]


async def reader_of(request: Request, here: Here) -> Reader:
    """Who reads: an organisation with its token, or everybody."""
    caller = await here.callers.reader(request)
    return ANYBODY if caller is None else reader_for(caller.orgnr)


AsReader = Annotated[Reader, Depends(reader_of)]
At = Annotated[
    AwareDatetime | None,
    Query(description="Forecast or realised as of this moment; now if left out"),
]
Id = Annotated[str, Path(pattern=SUBJECT_PATTERN, examples=["889640782:k7v2qd9x"])]
Limit = Annotated[int, Query(ge=1, le=1000)]
Next = Annotated[
    str | None, Query(alias="next", max_length=300, description="of the page before")
]


@router.get(
    "/initiatives",
    summary="Initiatives of which you may read anything",
    response_model=None,
    responses=LIST_ANSWERS,
)
async def list_initiatives(
    request: Request,
    here: Here,
    reader: AsReader,
    owner: Annotated[str | None, Query(pattern=r"^[0-9]{9}$")] = None,
    line: Line | None = None,
    phase: str | None = None,
    limit: Limit = 100,
    after: Next = None,
) -> Response:
    """In a fixed order that favours nobody; `partial` ones have no phase for you."""
    phases = phase_policy()
    if phase is not None and phase not in phases.codes:
        codes = ", ".join(phases.codes)
        raise Problem(400, "invalid_parameter", f"`phase` is one of: {codes}")
    wanted = Wanted(owner, line, phase)
    begun = None if after is None else place_in(after)
    found = await queries.initiatives(here.pool, reader, wanted, phases, begun, limit)
    body: dict[str, Any] = {
        "initiatives": [summary(seen, phases) for seen in found.seen],
        "phases": phases.version,
    }
    if found.last is not None:
        body["next"] = urlsafe_b64encode(found.last).decode()
    return as_json(request, body)


@router.get(
    "/initiatives/{id}",
    summary="One initiative as you may read it, and how early it was shared",
    response_model=None,
    responses=ANSWERS,
)
async def one_initiative(
    request: Request, here: Here, reader: AsReader, id: Id, at: At = None
) -> Response:
    seen = await queries.initiative(here.pool, id, reader)
    if seen is None:
        raise not_found()
    found = earliness(seen, earliness_policy(), at or here.clock())
    body = {**view(seen, phase_policy()), "earliness": earliness_json(found)}
    return as_json(request, body)


@router.get(
    "/initiatives/{id}/history",
    summary="Every fact about it that you may read, in the order they came",
    response_model=None,
    responses=ANSWERS,
)
async def history(
    request: Request,
    here: Here,
    reader: AsReader,
    id: Id,
    limit: Limit = 100,
    after: Next = None,
) -> Response:
    """Facts as they were accepted, with where and when they came to Kafka."""
    begun = None if after is None else stands_in(after)
    found = await queries.history(here.pool, id, reader, begun, limit)
    if found is None:
        raise not_found()
    facts, last = found
    body: dict[str, Any] = {
        "facts": [
            {
                "event": event_of(row.value),
                "topic": row.stands.topic,
                "partition": row.stands.partition,
                "offset": row.stands.offset,
                "appended": timestamp(row.stands.appended),
            }
            for _, row in facts
        ]
    }
    if last is not None:
        body["next"] = continue_after(last)
    return as_json(request, body)


@router.get(
    "/earliness",
    summary="How early the two lines share with each other, with n",
    response_model=None,
    responses=LIST_ANSWERS,
)
async def all_figures(
    request: Request, here: Here, reader: AsReader, at: At = None
) -> Response:
    """Per direction, of initiatives that were shared with you or are your own.

    Forecast (the lock lies ahead) and realised lead times are never mixed.
    """
    policy = earliness_policy()
    moment = at or here.clock()
    found = await queries.all_earliness(here.pool, reader, policy, moment)
    directions = [asdict(figures(found, line, policy)) for line in policy.counterpart]
    return as_json(request, {"policy": policy.version, "directions": directions})


def event_of(value: bytes) -> dict[str, object]:
    event = read(value)
    return {**event.attributes, "data": event.data}


def place_in(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text)
    except ValueError:
        raise invalid_next() from None


def continue_after(stands: Stands) -> str:
    """Coordinates of a fact that the reader was given, or may know to be there."""
    return urlsafe_b64encode(orjson.dumps(asdict(stands))).decode()


def stands_in(text: str) -> Stands:
    try:
        found = orjson.loads(urlsafe_b64decode(text))
        appended = datetime.fromisoformat(found.pop("appended"))
        return Stands(appended, **found)
    except (ValueError, TypeError, KeyError, AttributeError):
        raise invalid_next() from None


def invalid_next() -> Problem:
    detail = "`next` is no place that a page gave; begin without it"
    return Problem(400, "invalid_parameter", detail)


def as_json(request: Request, body: object) -> Response:
    """The answer with an ETag over what this reader is told."""
    content = orjson.dumps(body)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Authorization"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")
