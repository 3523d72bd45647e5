"""HTTP in: emit facts, and see what became of them."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import AwareDatetime

from schemas.envelope import BATCH_MEDIA_TYPE, MAX_BATCH_BYTES, MEDIA_TYPE
from schemas.rulesets import NEWEST, ruleset
from services.kit import metrics
from services.kit.auth import Principal
from services.kit.callers import PUBLISH, TAKES_TOKEN, Callers, allow
from services.kit.clock import Clock
from services.kit.db import Pool
from services.kit.problem import Problem, not_found, responses, unauthorized

from . import answers, binary, described, store, taking_back
from .accept import accept
from .catching_up import CatchingUp
from .refusals import record
from .rules import Wrong, judge, media_type_of, read_binary, read_events
from .store import Page
from .together import Together
from .waiting import Waiting

router = APIRouter()
Status = Literal["accepted", "published", "refused"]


@dataclass(frozen=True)
class Intake:
    """What the routes need."""

    pool: Pool
    together: Together
    callers: Callers
    clock: Clock
    # what was accepted is to be sent now
    wake_relay: Callable[[], None]
    catching_up: CatchingUp
    waiting: Waiting


async def intake_of(request: Request) -> Intake:
    """Raises `Problem` 503 while a restored database may lack what was accepted."""
    found: Intake = request.app.state.intake
    found.catching_up.must_be_done()
    return found


Here = Annotated[Intake, Depends(intake_of)]


@router.post(
    "/events",
    status_code=202,
    dependencies=[Depends(TAKES_TOKEN)],
    summary="Emit one fact, or a batch of which all or none is accepted",
    openapi_extra=described.EVENTS_BODY,
    responses=described.EMISSION | responses(400, 401, 403, 409, 413, 415, 422, 503),
)
async def emit(request: Request, here: Here, dry_run: bool = False) -> Response:
    """202 means that it will take effect; the receipt tells what becomes of it.

    Sent again with the same `id` and content it gets the first receipt. Faults are
    answered in the order 401, 413, 415, 400, 403, 422, 409.
    """
    caller: Principal | None = None
    named = b""
    try:
        caller = await here.callers.anybody(request)
        if caller is None:
            raise unauthorized("send a token: `Authorization: Bearer …`")
        named = body = await body_of(request)
        headers, content_type = request.headers.raw, request.headers.get("content-type")
        kind = media_type_of(content_type, binary=binary.is_binary(headers))
        if kind == binary.DATA_MEDIA_TYPE:
            said, wrong_headers = binary.attributes_in(headers, content_type or "")
            named = orjson.dumps(said)
            sent = read_binary(said, wrong_headers, body)
        else:
            sent = read_events(body, kind)
        allow(caller, PUBLISH)
        now, rules = here.clock(), ruleset(NEWEST)
        judge(sent, caller.orgnr, rules, now)
        accepted = await accept(
            here.together, sent, caller, rules, now, dry_run=dry_run
        )
    except (Wrong, Problem) as wrong:
        problem = problem_of(wrong)
        if not dry_run:
            metrics.ATTEMPTS_REFUSED.labels(str(problem.status)).inc()
            await record(here.pool, caller, problem, named, here.clock())
        raise problem from None
    if dry_run:
        return answers.would_accept(accepted)
    here.wake_relay()
    metrics.FACTS_ACCEPTED.inc(len(accepted.receipts) - len(accepted.known))
    return answers.accepted(accepted)


async def body_of(request: Request) -> bytes:
    """The body, read no further than a batch may be. Raises `Wrong` 413."""
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BATCH_BYTES:
            detail = "a request is at most 1 MiB; send fewer events at once"
            raise Wrong(413, "too_large", detail)
        parts.append(part)
    return b"".join(parts)


def problem_of(wrong: Wrong | Problem) -> Problem:
    if isinstance(wrong, Problem):
        return wrong
    readable = (MEDIA_TYPE, BATCH_MEDIA_TYPE, binary.DATA_MEDIA_TYPE)
    headers = {"Accept-Post": ", ".join(readable)}
    return Problem(
        wrong.status,
        wrong.code,
        wrong.detail,
        faults=wrong.faults,
        headers=headers if wrong.status == 415 else None,
    )


async def page_of(
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    after: Annotated[
        UUID | None, Query(alias="next", description="`next` of the page before")
    ] = None,
) -> Page:
    return Page(since, until, after, limit)


@router.get(
    "/receipts",
    dependencies=[Depends(TAKES_TOKEN)],
    summary="What you have emitted, the newest first",
    response_model=None,
    responses=described.RECEIPTS | responses(400, 401, 403, 503),
)
async def list_receipts(
    request: Request,
    here: Here,
    page: Annotated[Page, Depends(page_of)],
    status: Status | None = None,
) -> Response:
    """Accepted facts by status and time of acceptance, or refused attempts.

    After intake's database was restored `gaps` names when facts were accepted that may
    be lost: those of yours that have no receipt, send again with the same `id`, `time`.
    """
    caller = await here.callers.principal(request, PUBLISH)
    if status == "refused":
        refused = await store.refused_attempts(here.pool, caller.orgnr, page)
        return answers.refused_attempts(refused, page.limit)
    found = await store.receipts(here.pool, caller.orgnr, status, page)
    readers = await store.readers(here.pool, [each.mark for each in found])
    gaps = await taking_back.gaps(here.pool)
    return answers.receipts(found, readers, gaps, page.limit)


@router.get(
    "/receipts/{id}",
    dependencies=[Depends(TAKES_TOKEN)],
    summary="What became of a fact, or why an attempt was refused",
    response_model=None,
    responses=described.RECEIPT | responses(400, 401, 403, 404, 503),
)
async def one_receipt(request: Request, here: Here, id: UUID) -> Response:
    """The receipt; its owner also sees who can read the fact, since when.

    `delayed` tells in which service it waits because the code fails of it: nothing is
    to be sent again.
    """
    caller = await here.callers.principal(request, PUBLISH)
    receipt, refused = await asyncio.gather(
        store.receipt(here.pool, id, caller.orgnr),
        store.refused(here.pool, id, caller.orgnr),
    )
    if receipt is not None:
        token = request.headers["authorization"]
        readers, waits = await asyncio.gather(
            store.readers(here.pool, [receipt.mark]), here.waiting.of(receipt, token)
        )
        return answers.receipt(receipt, readers.get(receipt.mark, []), waits)
    if refused is not None:
        return answers.refused(refused)
    raise not_found()


@router.get(
    "/types",
    summary="What can be said, by whom, with examples",
    responses=described.TYPES,
)
async def types() -> dict[str, Any]:
    """Every type of the newest rule set that an organisation can say."""
    return answers.CATALOGUE
