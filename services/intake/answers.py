"""What intake answers, as JSON. How OpenAPI describes it is in `described.py`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from fastapi import Response

from schemas.channels import organisation
from schemas.envelope import timestamp
from schemas.identity import owner_of
from schemas.published.examples import examples_of
from schemas.published.meaning import read_by
from schemas.spoken import SAID_ELSEWHERE
from schemas.types import TYPES, EventType, Group

from .accept import Accepted
from .store import Receipt, RefusedAttempt
from .taking_back import Gap
from .waiting import Waits

Readers = Sequence[tuple[str, datetime]]


def example_of(row: EventType) -> dict[str, Any]:
    """The usual one of a type's published examples."""
    return examples_of(row)[0][1]


# as GET /types tells it
SAID_BY: dict[Group, str] = {
    "owner": "owner",
    "other": "others",
    "party": "anyone",
    "speaker": "speaker",
}
SPOKEN = [row for row in TYPES.values() if row.group not in SAID_ELSEWHERE]
CATALOGUE = {
    "types": [
        {
            "type": row.full_name,
            "said_by": SAID_BY[row.group],
            "may_be_read_by": read_by(row),
            "visibilities": row.visibilities,
            "meaning": row.model.__doc__,
            "data": row.model.model_json_schema(),
            "example": example_of(row),
        }
        for row in SPOKEN
    ]
}


def accepted(found: Accepted) -> Response:
    """202 with a receipt for each event, in the order they were sent."""
    headers = {}
    if len(found.receipts) == 1:
        headers["Location"] = f"/receipts/{found.receipts[0].id}"
    body = [
        {**basic(each), "accepted_before": each.mark in found.known}
        for each in found.receipts
    ]
    return as_json({"receipts": body}, status=202, headers=headers)


def would_accept(found: Accepted) -> Response:
    """200 with what a real request would accept; nothing was kept."""
    known = [each.mark in found.known for each in found.receipts]
    would = [
        {
            "subject": each.subject,
            "source": each.source,
            "id": each.event_id,
            "accepted_before": before,
        }
        for each, before in zip(found.receipts, known, strict=True)
    ]
    return as_json({"dry_run": True, "would_accept": would})


def receipts(
    found: Sequence[Receipt],
    readers: Mapping[bytes, Readers],
    gaps: Sequence[Gap],
    limit: int,
) -> Response:
    body: dict[str, object] = {
        "receipts": [full(each, readers.get(each.mark, [])) for each in found]
    }
    if gaps:
        body["gaps"] = [
            {"since": timestamp(gap.since), "until": timestamp(gap.until)}
            for gap in gaps
        ]
    if len(found) == limit:
        body["next"] = str(found[-1].id)
    return as_json(body)


def receipt(found: Receipt, readers: Readers, waits: Waits) -> Response:
    body = full(found, readers)
    if waits.since:
        body["delayed"] = [
            {"service": name, "since": timestamp(since)}
            for name, since in sorted(waits.since.items())
        ]
    if waits.silent:
        body["not_answering"] = sorted(waits.silent)
    return as_json(body)


def refused_attempts(found: Sequence[RefusedAttempt], limit: int) -> Response:
    body: dict[str, object] = {"receipts": [attempt(each) for each in found]}
    if len(found) == limit:
        body["next"] = str(found[-1].id)
    return as_json(body)


def refused(found: RefusedAttempt) -> Response:
    return as_json(attempt(found))


def full(found: Receipt, readers: Readers) -> dict[str, object]:
    """The whole story of a fact, as far as its speaker may know it."""
    told = {**basic(found), "readable": readable(found, readers)}
    if found.appended is not None:
        told["published"] = {
            "topic": found.topic,
            "partition": found.partition,
            "offset": found.position,
            "appended": timestamp(found.appended),
        }
    return told


def readable(found: Receipt, readers: Readers) -> list[dict[str, str]]:
    """An owner learns who can read its fact; another speaker only: the owner."""
    owner = owner_of(found.subject)
    mine = found.emitter == owner
    return [
        {"channel": channel, "since": timestamp(since)}
        for channel, since in sorted(readers)
        if mine or channel == organisation(owner)
    ]


def basic(found: Receipt) -> dict[str, object]:
    told: dict[str, object] = {
        "receipt": str(found.id),
        "status": found.status,
        "subject": found.subject,
        "source": found.source,
        "id": found.event_id,
        "type": found.type,
        "accepted": timestamp(found.accepted),
    }
    return told if found.supplier is None else {**told, "supplier": found.supplier}


def attempt(found: RefusedAttempt) -> dict[str, object]:
    return {
        "receipt": str(found.id),
        "status": "refused",
        "subject": found.subject,
        "source": found.source,
        "id": found.event_id,
        "type": found.type,
        "refused": timestamp(found.at),
        "http_status": found.status,
        "code": found.code,
        "detail": found.detail,
        "faults": orjson.loads(found.faults),
    }


def as_json(
    body: object, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body), status, headers=headers, media_type="application/json"
    )
