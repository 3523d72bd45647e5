"""What every service answers alike: who calls, what is wrong, a request's id."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from time import monotonic
from typing import Any

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request, Response
from structlog.testing import capture_logs

from services.kit.application import application
from services.kit.auth import KeysUnavailable, Tokens
from services.kit.callers import OPERATIONS, Callers
from services.kit.checkpoint import Fenced
from tests.schemas.said import NAV
from tests.stack import ISSUER, Issuer

SECRET = "what the fact says"
ERRORS: dict[str, Exception] = {
    "away": ConnectionRefusedError(SECRET),
    "slow": TimeoutError(SECRET),
    "deadlock": asyncpg.exceptions.DeadlockDetectedError(SECRET),
    "keys": KeysUnavailable(SECRET),
    "wrong": KeyError(SECRET),
    "double": asyncpg.exceptions.UniqueViolationError(SECRET),
    "misuse": asyncpg.InterfaceError(SECRET),
    "fenced": Fenced(SECRET),
}


class BreaksOff(Response):
    """An answer that fails when it has begun."""

    async def __call__(self, _: Any, __: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        raise KeyError(SECRET)


def routes(callers: Callers) -> APIRouter:
    router = APIRouter()

    @router.get("/read")
    async def read(request: Request) -> dict[str, str | None]:
        reader = await callers.reader(request)
        return {"reader": None if reader is None else reader.orgnr}

    @router.get("/operate")
    async def operate(request: Request) -> dict[str, str]:
        return {"by": (await callers.principal(request, OPERATIONS)).orgnr}

    @router.get("/fails/{how}")
    async def fails(how: str) -> None:
        raise ERRORS[how]

    @router.get("/breaks-off", response_class=BreaksOff, response_model=None)
    async def breaks_off() -> BreaksOff:
        return BreaksOff()

    @router.get("/number/{n}")
    async def number(n: int) -> int:
        return n

    return router


@asynccontextmanager
async def no_work(_: FastAPI) -> AsyncIterator[None]:
    yield


@pytest.fixture
async def client(issuer: Issuer) -> AsyncIterator[httpx.AsyncClient]:
    callers = Callers(Tokens(issuer=ISSUER, jwks=issuer.jwks), public_rate=2)
    app = application("test", "", routes(callers), no_work)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://t") as client:
        yield client


async def test_without_a_token_one_is_the_public_and_shares_its_rate(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    answers = [await client.get("/read") for _ in range(6)]
    with_token = await client.get("/read", headers=issuer.bearer(NAV))

    assert [a.status_code for a in answers] == [200] * 4 + [429] * 2
    assert answers[0].json() == {"reader": None}
    assert answers[-1].headers["retry-after"] == "1"
    assert answers[-1].json()["type"] == "urn:tidlig:problem:too_many_requests"
    assert with_token.json() == {"reader": NAV}


async def test_the_publics_rate_comes_back_with_time(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    while (await client.get("/read")).status_code == 200:
        pass
    later = monotonic() + 1
    monkeypatch.setattr("services.kit.callers.monotonic", lambda: later)

    answers = [(await client.get("/read")).status_code for _ in range(4)]

    assert answers == [200, 200, 429, 429]


async def test_who_must_prove_something_and_does_not_is_told_what_to_mend(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    nobody = await client.get("/operate")
    wrong = await client.get("/operate", headers={"Authorization": "Bearer x.y.z"})
    basic = await client.get("/operate", headers={"Authorization": "Basic x"})
    lacking = await client.get("/operate", headers=issuer.bearer(NAV, "other:scope"))
    allowed = await client.get("/operate", headers=issuer.bearer(NAV, OPERATIONS))

    refused = (nobody, wrong, basic)
    assert {answer.status_code for answer in refused} == {401}
    assert all(a.headers["www-authenticate"].startswith("Bearer") for a in refused)
    assert lacking.status_code == 403
    assert OPERATIONS in lacking.json()["detail"]
    assert allowed.json() == {"by": NAV}


async def test_a_token_that_proves_nothing_is_refused_where_none_is_needed(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    wrong = await client.get("/read", headers={"Authorization": "Bearer x.y.z"})
    lacking = await client.get("/read", headers=issuer.bearer(NAV, "other:scope"))

    assert wrong.status_code == 401
    assert lacking.status_code == 403


@pytest.mark.parametrize("how", ["away", "slow", "deadlock", "keys"])
async def test_what_passes_by_itself_is_answered_503_and_when_to_try_again(
    client: httpx.AsyncClient, how: str
) -> None:
    answer = await client.get(f"/fails/{how}")

    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert SECRET not in answer.text
    assert answer.json()["type"] == "urn:tidlig:problem:unavailable"


@pytest.mark.parametrize("how", ["wrong", "double", "misuse", "fenced"])
async def test_an_error_of_ours_is_answered_500_logged_and_never_shown(
    client: httpx.AsyncClient, how: str
) -> None:
    with capture_logs() as logs:
        answer = await client.get(f"/fails/{how}", headers={"X-Request-Id": "mine"})

    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.text
    assert type(ERRORS[how]).__name__ not in answer.text
    assert answer.headers["x-request-id"] == "mine"
    (logged,) = [entry for entry in logs if entry["event"] == "request_failed"]
    assert logged["exc_info"] is ERRORS[how]


async def test_an_answer_that_breaks_off_is_not_answered_twice(
    client: httpx.AsyncClient,
) -> None:
    with capture_logs() as logs, pytest.raises(KeyError):
        await client.get("/breaks-off")

    assert [entry["event"] for entry in logs] == ["request_failed"]


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/nowhere"), ("GET", "/number/x"), ("POST", "/read")]
)
async def test_every_refusal_has_the_same_form(
    client: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await client.request(method, path)

    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["status"] == answer.status_code
    assert problem["type"].startswith("urn:tidlig:problem:")
    assert problem["detail"]


async def test_a_wrong_parameter_is_named_and_not_repeated(
    client: httpx.AsyncClient,
) -> None:
    answer = await client.get("/number/hemmelig")

    assert answer.status_code == 400
    (fault,) = answer.json()["faults"]
    assert fault["pointer"] == "path:n"
    assert "hemmelig" not in answer.text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [(b"mine-1", True), (b"x" * 65, False), (b"a\x7fb", False), (b"\xc3\xa6", False)],
)
async def test_a_request_keeps_its_own_id_if_it_is_short_and_plain(
    client: httpx.AsyncClient, sent: bytes, kept: bool
) -> None:
    answer = await client.get("/number/1", headers=[(b"x-request-id", sent)])

    found = answer.headers.get_list("x-request-id")
    assert len(found) == 1
    assert (found == [str(sent, "utf-8")]) is kept
