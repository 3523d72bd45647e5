"""Problems (RFC 9457): a stable type, what to mend, a pointer to each fault."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from schemas.fact import FAULT_SCHEMA, Fault

from .auth import KeysUnavailable
from .db import TRANSIENT

log = structlog.get_logger()

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:tidlig:problem:"
RETRY_AFTER = "5"
# for OpenAPI: every answer that is not the expected one has this form
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "Stable; what to program against."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What to mend."},
        "faults": {
            "type": "array",
            "items": FAULT_SCHEMA,
        },
    },
}


class Problem(Exception):
    """An answer that says what is wrong and what to mend."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.faults = faults
        self.headers = dict(headers or {})

    def answer(self) -> Response:
        body: dict[str, object] = {
            "type": TYPE + self.code,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
        }
        if self.faults:
            body["faults"] = [
                {"code": f.code, "pointer": f.pointer, "detail": f.detail}
                for f in self.faults
            ]
        return Response(
            orjson.dumps(body), self.status, headers=self.headers, media_type=MEDIA_TYPE
        )


def unauthorized(detail: str) -> Problem:
    return Problem(
        401,
        "unauthorized",
        detail,
        headers={"WWW-Authenticate": 'Bearer realm="tidlig"'},
    )


def not_found() -> Problem:
    """The same whether it is absent or may not be read."""
    return Problem(404, "not_found", "there is nothing here that you may read")


def unavailable(detail: str) -> Problem:
    return Problem(503, "unavailable", detail, headers={"Retry-After": RETRY_AFTER})


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for OpenAPI.

    With `default` FastAPI adds no 422 in a form of its own, which is never sent.
    """
    described: dict[int | str, str] = {"default": "Another problem"}
    described |= {status: HTTPStatus(status).phrase for status in statuses}
    return {
        status: {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": SCHEMA}},
        }
        for status, description in described.items()
    }


def answer_with_problems(app: FastAPI) -> None:
    """Every error that is foreseen becomes a problem."""

    @app.exception_handler(Problem)
    async def said(_: Request, problem: Problem) -> Response:
        return problem.answer()

    @app.exception_handler(RequestValidationError)
    async def parameters(_: Request, error: RequestValidationError) -> Response:
        faults = [fault_in(found) for found in error.errors()]
        detail = "mend the parameters that `faults` names"
        return Problem(400, "invalid_parameter", detail, faults=faults).answer()

    @app.exception_handler(HTTPException)
    async def http(_: Request, error: HTTPException) -> Response:
        code = HTTPStatus(error.status_code).name.lower()
        detail = str(error.detail)
        headers = error.headers
        return Problem(error.status_code, code, detail, headers=headers).answer()

    async def away(_: Request, error: Exception) -> Response:
        log.warning("request_postponed", error=type(error).__name__)
        return unavailable("a part of the service is away; try again").answer()

    for passing in (*TRANSIENT, KeysUnavailable):
        app.add_exception_handler(passing, away)


def broken(error: Exception) -> Response:
    """The answer to an error of ours, which is logged; its text is shown to nobody."""
    log.error("request_failed", exc_info=error)
    return Problem(500, "internal", "an error of ours; it has been logged").answer()


def fault_in(error: Mapping[str, Any]) -> Fault:
    """A parameter that FastAPI refuses; what was sent is not repeated."""
    where, *rest = error["loc"]
    name = "/".join(str(step) for step in rest)
    return Fault(str(error["type"]), f"{where}:{name}", str(error["msg"]))
