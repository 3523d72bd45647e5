"""HTTP in: what is asked of the arena; what is read of it is in `lookups.py`."""

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from services.kit.callers import TAKES_TOKEN

from . import answers, lookups, store
from .acting import Refused, Wanted, act
from .asking import (
    PARTICIPATE,
    SECRETARIAT,
    Consultation,
    Here,
    HowSent,
    Sent,
    actor_of,
    principal_of,
    reader_of,
)
from .bodies import body_of, described
from .lookups import PROBLEMS, ItemId, MeetingId
from .rules import Refusal, commands
from .rules.ground import CITATIONS, OWN
from .store import Attempt

router = APIRouter(dependencies=[Depends(TAKES_TOKEN)])
BY_SECRETARIAT = ("prepare", "approve", "object", "call")
ON_ITEMS: tuple[type[BaseModel], ...] = (
    commands.Admit,
    commands.AskDeferral,
    commands.Withdraw,
    commands.Prepare,
    commands.Approve,
    commands.Object,
    commands.Commit,
    commands.Reveal,
    commands.ChallengeDraft,
    commands.TakePosition,
    commands.Decide,
    commands.Follow,
    commands.JudgeDissent,
    commands.OpenDisagreement,
    commands.NarrowDisagreement,
    commands.CloseDisagreement,
    commands.Assess,
)
ON_MEETINGS: tuple[type[BaseModel], ...] = (
    commands.PrepareForMeeting,
    commands.Approve,
    commands.Object,
    commands.CorrectMinutes,
)


async def take(
    request: Request,
    here: Consultation,
    how: Sent,
    subject: str | None,
    model: type[BaseModel],
) -> Response:
    """Judge a command, record what it gives, or the attempt."""
    at = here.clock()
    principal = await principal_of(request, here)
    command: Any = await body_of(request, model)
    scope = SECRETARIAT if command.do in BY_SECRETARIAT else PARTICIPATE
    actor = actor_of(principal, scope)
    reader = await reader_of(request, here)
    wanted = Wanted(how.id, subject, command, actor, at, how.seen, how.line)
    try:
        outcome = await act(here.office, wanted, dry_run=how.dry_run)
    except Refused as refusal:
        if not how.dry_run:
            rule, status = refusal.refusal.rule, refusal.refusal.status
            attempt = Attempt(
                at, actor.orgnr, actor.label, subject, command.do, status, rule
            )
            await store.add_attempt(here.office.pool, attempt)
        return await answers.refused(here, refusal, reader)
    return await answers.done(here, outcome, reader)


def beginning(model: type[BaseModel]) -> Callable[..., Any]:
    async def route(request: Request, here: Here, how: HowSent) -> Response:
        return await take(request, here, how, None, model)

    return route


def on_item(model: type[BaseModel]) -> Callable[..., Any]:
    async def route(request: Request, here: Here, how: HowSent, id: ItemId) -> Response:
        return await take(request, here, how, id, model)

    return route


def on_meeting(model: type[BaseModel]) -> Callable[..., Any]:
    async def route(
        request: Request, here: Here, how: HowSent, id: MeetingId
    ) -> Response:
        return await take(request, here, how, id, model)

    return route


def add(
    path: str, model: type[BaseModel], route: Callable[..., Any], operation: str
) -> None:
    new: dict[int | str, dict[str, Any]] = {}
    if "{id}" not in path:
        new[201] = {"description": "It exists from now on"}
    router.add_api_route(
        path,
        route,
        methods=["POST"],
        summary=(model.__doc__ or "").strip().splitlines()[0],
        operation_id=operation,
        openapi_extra=described(model),
        responses={**PROBLEMS, **new},
    )


def add_commands() -> None:
    """A route for each command, by its word."""
    add("/items", commands.Propose, beginning(commands.Propose), "items-propose")
    add("/meetings", commands.Call, beginning(commands.Call), "meetings-call")
    for model in ON_ITEMS:
        word = model.model_fields["do"].default
        add(f"/items/{{id}}/{word}", model, on_item(model), f"items-{word}")
    for model in ON_MEETINGS:
        word = model.model_fields["do"].default
        add(f"/meetings/{{id}}/{word}", model, on_meeting(model), f"meetings-{word}")


add_commands()


async def impossible(
    request: Request, here: Consultation, subject: str, word: str
) -> Response:
    """What the arena cannot do: refused by the rule's name, and recorded."""
    principal = await principal_of(request, here)
    reader = await reader_of(request, here)
    rule, detail = commands.IMPOSSIBLE[word]
    refusal = Refusal(rule, 409, detail, CITATIONS.get(rule, OWN))
    label = None if principal.actor is None else ":".join(principal.actor)
    known = await store.boards(here.office.pool, [subject])
    attempt = Attempt(
        here.clock(), principal.orgnr, label, subject, word, refusal.status, rule
    )
    await store.add_attempt(here.office.pool, attempt)
    return await answers.refused(here, Refused(refusal, known.get(subject)), reader)


def add_impossible() -> None:
    """Routes that are always refused, so that whoever tries is told by which rule."""
    for word, (_, instead) in commands.IMPOSSIBLE.items():
        router.add_api_route(
            f"/items/{{id}}/{word}",
            of_items(word),
            methods=["POST"],
            summary=f"Refused: {instead}",
            operation_id=f"impossible-{word}",
            responses=PROBLEMS,
        )
    for method, word in (("PUT", "edit"), ("PATCH", "edit"), ("DELETE", "delete")):
        for place, making in (("items", of_items), ("meetings", of_meetings)):
            router.add_api_route(
                f"/{place}/{{id}}",
                making(word),
                methods=[method],
                summary="Refused: what was said stands",
                operation_id=f"{method.lower()}-{place}",
                responses=PROBLEMS,
            )


def of_items(word: str) -> Callable[..., Any]:
    async def route(request: Request, here: Here, id: ItemId) -> Response:
        return await impossible(request, here, id, word)

    return route


def of_meetings(word: str) -> Callable[..., Any]:
    async def route(request: Request, here: Here, id: MeetingId) -> Response:
        return await impossible(request, here, id, word)

    return route


add_impossible()

router.include_router(lookups.router)
