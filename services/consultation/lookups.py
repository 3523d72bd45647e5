"""HTTP out: items, meetings, agenda, ranking, what became of advice, minutes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse

from schemas.arena import ARENA, ITEM_PATTERN, MEETING_PATTERN
from schemas.rulesets import oslo_day
from services.kit.problem import Problem, not_found, responses

from . import answers, minutes, pages, readable, store
from .asking import Here, reader_of
from .policies import CRITERIA, Criteria, calendars, criteria, factor_steps
from .results import cards_of, scored_in
from .rules import Meeting
from .rules.agenda import suggestions
from .rules.follow_through import calibration, follow_through
from .rules.ranking import rank, why

router = APIRouter()
ItemId = Annotated[str, Path(pattern=ITEM_PATTERN, examples=["item:nav:3-27"])]
MeetingId = Annotated[str, Path(pattern=MEETING_PATTERN, examples=["meeting:nav:2-27"])]
ArenaId = Annotated[str, Query(pattern=f"^{ARENA}$")]
ItemIn = Annotated[str, Query(pattern=ITEM_PATTERN)]
Version = Annotated[str, Query(description="The version of the criteria.")]
PROBLEMS = responses(400, 401, 403, 404, 409, 413, 415, 422, 503)


@router.get("/items", summary="Items of an arena, by their numbers", responses=PROBLEMS)
async def items(request: Request, here: Here, arena: ArenaId = "nav") -> Response:
    """What exists for you of each: all, the question and what is given, or a number."""
    reader = await reader_of(request, here)
    found = await store.of_arena(here.office.pool, arena, "item")
    return answers.answer({"items": await answers.states(here, found, reader)})


@router.get("/items/{id}", summary="One item", responses=PROBLEMS)
async def item(request: Request, here: Here, id: ItemId) -> Response:
    reader = await reader_of(request, here)
    return answers.answer(await answers.state(here, id, reader))


@router.get("/meetings", summary="Meetings of an arena", responses=PROBLEMS)
async def meetings(request: Request, here: Here, arena: ArenaId = "nav") -> Response:
    reader = await reader_of(request, here)
    found = await store.of_arena(here.office.pool, arena, "meeting")
    return answers.answer({"meetings": await answers.states(here, found, reader)})


@router.get("/meetings/{id}", summary="One meeting", responses=PROBLEMS)
async def meeting(request: Request, here: Here, id: MeetingId) -> Response:
    reader = await reader_of(request, here)
    return answers.answer(await answers.state(here, id, reader))


@router.get("/agenda", summary="What should be dealt with next", responses=PROBLEMS)
async def agenda(request: Request, here: Here, arena: ArenaId = "nav") -> Response:
    """Of what you may read: ready, due before a lock, deferred, overdue, and so on."""
    reader = await reader_of(request, here)
    pool, ground = here.office.pool, here.office.ground
    today = oslo_day(here.clock())
    found, heard = await readable.for_agenda(pool, arena, reader, today)
    suggested = suggestions(
        found,
        {name: each.signal for name, each in heard.items()},
        calendars(),
        factor_steps(),
        today,
        ground,
    )
    return answers.answer({"suggestions": [answers.plain(each) for each in suggested]})


@router.get(
    "/meetings/{id}/minutes", summary="Minutes, made from the facts", responses=PROBLEMS
)
async def minutes_of(
    request: Request,
    here: Here,
    id: MeetingId,
    form: Annotated[Literal["json", "html", "pdf"], Query(alias="format")] = "json",
) -> Response:
    """As they stood when the meeting was held. `hash` is what both lines approve.

    In the language that the meeting chose; `pdf` is PDF/A.
    """
    reader = await reader_of(request, here)
    await answers.state(here, id, reader)
    board = (await store.boards(here.office.pool, [id]))[id]
    if not isinstance(board, Meeting) or not board.was_held:
        raise not_found()
    found = await minutes.read(here.office.pool, board)
    shown = await readable.minutes_for(here.office.pool, found, board, reader)
    if form == "json":
        return answers.answer(shown)
    page = pages.page_of(shown)
    if form == "html":
        return HTMLResponse(pages.as_html(page))
    return Response(await pages.as_pdf(page), media_type="application/pdf")


@router.get("/ranking", summary="What two lines' scores say", responses=PROBLEMS)
async def ranking(
    request: Request,
    here: Here,
    arena: ArenaId = "nav",
    version: Annotated[Version, Query(alias="criteria")] = CRITERIA,
    k: Annotated[int, Query(ge=1, le=1000)] = 10,
) -> Response:
    """Layers, places over every weighting, the robust top `k`, and the zone.

    Of the items that are neither closed nor withdrawn: only they stand to each other.
    No number blends the lines: an item has the two scores and its interval of places.
    """
    reader = await reader_of(request, here)
    by = known_criteria(version)
    found = await readable.open_items(here.office.pool, arena, reader)
    scored, without = scored_in(found, by)
    result = rank(scored, k)
    return answers.answer(
        {
            "criteria": version,
            "k": k,
            "placed": [answers.plain(each) for each in result.placed],
            "robust": sorted(result.robust),
            "zone": sorted(result.zone),
            "without_scores": without,
        }
    )


@router.get("/ranking/why", summary="How two items stand", responses=PROBLEMS)
async def why_so(
    request: Request,
    here: Here,
    one: ItemIn,
    another: ItemIn,
    version: Annotated[Version, Query(alias="criteria")] = CRITERIA,
) -> Response:
    """By each line and criterion; and at which weighting they change places."""
    reader = await reader_of(request, here)
    by = known_criteria(version)
    arena = one.split(":")[1]
    found = await readable.items(here.office.pool, arena, reader)
    cards = cards_of(found, by)
    if one not in cards or another not in cards:
        raise not_found()
    told = why(one, another, cards, by)
    return answers.answer(
        {
            "ahead": told.ahead,
            "by_line": told.by_line,
            "by_criterion": told.by_criterion,
            "tips_at": None if told.tips_at is None else str(told.tips_at),
        }
    )


@router.get("/follow-through", summary="What became of advice", responses=PROBLEMS)
async def became(request: Request, here: Here, arena: ArenaId = "nav") -> Response:
    """By line: followed, partly, not, pending; and what became of the dissents."""
    reader = await reader_of(request, here)
    found = await readable.items(here.office.pool, arena, reader)
    return answers.answer(
        {
            "follow_through": [answers.plain(each) for each in follow_through(found)],
            "dissents": [answers.plain(each) for each in calibration(found)],
        }
    )


def known_criteria(version: str) -> Criteria:
    try:
        return criteria(version)
    except KeyError:
        detail = f"`criteria` is a version that exists, as {CRITERIA}"
        raise Problem(400, "invalid_parameter", detail) from None
