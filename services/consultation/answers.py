"""Answers: states as a reader is shown them, refusals with the rule's name."""

from typing import Any

import orjson
from fastapi import Response

from schemas.policy import Grants, Reader
from services.kit.db import Connection, Pool
from services.kit.problem import MEDIA_TYPE, Problem, not_found

from . import store, view
from .acting import Outcome, Refused
from .asking import Consultation, line_of
from .rules import Board, Item

Json = dict[str, Any]


def answer(found: object, status: int = 200, **headers: str) -> Response:
    return Response(
        orjson.dumps(found, default=str),
        status,
        headers=headers,
        media_type="application/json",
    )


def plain(found: object) -> Json:
    """A dataclass as JSON."""
    made: Json = orjson.loads(orjson.dumps(found))
    return made


async def grants_of(conn: Connection | Pool, boards: list[Board]) -> dict[str, Grants]:
    """The grants of every initiative that these items are about."""
    named = {n for each in boards if isinstance(each, Item) for n in each.initiatives}
    heard = await store.heard(conn, sorted(named))
    return {name: found.grants for name, found in heard.items()}


async def states(here: Consultation, boards: list[Board], reader: Reader) -> list[Json]:
    """Those that exist for this reader, each as it is shown it."""
    grants = await grants_of(here.office.pool, boards)
    at, ground, line = here.clock(), here.office.ground, line_of(reader)
    shown = [view.state_of(b, reader, grants, at, ground, line) for b in boards]
    return [each for each in shown if each is not None]


async def state(here: Consultation, subject: str, reader: Reader) -> Json:
    """One item or meeting. Raises `Problem` 404 where it does not exist for it."""
    boards = await store.boards(here.office.pool, [subject])
    found = await states(here, list(boards.values()), reader)
    if not found:
        raise not_found()
    return found[0]


async def done(here: Consultation, outcome: Outcome, reader: Reader) -> Response:
    """What a command gave: the state after it, and the turns of its facts."""
    (shown,) = await states(here, [outcome.board], reader) or [{}]
    body = {"state": shown, "turns": list(outcome.turns), "known": outcome.known}
    new = outcome.board.version == 1 and not outcome.known
    return answer(body, 201 if new else 200)


async def refused(here: Consultation, refusal: Refused, reader: Reader) -> Response:
    """The rule's name, what it says and where it is from; and the state that stands."""
    told = refusal.refusal
    problem = Problem(told.status, told.rule, told.detail)
    body: Json = orjson.loads(bytes(problem.answer().body))
    body |= {"rule": told.rule, "citation": told.citation}
    if refusal.board is not None:
        shown = await states(here, [refusal.board], reader)
        body |= {"state": shown[0]} if shown else {}
    return Response(orjson.dumps(body), told.status, media_type=MEDIA_TYPE)
