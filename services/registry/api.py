"""HTTP in: what stands of every initiative, for the one who asks."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from schemas.envelope import timestamp
from services.kit.delays import Delays, delays_of
from services.kit.problem import not_found

from . import answers, history, paging, queries
from .asked import Asked
from .cases import Joint
from .difference import change_json, changes
from .earliness import earliness
from .figures import figures
from .horizon import horizon
from .leads import all_leads
from .parameters import (
    Asking,
    At,
    Before,
    Begun,
    BegunAfter,
    Here,
    How,
    Id,
    Limit,
    Registry,
    Wanting,
    invalid_next,
    reader_of,
    refuse_what_proves_nothing,
)
from .policies import contradiction_policy, earliness_policy, phase_policy
from .rules import Projection
from .short_names import short_name
from .store import Archived
from .surprise import surprise
from .view import earliness_json, joint_json, summary, view

# delivery says that something was readable after it was so
SAID_LATER = timedelta(minutes=1)

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
    begun: Begun,
    how: Asking,
    wanted: Wanting,
    limit: Limit = 100,
) -> Response:
    """In a fixed order that favours nobody, a page at a time; each is visited once,
    and two that are one case stand under one of them.

    Of a `partial` one you have but what is public or names you: it has no phase for
    you, nor has one whose share with you has ended. All that is asked for is asked of
    what you may read: nothing is found by a word that is closed to you.
    """
    asked = how.by(await reader_of(request, here))
    phases = phase_policy()
    meta = await meta_of(here, how)
    found = await queries.initiatives(here.pool, asked, wanted, phases, begun, limit)
    body: dict[str, Any] = {
        "initiatives": [
            {
                "short_name": short_name(seen.subject),
                **summary(seen, phases),
                "joint_with": found.lines[seen.subject],
            }
            for seen in found.seen
            if seen.subject in found.lines
        ],
        "phases": phases.version,
        **meta,
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
    request: Request, here: Here, id: Id, how: Asking, at: At = None
) -> Response:
    """What stands of all that you may read. 404 alike for what is absent or closed.

    `earliness` is null where the initiative was never shared with you; its `class` is
    null while nothing is locked, or nothing was readable. Where the tracker opened the
    share over a minute late, `class_by_first_readable` is the other end of the range.
    `delayed` says that words of your own wait, so that they do not show yet.
    """
    asked = how.by(await reader_of(request, here))
    meta = await meta_of(here, how)
    found = await queries.with_joined(here.pool, id, asked)
    if found is None:
        raise not_found()
    waits = await delayed(await delays_of(request), asked, id)
    return as_json(request, {**told(*found, moment(here, asked, at)), **waits, **meta})


async def delayed(delays: Delays, asked: Asked, id: str) -> dict[str, Any]:
    """That the reader's own words on the initiative wait here now, and since when."""
    if asked.reader.orgnr is None or not asked.plainly:
        return {}
    since = await delays.of_speaker(asked.reader.orgnr, id)
    if since is None:
        return {}
    return {"delayed": {"service": delays.group, "since": timestamp(since)}}


@router.get(
    "/initiatives/{id}/history",
    summary="Every fact about it that you may read, in the order they came",
    response_model=None,
    responses=answers.HISTORY,
)
async def facts(
    request: Request,
    here: Here,
    id: Id,
    begun: BegunAfter,
    how: Asking,
    limit: Limit = 100,
) -> Response:
    """Facts byte for byte as they were accepted, and when they came to Kafka.

    So you can check `datahash` yourself: SHA-256 of the salt and the bytes of `data`.
    """
    asked = how.by(await reader_of(request, here))
    meta = await meta_of(here, how)
    try:
        found = await history.history(here.pool, id, asked, begun, limit)
    except history.NoSuchFact:
        raise invalid_next() from None
    if found is None:
        raise not_found()
    body = {"facts": [archived_json(each) for each in found.facts], **meta}
    if found.last is not None:
        body["next"] = paging.after_fact(found.last.mark)
    return as_json(request, body)


