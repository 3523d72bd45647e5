"""HTTP out: what the last cycle found, from memory."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.kit.callers import OPERATIONS, TAKES_TOKEN, Callers
from services.kit.problem import not_found, responses, unavailable

from .report import GroupLag, Report
from .watch import Watch

router = APIRouter()


@dataclass(frozen=True)
class Monitor:
    """What the routes need."""

    watch: Watch
    callers: Callers


def monitor_of(request: Request) -> Monitor:
    found: Monitor = request.app.state.monitor
    return found


Here = Annotated[Monitor, Depends(monitor_of)]


async def report_for(request: Request, here: Here) -> Report:
    """The last report, for operations alone."""
    await here.callers.principal(request, OPERATIONS)
    if here.watch.latest is None:
        raise unavailable("nothing has been asked yet; try again")
    return here.watch.latest


LastReport = Annotated[Report, Depends(report_for)]


@router.get(
    "/groups",
    dependencies=[Depends(TAKES_TOKEN)],
    summary="Every consumer group: records and seconds behind, the worst first",
    responses=responses(401, 403, 503),
)
async def groups(report: LastReport) -> Report:
    """Also what is rejected and stopped, what waits to be sent, and what could not
    be asked: then `verdict` is `unknown`. Needs the scope `tidlig:operations`.
    """
    return report


@router.get(
    "/groups/{group:path}",
    dependencies=[Depends(TAKES_TOKEN)],
    summary="One consumer group, partition by partition",
    responses=responses(401, 403, 404, 503),
)
async def one_group(report: LastReport, group: str) -> GroupLag:
    """503 where the group may be there but not everybody could be asked."""
    found = report.group(group)
    if found is not None:
        return found
    if report.unanswered:
        raise unavailable("; ".join(report.unanswered))
    raise not_found()


@router.get(
    "/metrics",
    summary="For Prometheus",
    response_class=Response,
    tags=["health"],
)
async def all_metrics(here: Here) -> Response:
    """What the last cycle found, and what every service tells of itself."""
    return Response(
        here.watch.metrics + generate_latest(), media_type=CONTENT_TYPE_LATEST
    )
