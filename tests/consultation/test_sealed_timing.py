"""Nobody learns of a sealed scorecard by how long an answer takes.

Time itself is no measure on a shared machine. What takes time is: every function of the
service that an answer goes through, in their order; each statement has one. Whether a
scorecard lies sealed, and what it says, changes none of it for who may not read it.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any
from uuid import uuid4

import httpx
import pytest

from services.consultation import store
from services.consultation.rules.commitments import commitment

from .conftest import AID, DIGDIR, KS, NARVIK, Desk, Json
from .test_service import CANARY, CARD

HERE = str(Path(store.__file__).parent)
OTHERS_CARD = dict.fromkeys(CARD, 0)


@contextmanager
def path_taken() -> Iterator[list[str]]:
    """The service's own functions, among them every statement, while it is entered."""
    found: list[str] = []
    # a coroutine that goes on is called again in the same frame
    entered: dict[int, FrameType] = {}

    def look(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        ours = event == "call" and code.co_filename.startswith(HERE)
        if ours and id(frame) not in entered:
            entered[id(frame)] = frame
            found.append(f"{code.co_filename[len(HERE) :]} {code.co_qualname}")

    sys.setprofile(look)
    try:
        yield found
    finally:
        sys.setprofile(None)


async def committed(desk: Desk, card: Json) -> str:
    """An item of which both lines have committed, the state to this scorecard."""
    name = await desk.proposed()
    act = {"kind": "scoring", "criteria": "criteria-1"}
    await desk.by_both(f"/items/{name}", act)
    for orgnr, line, nonce, own in (
        (AID, "state", CANARY, card),
        (KS, "municipal", "f" * 32, CARD),
    ):
        bound = commitment(nonce, line, name, "criteria-1", 1, own)  # type: ignore[arg-type]
        await desk.taken(f"/items/{name}/commit", {"round": 1, "hash": bound}, orgnr)
    return name


async def handed_in(desk: Desk, name: str, card: Json) -> None:
    body = {"round": 1, "nonce": CANARY, "scorecard": card}
    await desk.taken(f"/items/{name}/reveal", body, AID)


def asked_of(name: str) -> Iterator[tuple[str, str, Json | None]]:
    """All that can be asked of an item, and what names all items."""
    for path in (
        f"/items/{name}",
        "/items",
        "/agenda",
        "/ranking",
        f"/ranking/why?one={name}&another={name}",
        "/follow-through",
    ):
        yield "GET", path, None
    reveal = {"round": 1, "nonce": "e" * 32, "scorecard": CARD}
    for word, body in (
        ("reveal", reveal),
        ("commit", {"round": 1, "hash": "a" * 64}),
        ("admit", {}),
        ("approve", {"hash": "b" * 64}),
        ("fund", {}),
    ):
        yield "POST", f"/items/{name}/{word}?seen=1", body


async def answers_to(desk: Desk, name: str, orgnr: str) -> list[tuple[Any, ...]]:
    """Of everything asked: status, length, and the way to the answer."""
    found = []
    for method, path, body in asked_of(name):
        headers = {**desk.token(orgnr), "Idempotency-Key": str(uuid4())}
        with path_taken() as way:
            answer = await desk.client.request(method, path, headers=headers, json=body)
        found.append((path.replace(name, "…"), *told_by(answer), tuple(way)))
    return found


def told_by(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, len(answer.content)


@pytest.mark.parametrize("orgnr", [KS, NARVIK, DIGDIR])
async def test_for_who_may_not_read_the_way_is_the_same_sealed_or_not(
    desk: Desk, orgnr: str
) -> None:
    name = await committed(desk, CARD)
    await desk.share(f"org:{AID}")
    # what is read once and kept is read now
    await answers_to(desk, name, orgnr)
    without = await answers_to(desk, name, orgnr)
    await handed_in(desk, name, CARD)

    with_one = await answers_to(desk, name, orgnr)

    for before, after in zip(without, with_one, strict=True):
        assert before == after
    assert all(way for *_, way in without)


async def test_for_the_other_line_the_way_is_the_same_whatever_is_sealed(
    desk: Desk,
) -> None:
    """It may know that a scorecard was handed in; not what is in it."""
    ways = []
    for card in (CARD, OTHERS_CARD):
        name = await committed(desk, card)
        await handed_in(desk, name, card)
        ways.append([way for path, *_, way in await answers_to(desk, name, KS)])

    one, other = ways
    of_item = len([path for _, path, _ in asked_of("x") if "/items/x" in path])
    assert of_item >= 6
    assert one[0] == other[0]
    assert one[-5:] == other[-5:]


async def test_a_way_that_differs_is_seen(desk: Desk) -> None:
    """The canary is alive: the state itself goes another way once it has handed in."""
    name = await committed(desk, CARD)
    without = await answers_to(desk, name, AID)
    await handed_in(desk, name, CARD)

    assert await answers_to(desk, name, AID) != without
