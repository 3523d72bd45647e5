"""HTTP in: what the joint arena has said of an initiative."""

from typing import Any

from fastapi import APIRouter, Depends, Request

from services.kit.db import snapshot
from services.kit.problem import not_found, responses

from . import arena, arena_view
from .parameters import Here, Id, reader_of, refuse_what_proves_nothing

router = APIRouter(dependencies=[Depends(refuse_what_proves_nothing)])


@router.get(
    "/initiatives/{id}/arena",
    summary="Items of the joint arena on it: advice, positions, decisions",
    responses=responses(400, 401, 403, 404, 429, 503),
)
async def in_arena(request: Request, here: Here, id: Id) -> dict[str, Any]:
    """Advice binds nobody; dissent stands unedited beside it.

    Who takes part in the arena and may read every initiative of an item sees what was
    issued and who decided what; else only its number and state. The owner sees the
    question and what is given. 404 alike for what is absent or closed.
    """
    reader = await reader_of(request, here)
    async with snapshot(here.pool) as conn:
        facts = await arena.about(conn, id)
        grants = await arena.grants_of(conn, facts)
    found = arena_view.items(facts, id, reader, grants)
    if not found:
        raise not_found()
    return {"initiative": id, "items": found}
