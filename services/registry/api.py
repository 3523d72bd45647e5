"""HTTP in: what stands of every initiative, for the one who asks."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import AfterValidator, AwareDatetime

from schemas.envelope import timestamp
from schemas.identity import SUBJECT_PATTERN
from schemas.policy import ANYBODY, Reader, reader_for
from services.kit.callers import Callers
from services.kit.db import Pool
from services.kit.problem import Problem, not_found

from . import answers, paging, queries
from .earliness import earliness
from .figures import figures
from .policies import earliness_policy, phase_policy
from .queries import BEFORE_ALL, NoSuchFact, Wanted
from .store import Archived
from .view import earliness_json, summary, view

Clock = Callable[[], datetime]
Line = Literal["state", "municipal"]


@dataclass(frozen=True)
class Registry:
    """What the routes need."""

    pool: Pool
    callers: Callers
    clock: Clock


async def registry_of(request: Request) -> Registry:
    found: Registry = request.app.state.registry
    return found


Here = Annotated[Registry, Depends(registry_of)]


async def refuse_what_proves_nothing(request: Request, here: Here) -> None:
    """401 comes before every other fault."""
    await here.callers.anybody(request)


async def reader_of(request: Request, here: Registry) -> Reader:
    """Who reads: an organisation with its token, or everybody. 403 comes after 400."""
    caller = await here.callers.reader(request)
    return ANYBODY if caller is None else reader_for(caller.orgnr)


def known_phase(code: str) -> str:
    codes = phase_policy().codes
    if code not in codes:
        raise ValueError(f"`phase` is one of: {', '.join(codes)}")
    return code


def in_these_centuries(moment: datetime) -> datetime:
    """A moment whose day in Norway is on the calendar."""
    if not 1900 <= moment.year <= 2200:
        raise ValueError("`at` lies between 1900 and 2200")
    return moment


def invalid_next() -> Problem:
    detail = "`next` is no place that a page gave; begin without it"
    return Problem(400, "invalid_parameter", detail)


Next = Annotated[
    str | None,
    Query(
        alias="next",
        max_length=300,
        description="`next` of the page before; without it the first page",
    ),
]


def place_after(after: Next = None) -> bytes:
    """Where a page of initiatives begins. Raises `Problem` 400."""
    try:
        return BEFORE_ALL if after is None else paging.place_in(after)
    except ValueError:
        raise invalid_next() from None


def fact_after(after: Next = None) -> bytes | None:
    """The fact that a page follows, by its mark. Raises `Problem` 400."""
    try:
        return None if after is None else paging.mark_in(after)
    except ValueError:
        raise invalid_next() from None


Id = Annotated[
    str,
    Path(
        pattern=SUBJECT_PATTERN,
        description="The owner's organisation number, and its own id",
        examples=["889640782:k7v2qd9x"],
    ),
]
Limit = Annotated[int, Query(ge=1, le=1000, description="At most so many on a page")]
At = Annotated[
    Annotated[AwareDatetime, AfterValidator(in_these_centuries)] | None,
    Query(
        description="Forecast or realised as of this moment; now if left out",
        examples=["2027-01-25T12:00:00+01:00"],
    ),
]
Owner = Annotated[
    str | None,
    Query(
        pattern=r"^[0-9]{9}$",
        description="Only those of this organisation number",
        examples=["889640782"],
    ),
]
OfLine = Annotated[Line | None, Query(description="Only those of owners of this line")]
InPhase = Annotated[
    Annotated[str, AfterValidator(known_phase)] | None,
    Query(
        description="Only those in this phase, of those whose phase you may know",
        json_schema_extra={"enum": list(phase_policy().codes)},
    ),
]

router = APIRouter(dependencies=[Depends(refuse_what_proves_nothing)])


@router.get(
    "/initiatives",
    summary="Initiatives of which you may read anything",
    response_model=None,
    responses=answers.LIST,
)
async def list_initiatives(
    request: Request,
    here: Here,
    begun: Annotated[bytes, Depends(place_after)],
    owner: Owner = None,
    line: OfLine = None,
    phase: InPhase = None,
    limit: Limit = 100,
) -> Response:
    """In a fixed order that favours nobody, a page at a time; each is visited once.

    Of a `partial` one you have but what is public or names you: it has no phase for
    you, nor has one whose share with you has ended.
    """
    reader = await reader_of(request, here)
    phases = phase_policy()
    wanted = Wanted(owner, line, phase)
    found = await queries.initiatives(here.pool, reader, wanted, phases, begun, limit)
    body: dict[str, Any] = {
        "initiatives": [summary(seen, phases) for seen in found.seen],
        "phases": phases.version,
    }
    if found.last is not None:
        body["next"] = paging.after_place(found.last)
    return as_json(request, body)


@router.get(
    "/initiatives/{id}",
    summary="One initiative as you may read it, and how early it was shared",
    response_model=None,
    responses=answers.INITIATIVE,
)
async def one_initiative(
    request: Request, here: Here, id: Id, at: At = None
) -> Response:
    """What stands of all that you may read. 404 alike for what is absent or closed.

    `earliness` is null where the initiative was never shared with you; its `class` is
    null while nothing is locked, or nothing was readable. Where the tracker opened the
    share over a minute late, `class_by_first_readable` is the other end of the range.
    """
    reader = await reader_of(request, here)
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
    responses=answers.HISTORY,
)
async def history(
    request: Request,
    here: Here,
    id: Id,
    begun: Annotated[bytes | None, Depends(fact_after)],
    limit: Limit = 100,
) -> Response:
    """Facts byte for byte as they were accepted, and when they came to Kafka.

    So you can check `datahash` yourself: SHA-256 of the salt and the bytes of `data`.
    """
    reader = await reader_of(request, here)
    try:
        found = await queries.history(here.pool, id, reader, begun, limit)
    except NoSuchFact:
        raise invalid_next() from None
    if found is None:
        raise not_found()
    body: dict[str, Any] = {"facts": [archived_json(each) for each in found.facts]}
    if found.last is not None:
        body["next"] = paging.after_fact(found.last.mark)
    return as_json(request, body)


@router.get(
    "/earliness",
    summary="How early the two lines share with each other, with n",
    response_model=None,
    responses=answers.FIGURES,
)
async def all_figures(request: Request, here: Here, at: At = None) -> Response:
    """Per direction, of initiatives that were shared with you or are your own.

    Forecast (the lock lies ahead) and realised lead times are never mixed.
    """
    reader = await reader_of(request, here)
    policy = earliness_policy()
    moment = at or here.clock()
    found = await queries.all_earliness(here.pool, reader, policy, moment)
    directions = [asdict(figures(found, line, policy)) for line in policy.counterpart]
    return as_json(request, {"policy": policy.version, "directions": directions})


def archived_json(each: Archived) -> dict[str, object]:
    return {
        "event": orjson.Fragment(each.value),
        "appended": timestamp(each.stands.appended),
    }


def as_json(request: Request, body: object) -> Response:
    """The answer with an ETag over what this reader is told."""
    content = orjson.dumps(body)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Authorization"}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")
