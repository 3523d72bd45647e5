"""The commands for parked facts, as who operates a service gives them."""

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from services.kit.command import Service, main
from services.kit.operations import Consumes
from tests.schemas.said import NARVIK, NAV

from .conftest import Room
from .facts import Json, said
from .member import SECRET, Member, fails_on, nothing
from .parking import later, others, parked_ids, reading, records
from .test_batches import Log
from .test_command import Settings, build

Output = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
async def environment(room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """The settings of a service that may speak for the tracker."""
    room.group = "kit" + "".join(c for c in uuid4().hex if c.isalpha())
    monkeypatch.setenv("TIDLIG_TEST_KEY", "x")
    monkeypatch.setenv("TIDLIG_TOKEN_ISSUER", "https://issuer.invalid/")
    monkeypatch.setenv("TIDLIG_TOKEN_JWKS", "file:///nowhere")
    monkeypatch.setenv("DATABASE_URL", room.url)


async def run(reader: Member, *words: str) -> int:
    """The command in a process of its own, as far as a thread is one."""
    consumes = Consumes(reader.group, reader.apply)
    none: list[Path] = []
    service = Service("kit", "A test.", Settings, build, none, consumes=consumes)
    return await asyncio.to_thread(main, service, words)


async def with_parked(room: Room) -> tuple[Member, Json]:
    bad = said(partition=2)
    reader = reading(room, fails_on(bad["id"]))
    batch = records(bad, later(bad), later(bad), others(bad))
    await reader.inbox.handle(Log().all(batch))
    return reader, bad


async def test_parked_lists_what_fails_with_what_waits_behind(
    room: Room, capsys: Output
) -> None:
    reader, bad = await with_parked(room)

    status = await run(reader, "parked")

    shown = capsys.readouterr().out
    assert status == 0
    assert f"{bad['subject']}  {bad['source']}  {bad['id']}" in shown
    assert "KeyError at tests/kit/member.py" in shown
    assert "tidlig.state.v1/2@0, 2 waiting behind it" in shown
    assert f"{room.group}: 3 parked" in shown
    assert SECRET not in shown


async def test_redrive_says_what_was_applied_and_what_still_waits(
    room: Room, capsys: Output
) -> None:
    reader, bad = await with_parked(room)
    order = ("redrive", bad["subject"], "--reason", "mended")

    in_vain = await run(reader, *order)
    first = capsys.readouterr().out
    reader.then = nothing
    done = await run(reader, *order)
    second = capsys.readouterr().out
    nothing_left = await run(reader, *order)

    assert (in_vain, done, nothing_left) == (1, 0, 0)
    assert "0 applied, 3 wait; KeyError at" in first
    assert "3 applied, 0 wait" in second
    assert await parked_ids(reader) == []


async def test_all_that_is_parked_can_be_redriven_at_once(room: Room) -> None:
    one, two = said(partition=2), said(partition=5)
    heard = others(one)
    reader = reading(room, fails_on(one["id"], two["id"], heard["id"]))
    await reader.inbox.handle(Log().all(records(one, two, heard, said(partition=2))))
    reader.then = nothing

    status = await run(reader, "redrive", "--all", "--reason", "mended")

    assert status == 0
    assert len(await reader.ids()) == 4
    assert NARVIK in heard["source"]


async def test_another_speaker_is_named(room: Room) -> None:
    bad = said(partition=2)
    heard = others(bad)
    reader = reading(room, fails_on(heard["id"]))
    await reader.inbox.handle(Log().all(records(bad, heard)))
    reader.then = nothing
    order = ("redrive", bad["subject"], "--reason", "r", "--speaker")

    await run(reader, *order, NAV)
    not_meant = await parked_ids(reader)
    await run(reader, *order, NARVIK)

    assert not_meant == [heard["id"]]
    assert await parked_ids(reader) == []


async def test_setting_aside_and_reinstating_are_said_once_each(
    room: Room, capsys: Output
) -> None:
    reader, bad = await with_parked(room)
    fact = (bad["subject"], "--source", bad["source"], "--id", bad["id"])
    capsys.readouterr()
    asked = [
        await run(reader, command, *fact, "--reason", "aldri")
        for command in ("setaside", "setaside", "reinstate")
    ]

    said_ = capsys.readouterr().out.splitlines()
    assert asked == [0, 0, 0]
    assert said_[1] == "that was said before"
    assert said_[0] == said_[2] != said_[1]
    assert await room.count("outbox") == 2


@pytest.mark.parametrize(
    "words",
    [
        ("redrive", f"{NAV}:x"),
        ("redrive", "--reason", "r"),
        ("setaside", f"{NAV}:x", "--reason", "r"),
    ],
)
async def test_what_is_missing_is_asked_for(
    room: Room, capsys: Output, words: tuple[str, ...]
) -> None:
    with pytest.raises(SystemExit) as ended:
        await run(reading(room, nothing), *words)

    assert ended.value.code == 2
    assert "required" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["setaside", "reinstate"])
async def test_what_is_not_parked_is_answered_with_where_to_look(
    room: Room, capsys: Output, command: str
) -> None:
    fact = (f"{NAV}:x", "--source", f"urn:orgnr:{NAV}:s", "--id", "1")
    status = await run(reading(room, nothing), command, *fact, "--reason", "r")

    assert status == 1
    assert "`parked` lists them" in capsys.readouterr().err


async def test_a_reason_is_asked_for_before_anything_is_done(
    room: Room, capsys: Output
) -> None:
    reader, bad = await with_parked(room)
    reader.then = nothing

    status = await run(reader, "redrive", bad["subject"], "--reason", " ")

    assert status == 1
    assert "reason" in capsys.readouterr().err
    assert len(await parked_ids(reader)) == 3


async def test_a_postgres_that_is_away_is_said(
    room: Room, capsys: Output, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")

    status = await run(reading(room, nothing), "parked")

    assert status == 1
    assert "Postgres does not answer" in capsys.readouterr().err
