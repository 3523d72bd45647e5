"""Refused attempts are kept for their emitter: why, never what was said."""

from datetime import datetime

import msgspec
import orjson
import structlog
from uuid_utils.compat import uuid7

from schemas.fact import Fault
from schemas.national_id import holds_national_id
from services.kit.auth import Principal
from services.kit.db import TRANSIENT, Pool
from services.kit.problem import Problem

from . import store
from .store import RefusedAttempt

log = structlog.get_logger()

LONGEST_NAME = 200
# who sends no valid token, or one for an organisation that cannot be told
NOBODY = ""


class Names(msgspec.Struct):
    """The attributes by which an emitter finds its event again."""

    subject: str | None = None
    source: str | None = None
    id: str | None = None
    type: str | None = None


NAMES = msgspec.json.Decoder(Names)


async def record(
    pool: Pool, caller: Principal | None, problem: Problem, body: bytes, now: datetime
) -> None:
    """Keep a refused attempt. The answer does not wait for a Postgres that is away."""
    names = names_in(body)
    attempt = RefusedAttempt(
        id=uuid7(),
        at=now,
        status=problem.status,
        code=problem.code,
        detail=without_ids(problem.detail) or "",
        faults=orjson.dumps(
            [without_values(fault) for fault in problem.faults]
        ).decode(),
        subject=without_ids(names.subject),
        source=without_ids(names.source),
        event_id=without_ids(names.id),
        type=without_ids(names.type),
    )
    problem.headers["Location"] = f"/receipts/{attempt.id}"
    try:
        await store.refuse(pool, NOBODY if caller is None else caller.orgnr, attempt)
    except TRANSIENT as error:
        log.warning("refusal_not_kept", error=type(error).__name__)
        del problem.headers["Location"]


def names_in(body: bytes) -> Names:
    """Of one event that can be read at all; of a batch nothing."""
    try:
        return NAMES.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Names()


def without_ids(text: str | None) -> str | None:
    """No national identity number is kept, not even in what was refused for it."""
    if text is None:
        return None
    short = text[:LONGEST_NAME].replace("\0", "")
    return "withheld" if holds_national_id(text) else short


def without_values(fault: Fault) -> dict[str, str | None]:
    return {
        "code": fault.code,
        "pointer": without_ids(fault.pointer),
        "detail": without_ids(fault.detail),
    }
