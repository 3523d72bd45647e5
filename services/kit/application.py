"""How a service's HTTP application is made: the same everywhere."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from time import monotonic
from uuid import uuid4

import structlog
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from . import health, metrics
from .problem import answer_with_problems, broken

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]
REQUEST_ID = b"x-request-id"


def application(
    title: str, summary: str, router: APIRouter, lifespan: Lifespan
) -> FastAPI:
    """The HTTP application of a service.

    `lifespan` puts what the routes need, and the checks of `/ready`, on `app.state`.
    """
    app = FastAPI(
        title=title,
        summary=summary,
        version="1",
        lifespan=lifespan,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    answer_with_problems(app)
    app.include_router(router)
    app.include_router(health.router)
    app.add_middleware(Observed)
    return app


class Observed:
    """Gives each request an id, in its answer and in the logs, and times it.

    Errors that nobody foresaw are answered here, so that they have the id too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = wanted_id(scope) or str(uuid4())
        structlog.contextvars.bind_contextvars(request_id=request_id)
        began = monotonic()
        status: int | None = None

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((REQUEST_ID, request_id.encode()))
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception as error:
            answer = broken(error)
            if status is not None:
                # the answer has begun: only a broken connection can say so now
                raise
            await answer(scope, receive, send_with_id)
        finally:
            route = getattr(scope.get("route"), "path", "none")
            seconds = monotonic() - began
            metrics.REQUEST_SECONDS.labels(route, str(status)).observe(seconds)
            structlog.contextvars.unbind_contextvars("request_id")


def wanted_id(scope: Scope) -> str | None:
    """The caller's own id, if it is short and plain."""
    for name, value in scope["headers"]:
        if name == REQUEST_ID and len(value) <= 64 and value.isascii():
            text = str(value.decode())
            return text if text.isprintable() else None
    return None
