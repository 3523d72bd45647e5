"""Intake over HTTP: takes a batch whole, or says why not."""

from collections.abc import Sequence
from typing import Any

import httpx
import orjson

from ..envelope import BATCH_MEDIA_TYPE, MEDIA_TYPE
from .outbox_file import Said
from .service import Away, Problem, Service, Token, problem_in

SECONDS = 30.0
# a verdict on what was sent; all else is about the way there
VERDICTS = frozenset({400, 403, 409, 413, 422})


class Refused(Exception):
    """Intake takes none of it."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.code)
        self.problem = problem


class Intake(Service):
    """`POST /events`."""

    def __init__(self, url: str, token: Token, *, seconds: float = SECONDS) -> None:
        super().__init__(url, token, seconds=seconds)

    def take(self, events: Sequence[Said]) -> list[dict[str, Any]]:
        """A receipt for each event, in their order.

        Raises `Refused`, `TokenRefused`, or `Away` when nobody knows: send the same
        again, and what was accepted gets its first receipt.
        """
        if len(events) == 1:
            body, kind = events[0].text, MEDIA_TYPE
        else:
            body = b"[" + b",".join(each.text for each in events) + b"]"
            kind = BATCH_MEDIA_TYPE
        answer = self.ask(
            "POST", "/events", content=body, headers={"Content-Type": kind}
        )
        problem = problem_in(answer)
        if problem is not None and answer.status_code in VERDICTS:
            raise Refused(problem)
        receipts = receipts_in(answer)
        if [identity(each) for each in receipts] != [each.identity for each in events]:
            raise Away(
                f"{self.http.base_url} answers {answer.status_code} without intake's "
                "receipts; is this the address of an intake?"
            )
        return receipts


def receipts_in(answer: httpx.Response) -> list[dict[str, Any]]:
    """The receipts of a 202; none in any other answer, whoever gave it."""
    if answer.status_code != 202:
        return []
    try:
        told = orjson.loads(answer.content)
    except orjson.JSONDecodeError:
        return []
    match told:
        case {"receipts": list(receipts)} if all(isinstance(r, dict) for r in receipts):
            return receipts
    return []


def identity(receipt: dict[str, Any]) -> tuple[object, object, object]:
    return (receipt.get("subject"), receipt.get("source"), receipt.get("id"))
