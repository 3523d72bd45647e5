"""What was said of a list's rows before, by the registry's own history of them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

import httpx

from services.intake.sending import ask

from .planning import Known, Speaker, known_from

Json = dict[str, Any]
PAGE = 1000
AT_ONCE = 8


class Refused(Exception):
    """A service does not answer what it was asked; the text says why."""


async def imported_before(registry: httpx.AsyncClient, speaker: Speaker) -> set[str]:
    """Every row of the list that the registry knows. Raises `Refused`."""
    own = speaker.subject(f"{speaker.list}.")
    return {
        each["id"].removeprefix(f"{speaker.orgnr}:")
        async for each in pages(
            registry, "/initiatives", "initiatives", owner=speaker.orgnr
        )
        if each["id"].startswith(own)
    }


async def known_of(
    registry: httpx.AsyncClient,
    locals: Iterable[str],
    speaker: Speaker,
    advance: Callable[[], None],
) -> dict[str, Known]:
    """What was said of each row. Raises `Refused`."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(local: str) -> tuple[str, Known]:
        async with turns:
            path = f"/initiatives/{speaker.subject(local)}/history"
            facts = [each["event"] async for each in pages(registry, path, "facts")]
        advance()
        return local, known_from(facts, local, speaker)

    return dict(await asyncio.gather(*(one(local) for local in locals)))


async def pages(
    registry: httpx.AsyncClient, path: str, name: str, **params: Any
) -> AsyncIterator[Json]:
    """All of a list, page by page; nothing where there is no such thing."""
    params |= {"limit": PAGE}
    while True:
        answer = await ask(registry, "GET", path, params=params)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return
        told = body_of(answer)
        if not answer.is_success:
            raise Refused(f"the registry answers {answer.status_code}: {why(told)}")
        for each in told[name]:
            yield each
        if "next" not in told:
            return
        params["next"] = told["next"]


def body_of(answer: httpx.Response) -> Json:
    """The JSON object of an answer. Raises `Refused` for what is none of ours."""
    try:
        told = answer.json()
    except ValueError:
        told = None
    if not isinstance(told, dict):
        where = f"{answer.request.url.copy_with(query=None)}"
        raise Refused(
            f"{where} answers {answer.status_code} without JSON; right address?"
        )
    return told


def why(problem: Json) -> str:
    return str(problem.get("detail", "no reason given"))
