"""Bodies of commands: read strictly, as bytes, by the model of the command."""

from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from schemas import strict_json
from schemas.admission import fault_in
from schemas.compatibility.forms import writer_form
from schemas.envelope import MAX_EVENT_BYTES
from schemas.published.shapes import inlined
from services.kit.problem import Problem

JSON = "application/json"
C = TypeVar("C", bound=BaseModel)


async def body_of(request: Request, model: type[C]) -> C:
    """The command in a request. Raises `Problem` 413, 415 or 400."""
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    body = await bytes_in(request)
    if kind != JSON:
        raise Problem(415, "unsupported_media_type", f"send {JSON}")
    try:
        strict_json.parse(body)
        return model.model_validate_json(body)
    except strict_json.NotStrict as error:
        raise Problem(400, error.code, error.detail) from None
    except ValidationError as error:
        faults = [fault_in(each) for each in error.errors()]
        detail = "mend what `faults` names"
        raise Problem(400, "invalid_body", detail, faults=faults) from None


async def bytes_in(request: Request) -> bytes:
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_EVENT_BYTES:
            raise Problem(413, "too_large", "a command is at most 64 KiB")
        parts.append(part)
    return b"".join(parts)


def described(model: type[BaseModel]) -> dict[str, Any]:
    """The body of a route, for OpenAPI."""
    schema = inlined(writer_form(model.model_json_schema()))
    content = {JSON: {"schema": schema}}
    return {"requestBody": {"required": True, "content": content}}
