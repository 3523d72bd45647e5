"""Who asks, and what a route is given: checked before anything is looked up."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from schemas.policy import Reader, reader_for
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import Line
from services.kit.auth import Principal
from services.kit.callers import READ, Callers, allow
from services.kit.clock import Clock
from services.kit.problem import Problem, unauthorized

from .acting import Office
from .rules import Actor

PARTICIPATE = "tidlig:arena.participate"
SECRETARIAT = "tidlig:arena.secretariat"
ARENA_SCOPES = (PARTICIPATE, SECRETARIAT)


@dataclass(frozen=True)
class Consultation:
    """What the routes need."""

    office: Office
    callers: Callers
    clock: Clock


async def consultation_of(request: Request) -> Consultation:
    found: Consultation = request.app.state.consultation
    return found


Here = Annotated[Consultation, Depends(consultation_of)]


@dataclass(frozen=True, slots=True)
class Sent:
    """How a command comes: once under its id, on the state that its sender has seen."""

    id: UUID
    seen: int
    line: Line | None
    dry_run: bool


async def sent(
    key: Annotated[
        UUID,
        Header(
            alias="Idempotency-Key",
            description="The command's own id: sent again, it has one effect.",
        ),
    ],
    seen: Annotated[
        int,
        Query(ge=0, description="The `version` that you have read; 0 for a new one."),
    ] = 0,
    line: Annotated[
        Line | None, Query(description="For which line you act; your own, or 403.")
    ] = None,
    dry_run: Annotated[bool, Query(description="Judge it, and keep nothing.")] = False,
) -> Sent:
    return Sent(key, seen, line, dry_run)


HowSent = Annotated[Sent, Depends(sent)]


async def principal_of(request: Request, here: Consultation) -> Principal:
    found = await here.callers.anybody(request)
    if found is None:
        raise unauthorized("send a token: `Authorization: Bearer …`")
    return found


def actor_of(principal: Principal, scope: str) -> Actor:
    """Who acts, with the scope for it. Raises `Problem` 403."""
    allow(principal, scope)
    if principal.actor is None:
        detail = "in the arena a token has `actor`: a role and a random id"
        raise Problem(403, "no_actor", detail)
    line = ruleset(NEWEST).line_of(principal.orgnr)
    if line is None:
        raise Problem(403, "no_line", f"{principal.orgnr} belongs to neither line")
    role, actor_id = principal.actor
    return Actor(actor_id, role, principal.orgnr, line)


async def reader_of(request: Request, here: Consultation) -> Reader:
    """Who reads: with one of the arena's scopes, or as any reader of initiatives."""
    principal = await principal_of(request, here)
    if principal.scopes.isdisjoint(ARENA_SCOPES):
        allow(principal, READ)
    return reader_for(principal.orgnr)


def line_of(reader: Reader) -> Line | None:
    return None if reader.orgnr is None else ruleset(NEWEST).line_of(reader.orgnr)
