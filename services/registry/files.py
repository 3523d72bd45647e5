"""HTTP in: lists as files, sent a stretch at a time."""

from collections.abc import AsyncIterator, Callable, Iterable
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import StreamingResponse

from . import answers, export, queries
from .api import meta_of, moment, told
from .asked import Asked
from .parameters import (
    Asking,
    At,
    Here,
    How,
    Registry,
    Wanting,
    reader_of,
    refuse_what_proves_nothing,
)
from .policies import phase_policy
from .queries import BEFORE_ALL
from .wanted import Wanted

AT_ONCE = 200
Json = dict[str, Any]
Write = Callable[[Iterable[Json]], bytes]

router = APIRouter(dependencies=[Depends(refuse_what_proves_nothing)])


@router.get(
    "/initiatives.csv",
    summary="The same list as a file for a spreadsheet",
    response_class=StreamingResponse,
    responses=answers.CSV,
)
async def as_csv(
    request: Request, here: Here, how: Asking, wanted: Wanting, at: At = None
) -> StreamingResponse:
    """UTF-8 with a byte order mark, `;` between fields, every field quoted.

    A text that a spreadsheet would take for a formula has an apostrophe before it. It
    has no ETag, for it is sent while it is read.
    """
    asked = how.by(await reader_of(request, here))
    stretches = all_told(here, asked, wanted, moment(here, asked, at))
    lines = written(stretches, export.csv_of, export.csv_head())
    return await sent(here, how, lines, "csv", export.CSV)


@router.get(
    "/initiatives.jsonl",
    summary="The same list, each as it is shown alone, one a line",
    response_class=StreamingResponse,
    responses=answers.JSON_LINES,
)
async def as_json_lines(
    request: Request, here: Here, how: Asking, wanted: Wanting, at: At = None
) -> StreamingResponse:
    """Each line is what `/initiatives/{id}` answers. It has no ETag, for it is sent
    while it is read.
    """
    asked = how.by(await reader_of(request, here))
    stretches = all_told(here, asked, wanted, moment(here, asked, at))
    lines = written(stretches, export.json_lines, b"")
    return await sent(here, how, lines, "jsonl", export.JSON_LINES)


async def all_told(
    here: Registry, asked: Asked, wanted: Wanted, at: datetime
) -> AsyncIterator[list[Json]]:
    """All that is asked for, a stretch at a time; each from a moment of its own.

    A file that is fetched slowly holds no moment of the database open.
    """
    after: bytes | None = BEFORE_ALL
    while after is not None:
        found = await queries.initiatives(
            here.pool, asked, wanted, phase_policy(), after, AT_ONCE
        )
        yield [told(seen, found.joint[seen.subject], at) for seen in found.seen]
        after = found.last


async def written(
    stretches: AsyncIterator[list[Json]], write: Write, head: bytes
) -> AsyncIterator[bytes]:
    async for stretch in stretches:
        yield head + write(stretch)
        head = b""


async def sent(
    here: Registry, how: How, lines: AsyncIterator[bytes], kind: str, media_type: str
) -> StreamingResponse:
    """A file. What goes wrong before its first stretch is answered as elsewhere."""
    meta = await meta_of(here, how)
    first = await anext(lines)

    async def all_lines() -> AsyncIterator[bytes]:
        yield first
        async for more in lines:
            yield more

    headers = {
        "Vary": "Authorization",
        "Content-Disposition": f'attachment; filename="tiltak.{kind}"',
    }
    if (asked := meta.get("asked")) is not None and asked["complete"] is not None:
        headers["Tidlig-Complete"] = "true" if asked["complete"] else "false"
    return StreamingResponse(all_lines(), headers=headers, media_type=media_type)
