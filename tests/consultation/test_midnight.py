"""A command accepted at 23:59:59 and decided on after midnight, over HTTP."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.consultation import store

from .conftest import AID, KS, Desk
from .test_service import drafted, facts_named


async def on_the_last_second(desk: Desk) -> tuple[str, str, datetime]:
    """A draft whose fifteen working days are over in a second."""
    name, text = await drafted(desk)
    state = await desk.read(f"/items/{name}", AID)
    due = datetime.fromisoformat(state["draft"]["position_before"])
    desk.now[0] = due - timedelta(seconds=1)
    return name, text, due


@pytest.mark.parametrize("late", [timedelta(seconds=30), timedelta(hours=8)])
async def test_a_position_accepted_before_midnight_is_no_silence_however_late(
    desk: Desk, late: timedelta, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within a minute nothing is noted yet; after hours what was noted is void."""
    name, text, due = await on_the_last_second(desk)
    accepted, goes_on = asyncio.Event(), asyncio.Event()
    found = store.command

    async def slowly(*given: Any) -> Any:
        accepted.set()
        await goes_on.wait()
        return await found(*given)

    body = {"hash": text, "position": "endorse"}
    with monkeypatch.context() as patch:
        patch.setattr(store, "command", slowly)
        sent = asyncio.create_task(desk.send(f"/items/{name}/position", body, KS))
        await accepted.wait()
        desk.now[0] = due + late
        await desk.watch().look()
        goes_on.set()
        answer = await sent
    desk.now[0] = due + timedelta(days=1)
    await desk.watch().look()

    assert answer.status_code == 200, answer.text
    positions = (await desk.read(f"/items/{name}", AID))["draft"]["positions"]
    assert {line: each["position"] for line, each in positions.items()} == {
        "municipal": "endorse",
        "state": "no_position",
    }
    noted = await facts_named(desk, name, "silence.noted")
    assert len(noted) == (1 if late < timedelta(minutes=1) else 2)


async def test_who_has_not_seen_what_somebody_said_since_is_told_so_after_silence_too(
    desk: Desk,
) -> None:
    name, text, due = await on_the_last_second(desk)
    seen = desk.seen[name]
    body = {"hash": text, "position": "endorse"}
    await desk.taken(f"/items/{name}/position", body, AID)
    desk.now[0] = due + timedelta(hours=1)
    await desk.watch().look()
    disagree = {
        "key": "kost",
        "topic": "cost",
        "text": "For lavt.",
        "procedure": "Møte",
    }

    answer = await desk.send(f"/items/{name}/disagree", disagree, KS, seen=seen)
    again = await desk.send(f"/items/{name}/disagree", disagree, KS, seen=seen + 1)

    assert (answer.status_code, answer.json()["rule"]) == (409, "changed_meanwhile")
    assert again.status_code == 200, again.text
