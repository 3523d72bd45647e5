"""HTTP in: what the joint arena has said of an initiative."""

from fastapi import APIRouter, Depends, Request, Response

from services.kit.db import snapshot
from services.kit.problem import not_found, responses

from . import arena, arena_view
from .api import as_json, meta_of
from .parameters import Asking, Here, Id, reader_of, refuse_what_proves_nothing

router = APIRouter(dependencies=[Depends(refuse_what_proves_nothing)])


@router.get(
    "/initiatives/{id}/arena",
    summary="Items of the joint arena on it: advice, positions, decisions",
    response_model=None,
    responses={
        304: {"description": "Nothing but what `If-None-Match` names"},
        **responses(400, 401, 403, 404, 429, 503),
    },
)
async def in_arena(request: Request, here: Here, id: Id, how: Asking) -> Response:
    """Advice binds nobody; dissent stands unedited beside it.

    Who takes part in the arena and may read every initiative of an item sees what was
    issued and who decided what; else only its number and state. The owner sees the
    question and what is given. 404 alike for what is absent or closed.
    """
    asked = how.by(await reader_of(request, here))
    meta = await meta_of(here, how)
    async with snapshot(here.pool) as conn:
        said = await arena.about(conn, id)
        rights = await arena.rights(conn, said, asked.as_of)
    found = arena_view.items(said, id, asked, rights)
    if not found:
        raise not_found()
    return as_json(request, {"initiative": id, "items": found, **meta})
