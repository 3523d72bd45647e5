"""HTTP in: the feed."""

from dataclasses import dataclass
from hashlib import sha256
from time import monotonic
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from schemas.envelope import BATCH_MEDIA_TYPE
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.published.events import any_read
from services.kit import delays
from services.kit.callers import TAKES_TOKEN, Callers
from services.kit.db import Pool
from services.kit.problem import Problem, responses, unauthorized

from . import feed
from .feed import LogMadeAgain, Page
from .sealing import Cursor, NotOurs, Seal
from .waiting import Steps

router = APIRouter()
router.include_router(delays.router)
LONGEST_WAIT_MS = 30_000
TEXT = {"schema": {"type": "string"}}
FEED_HEADERS = {
    "Link": {"description": 'The next page, `rel="next"`', "required": True, **TEXT},
    "ETag": {"description": "Of the page without its cursor", "required": True, **TEXT},
}
FEED_ANSWER = {
    "description": "CloudEvents in a batch, the oldest first; `Link` has the next page",
    "content": {BATCH_MEDIA_TYPE: {"schema": {"type": "array", "items": any_read()}}},
    "headers": FEED_HEADERS,
}


@dataclass(frozen=True)
class Delivery:
    """What the routes need."""

    pool: Pool
    callers: Callers
    seal: Seal
    steps: Steps


async def delivery_of(request: Request) -> Delivery:
    found: Delivery = request.app.state.delivery
    return found


Here = Annotated[Delivery, Depends(delivery_of)]


@router.get(
    "/feed",
    dependencies=[Depends(TAKES_TOKEN)],
    # without a token one is the reader `public`
    openapi_extra={"security": [{}]},
    summary="All that you may read, in the order in which it became readable",
    response_model=None,
    responses={
        200: FEED_ANSWER,
        304: {
            "description": "Nothing but what `If-None-Match` names",
            "headers": FEED_HEADERS,
        },
        **responses(400, 401, 403, 410, 429, 503),
    },
)
async def read_feed(
    request: Request,
    here: Here,
    after: Annotated[
        str | None, Query(description="The cursor from `Link`; without it, all of it")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait_ms: Annotated[
        int,
        Query(
            alias="timeout",
            ge=0,
            le=LONGEST_WAIT_MS,
            description="Wait so many milliseconds for something new",
        ),
    ] = 0,
) -> Response:
    """Follow the `Link` with `rel="next"`; keep it once the page is kept.

    Using a cursor acknowledges the page it came with: the owners learn that your
    organisation has received their initiatives. After an end and a new share a fact
    may come again, with the same identity. Without a token you are the reader
    `public`, and cannot wait.
    """
    caller = await here.callers.reader(request)
    reader = ANYBODY if caller is None else reader_for(caller.orgnr)
    if caller is None and wait_ms:
        raise unauthorized("waiting (`timeout`) needs a token")
    cursor = None if after is None else opened(here.seal, after, reader)
    found = await wait_for_page(here, reader, cursor, limit, wait_ms)
    return answer(request, here.seal, found, limit)


def opened(seal: Seal, sealed: str, reader: Reader) -> Cursor:
    """The reader's own cursor. Raises `Problem` 400."""
    try:
        cursor = seal.opened(sealed)
    except NotOurs:
        cursor = None
    if cursor is None or cursor.reader != (reader.orgnr or ""):
        detail = "this is no cursor of yours; begin without `after`"
        raise Problem(400, "invalid_cursor", detail)
    return cursor


async def wait_for_page(
    here: Delivery, reader: Reader, cursor: Cursor | None, limit: int, wait_ms: int
) -> Page:
    """The next page; an empty one only when the time is up."""
    deadline = monotonic() + wait_ms / 1000
    try:
        seen = here.steps.seen
        found = await feed.page(here.pool, reader, cursor, limit)
        if cursor is not None:
            await feed.acknowledge(here.pool, reader, cursor)
        while not found.records and (left := deadline - monotonic()) > 0:
            await here.steps.after(seen, left)
            seen = here.steps.seen
            found = await feed.page(here.pool, reader, cursor, limit)
    except LogMadeAgain:
        detail = (
            "the log was made again and this cursor with it is gone; begin without "
            "`after`: facts keep their identity, so you recognise what you have"
        )
        raise Problem(410, "cursor_gone", detail) from None
    return found


def answer(request: Request, seal: Seal, found: Page, limit: int) -> Response:
    """The page with its next cursor; the ETag leaves the cursor out."""
    body = b"[" + b",".join(found.records) + b"]"
    etag = f'"{sha256(body).hexdigest()[:32]}"'
    query = urlencode({"after": seal.cursor(found.cursor), "limit": limit})
    headers = {"ETag": etag, "Link": f'</feed?{query}>; rel="next"'}
    if etag in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=BATCH_MEDIA_TYPE)