@router.get(
    "/initiatives/{id}/difference",
    summary="What differs between two moments, or between two readers",
    response_model=None,
    responses=answers.DIFFERENCE,
)
async def difference(
    request: Request, here: Here, id: Id, before: Before, how: Asking
) -> Response:
    """From `from_as_of` and `from_seen_by` to `as_of` and `as_seen_by`, or to what you
    see now: each field that was added, changed or is gone, who said it and when.

    Both sides hold only what you may read. 404 where neither shows you anything.
    """
    reader = await reader_of(request, here)
    was, now = await meta_of(here, before), await meta_of(here, how)
    first, last = await queries.both(here.pool, id, before.by(reader), how.by(reader))
    if first is None and last is None:
        raise not_found()
    found = changes(first, last, phase_policy())
    body = {
        "id": id,
        "short_name": short_name(id),
        "from": was.get("asked"),
        "to": now.get("asked"),
        "changes": [change_json(each) for each in found],
        "phases": phase_policy().version,
    }
    return as_json(request, body)


@router.get(
    "/earliness",
    summary="How early the two lines share with each other, with n",
    response_model=None,
    responses=answers.FIGURES,
)
async def all_figures(
    request: Request, here: Here, how: Asking, at: At = None
) -> Response:
    """Per direction, of initiatives that were shared with you or are your own.

    Forecast (the lock lies ahead) and realised lead times are never mixed. `surprise`
    is what a line has learnt of without being told, beside rows of imported lists.
    """
    asked = how.by(await reader_of(request, here))
    meta = await meta_of(here, how)
    policy = earliness_policy()
    when = moment(here, asked, at)
    found, known = await all_leads(here.pool, here.leads, asked, policy, when)
    body = {
        "policy": policy.version,
        "directions": [asdict(figures(found, of, policy)) for of in policy.counterpart],
        "surprise": [asdict(surprise(known, to)) for to in policy.counterpart],
        **meta,
    }
    return as_json(request, body)


def told(seen: Projection, joint: Sequence[Joint], at: datetime) -> dict[str, Any]:
    """An initiative as it is shown alone."""
    found = earliness(seen, earliness_policy(), at)
    return {
        "short_name": short_name(seen.subject),
        **view(seen, phase_policy(), contradiction_policy()),
        "cases": [joint_json(each) for each in joint],
        "earliness": earliness_json(found),
    }


def moment(here: Registry, asked: Asked, at: datetime | None) -> datetime:
    """The day that tells forecast from realised."""
    return at or asked.as_of or here.clock()


async def meta_of(here: Registry, how: How) -> dict[str, Any]:
    """How it was asked, and whether the answer can still change; nothing if plainly.

    Read before the answer is: what is complete then stays so.
    """
    if how.as_of is None and how.seen_by is None:
        return {}
    asked: dict[str, Any] = {
        "as_of": None if how.as_of is None else timestamp(how.as_of),
        "as_seen_by": how.seen_by,
        "complete": None,
    }
    if how.as_of is not None:
        upto = await horizon(here.pool)
        needed = how.as_of + (SAID_LATER if how.seen_by else timedelta(0))
        asked["complete"] = upto is not None and needed <= upto
    return {"asked": asked}


def archived_json(each: Archived) -> dict[str, object]:
    return {
        "event": orjson.Fragment(each.value),
        "appended": timestamp(each.stands.appended),
    }


def as_json(request: Request, body: Mapping[str, object]) -> Response:
    """The answer with an ETag over what this reader is told."""
    content = orjson.dumps(body)
    etag = f'"{sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Vary": "Authorization"}
    if is_named(etag, request.headers.get("if-none-match", "")):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def is_named(etag: str, wanted: str) -> bool:
    """Whether `If-None-Match` names it, weakly or among others (RFC 9110 §13.1.2)."""
    named = [each.strip().removeprefix("W/") for each in wanted.split(",")]
    return etag in named or "*" in named
