"""Importing a list, against a real intake and a real registry."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from fastapi import FastAPI

from deploy.local.folder import CHECKOUT
from schemas.envelope import BATCH_MEDIA_TYPE
from services.intake.app import build as build_intake
from services.intake.importing.bringing import Brought, Importer
from services.intake.importing.command import audience_of
from services.intake.importing.mapping import Mapping
from services.intake.importing.planning import Speaker
from services.intake.importing.rows import rows_in
from services.intake.importing.wanting import sort_rows
from services.intake.settings import Settings as IntakeSettings
from services.registry.app import build as build_registry
from services.registry.settings import Settings as RegistrySettings
from tests.schemas.said import KS, NAV
from tests.stack import Stack, until

Json = dict[str, Any]
Facts = list[Json]
lists = count(1)

A = "nr;tittel;eier\n1;Felles søknad;889640782\n2;Samtykke;\n"
B = "nr;tittel;eier\n1;Felles digital søknad;889640782\n2;Samtykke;\n"


class Quiet:
    """Progress that nobody looks at."""

    def begin(self, what: str, total: int) -> None: ...
    def step(self) -> None: ...


@dataclass
class Lists:
    """Intake and registry, each with a client that has KS's token."""

    stack: Stack
    intake: httpx.AsyncClient
    registry: httpx.AsyncClient
    urls: tuple[str, str]

    def list(self, **changes: Any) -> "List":
        """A list of its own: what others import has other ids."""
        return List(self, f"liste-{next(lists)}", changes)


@dataclass
class List:
    """A list that KS imports."""

    around: Lists
    name: str
    changes: Json = field(default_factory=dict)

    @property
    def mapping(self) -> Json:
        return {
            "list": self.name,
            "key": "nr",
            "fields": {
                "title": "tittel",
                "believed_owner": "eier",
                "learnt_from": {"constant": "Et åpent veikart"},
                "learnt": {"constant": "2026-11-22"},
                "synthetic": {"constant": True},
            },
            **self.changes,
        }

    async def bring(self, text: str, **options: Any) -> Brought:
        mapping = Mapping.model_validate_json(orjson.dumps(self.mapping))
        registry = options.pop("registry", self.around.registry)
        importer = Importer(
            self.around.intake,
            registry,
            mapping,
            Speaker(KS, self.name, audience_of(None, KS)),
            Quiet(),
            **options,
        )
        return await importer.bring(sort_rows(rows_in(text, mapping), mapping, KS))

    def id(self, key: str) -> str:
        return f"{KS}:{self.name}.{key}"

    async def said(self, key: str, expected: int) -> Facts:
        """The facts of a row once the registry has so many; more would be seen too."""

        async def enough() -> Facts:
            path = f"/initiatives/{self.id(key)}/history"
            answer = await self.around.registry.get(path)
            if answer.status_code == 404:
                return []
            facts = [each["event"] for each in answer.json()["facts"]]
            return facts if len(facts) >= expected else []

        found: Facts = await until(enough, what=f"{expected} facts of {self.id(key)}")
        return found

    async def described(self, key: str) -> Json:
        answer = await self.around.registry.get(f"/initiatives/{self.id(key)}")
        found: Json = answer.raise_for_status().json()["description"]
        return found

    async def emit(self, *events: Json) -> None:
        answer = await self.around.intake.post(
            "/events",
            content=orjson.dumps(events),
            headers={"Content-Type": BATCH_MEDIA_TYPE},
        )
        assert answer.status_code == 202, answer.text

    def say(self, key: str, name: str, data: Json, **attributes: str) -> Json:
        return {
            "specversion": "1.0",
            "id": f"for-hand-{next(lists)}",
            "source": f"urn:orgnr:{KS}:fellesarena",
            "type": f"no.tidlig.{name}.v1",
            "subject": self.id(key),
            "time": "2026-11-23T08:00:00Z",
            "data": data,
            **attributes,
        }


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a port of its own, as another process needs it."""
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="on"))
    serving = asyncio.create_task(server.serve([listening]))

    async def started() -> bool:
        return server.started or serving.done()

    await until(started, what="the server")
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving
        listening.close()


@pytest.fixture(scope="module")
async def around(stack: Stack) -> AsyncIterator[Lists]:
    settings = await stack.prepare("intake", "registry")
    async with AsyncExitStack() as together:
        urls = (
            await together.enter_async_context(
                served(build_intake(IntakeSettings(surroundings=settings)))
            ),
            await together.enter_async_context(
                served(build_registry(RegistrySettings(surroundings=settings)))
            ),
        )
        intake, registry = [
            await together.enter_async_context(
                httpx.AsyncClient(base_url=url, headers=stack.issuer.bearer(KS))
            )
            for url in urls
        ]
        yield Lists(stack, intake, registry, urls)


class Behind(httpx.AsyncBaseTransport):
    """A registry that shows what it showed before, once for each initiative."""

    def __init__(self, before: dict[str, bytes]) -> None:
        self.before = before
        self.real = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if (content := self.before.pop(request.url.path, None)) is not None:
            return httpx.Response(200, content=content)
        return await self.real.handle_async_request(request)

    async def aclose(self) -> None:
        await self.real.aclose()


def kinds(found: Brought) -> dict[str, str]:
    return {each.row.key: each.kind for each in found.changes}


def versions(facts: Iterable[Json]) -> list[tuple[str, str]]:
    """Ids and titles of what was discovered, in order."""
    return [
        (each["id"].rpartition(".")[2], each["data"]["title"])
        for each in facts
        if each["type"] == "no.tidlig.initiative.discovered.v1"
    ]


def grants(facts: Iterable[Json]) -> Facts:
    return [e for e in facts if e["type"] == "no.tidlig.initiative.shared.v1"]


async def test_a_list_becomes_entries_of_the_importer_shared_with_the_other_line(
    around: Lists,
) -> None:
    each = around.list()

    found = await each.bring(A)

    assert kinds(found) == {"1": "new", "2": "new"}
    facts = await each.said("1", 2)
    assert versions(facts) == [("v1", "Felles søknad")]
    assert grants(facts)[0]["audience"] == "state"
    assert facts[0]["source"] == f"urn:orgnr:{KS}:import.{each.name}"
    assert await each.described("1") == {
        "believed_owner": NAV,
        "imported": True,
        "learnt": "2026-11-22",
        "learnt_from": "Et åpent veikart",
        "synthetic": True,
        "title": "Felles søknad",
    }


async def test_the_same_file_again_changes_nothing(around: Lists) -> None:
    each = around.list()
    await each.bring(A)

    again = await each.bring(A)

    assert kinds(again) == {"1": "unchanged", "2": "unchanged"}
    assert again.receipts == []
    assert len(await each.said("1", 2)) == 2


async def test_there_and_back_again_is_three_versions_and_one_share(
    around: Lists,
) -> None:
    each = around.list()

    # at once: the registry need not have what intake has accepted
    for text in (A, B, A):
        await each.bring(text)

    facts = await each.said("1", 4)
    assert versions(facts) == [
        ("v1", "Felles søknad"),
        ("v2", "Felles digital søknad"),
        ("v3", "Felles søknad"),
    ]
    assert len(grants(facts)) == 1
    assert versions(await each.said("2", 2)) == [("v1", "Samtykke")]


async def test_that_nothing_changes_is_not_told_by_a_registry_that_is_behind(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    await each.said("1", 2)
    path = f"/initiatives/{each.id('1')}/history"
    before = {path: (await around.registry.get(path)).content}
    await each.bring(B)
    await each.said("1", 3)

    async with httpx.AsyncClient(
        transport=Behind(before),
        base_url=around.urls[1],
        headers=around.stack.issuer.bearer(KS),
    ) as behind:
        found = await each.bring(A, registry=behind)

    assert before == {}
    assert kinds(found) == {"1": "changed", "2": "unchanged"}
    assert versions(await each.said("1", 4))[-1] == ("v3", "Felles søknad")


async def test_what_a_row_says_no_more_is_cleared(around: Lists) -> None:
    each = around.list()
    await each.bring(A)

    found = await each.bring(A.replace("889640782", ""))

    assert [c.fields for c in found.changes if c.kind == "changed"] == [
        ("believed_owner",)
    ]
    await each.said("1", 3)
    assert (await each.described("1"))["believed_owner"] is None
    assert kinds(await each.bring(A.replace("889640782", "")))["1"] == "unchanged"


async def test_a_dry_run_shows_all_and_says_nothing(around: Lists) -> None:
    each = around.list()
    await each.bring(A)
    await each.said("2", 2)
    more = B + "3;Ny rad;\n4;Feil;123456789\n" + "5;" + "x" * 301 + ";\n"

    found = await each.bring(more, dry_run=True)

    assert kinds(found) == {"1": "changed", "2": "unchanged", "3": "new"}
    assert {(bad.place, bad.reason.partition(":")[0]) for bad in found.bad} == {
        ("line 5", "believed_owner"),
        ("line 6", "title"),
    }
    assert found.receipts == []
    assert len(await each.said("1", 2)) == 2
    assert kinds(await each.bring(more))["3"] == "new"


async def test_what_intake_alone_refuses_is_a_bad_row_and_the_others_go_on(
    around: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    each = around.list()
    # an importer that knows an older contract than intake
    monkeypatch.setattr(
        "services.intake.importing.planning.faults_of", lambda *_: ((), None)
    )

    found = await each.bring(A + "3;" + "x" * 301 + ";\n")

    assert kinds(found) == {"1": "new", "2": "new"}
    assert [(bad.place, bad.reason.partition(":")[0]) for bad in found.bad] == [
        ("line 4", "title")
    ]


async def test_a_row_that_has_left_the_list_is_told_of_and_nothing_is_said(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    await each.said("2", 2)

    found = await each.bring("nr;tittel;eier\n1;Felles søknad;889640782\n")

    assert found.gone == [f"{each.name}.2"]
    assert len(await each.said("2", 2)) == 2


async def test_the_day_one_learnt_of_a_row_stands_when_the_list_is_read_anew(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    fields = {**each.mapping["fields"], "learnt": {"constant": "2026-12-22"}}
    later = List(around, each.name, {"fields": fields})

    found = await later.bring(A + "3;Ny rad;\n")

    assert kinds(found) == {"1": "unchanged", "2": "unchanged", "3": "new"}
    await each.said("3", 2)
    assert (await each.described("3"))["learnt"] == "2026-12-22"


async def test_a_share_that_was_ended_by_hand_is_not_made_again(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    facts = await each.said("1", 2)
    grant = {name: grants(facts)[0][name] for name in ("source", "id")}
    ended = {"grant": grant, "reason": "Delt ved en feil."}
    await each.emit(each.say("1", "share.ended", ended))
    await each.said("1", 3)

    await each.bring(B)

    assert len(grants(await each.said("1", 4))) == 1


async def test_what_was_put_right_by_hand_stands_while_the_row_is_the_same(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    changes = {"changes": {"title": "Felles søknad om sosialhjelp"}}
    await each.emit(each.say("1", "initiative.amended", changes))
    await each.said("1", 3)

    await each.bring(A)

    assert (await each.described("1"))["title"] == "Felles søknad om sosialhjelp"


async def test_two_importers_of_the_same_file_at_once_say_it_once(
    around: Lists,
) -> None:
    each = around.list()
    text = "nr;tittel;eier\n" + "".join(f"{n};Tiltak {n};\n" for n in range(120))

    one, other = await asyncio.gather(each.bring(text), each.bring(text))

    assert not one.bad
    assert not other.bad
    kept = [receipt["id"] for found in (one, other) for receipt in found.receipts]
    assert len(kept) == len(set(kept)) == 240
    assert versions(await each.said("119", 2)) == [("v1", "Tiltak 119")]


async def test_two_importers_of_different_files_at_once_lose_nothing(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    await each.said("1", 2)

    one, other = await asyncio.gather(
        each.bring(B), each.bring(A.replace("Felles søknad", "En søknad"))
    )

    assert not one.bad
    assert not other.bad
    told = versions(await each.said("1", 4))
    assert [number for number, _ in told] == ["v1", "v2", "v3"]
    assert {title for _, title in told[1:]} == {"Felles digital søknad", "En søknad"}


async def test_a_registry_that_is_far_behind_is_told_of_and_nothing_said_twice(
    around: Lists,
) -> None:
    each = around.list()
    await each.bring(A)
    facts = await each.said("1", 2)

    def empty(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/initiatives":
            return httpx.Response(200, json={"initiatives": []})
        return httpx.Response(404, json={"detail": "absent"})

    transport = httpx.MockTransport(empty)
    async with httpx.AsyncClient(transport=transport, base_url="http://x") as behind:
        found = await each.bring(
            A, registry=behind, patience=timedelta(milliseconds=300)
        )

    assert [bad.key for bad in found.bad] == ["1", "2"]
    assert "import again" in found.bad[0].reason
    assert found.receipts == []
    assert await each.said("1", 2) == facts


def command(
    around: Lists,
    folder: Path,
    each: List,
    text: str,
    *options: str,
    token: str | None = None,
) -> "subprocess.Popen[str]":
    (folder / "list.csv").write_text(text, "utf-8")
    (folder / "mapping.json").write_text(json.dumps(each.mapping), "utf-8")
    return subprocess.Popen(  # noqa: S603  # our own command
        [
            *(sys.executable, "-m", "services.intake", "import"),
            *(str(folder / "list.csv"), "--mapping", str(folder / "mapping.json")),
            *("--url", around.urls[0], "--registry", around.urls[1], *options),
        ],
        env={**os.environ, "TIDLIG_TOKEN": token or around.stack.issuer.token(KS)},
        cwd=CHECKOUT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


async def finished(process: "subprocess.Popen[str]") -> tuple[int, str, str]:
    out, errors = await asyncio.to_thread(process.communicate, timeout=60)
    return process.returncode, out, errors


async def test_killed_in_the_middle_and_begun_anew_it_says_everything_once(
    around: Lists, tmp_path: Path
) -> None:
    each = around.list()
    rows = 400
    text = "nr;tittel;eier\n" + "".join(f"{n};Tiltak {n};\n" for n in range(rows))
    first = command(around, tmp_path, each, text)

    async def said() -> int:
        async with around.stack.connection("intake") as conn:
            found: int = await conn.fetchval(
                "SELECT count(*) FROM receipt WHERE source LIKE '%.' || $1", each.name
            )
        return found

    await until(said, seconds=60, what="the first rows")
    first.send_signal(signal.SIGKILL)
    await finished(first)
    before = await said()

    status, out, errors = await finished(command(around, tmp_path, each, text))

    assert 0 < before < 2 * rows
    assert (status, errors) == (0, "")
    assert out.splitlines()[-1].endswith(" 0 bad, 0 left out, 0 gone")
    assert await said() == 2 * rows
    status, out, _ = await finished(command(around, tmp_path, each, text))
    assert (status, out) == (
        0,
        f"0 new, 0 changed, {rows} unchanged, 0 bad, 0 left out, 0 gone\n",
    )
    assert await said() == 2 * rows


async def test_the_command_shows_what_would_change_and_tells_it_by_its_exit_status(
    around: Lists, tmp_path: Path
) -> None:
    leave = [{"column": "eier", "any_of": [KS], "because": "our own"}]
    each = around.list(leave_out=leave)
    await each.bring(A)
    text = B + f"3;Ny rad;\n4;Feil;1\n5;Vår egen;{KS}\n"

    status, out, _ = await finished(command(around, tmp_path, each, text, "--dry-run"))

    assert status == 1
    shown = [line.split() for line in out.splitlines()]
    assert ["line", "2", "1", "changed", "title"] in shown
    assert ["line", "4", "3", "new", "Ny", "rad"] in shown
    assert shown[-3][:4] == ["line", "5", "4", "bad"]
    assert out.splitlines()[-2] == "1 left out: our own"
    assert out.splitlines()[-1] == (
        "dry run, nothing is said: 1 new, 1 changed, 1 unchanged, 1 bad, 1 left out, "
        "0 gone"
    )


async def test_a_json_list_is_imported_and_told_of_as_json_with_the_receipts(
    around: Lists, tmp_path: Path
) -> None:
    each = around.list()
    text = json.dumps([{"nr": 7, "tittel": "Søknad", "eier": None}])

    status, out, _ = await finished(
        command(
            around, tmp_path, each, text, "--json", "--audience", f"state org:{NAV}"
        )
    )

    told = json.loads(out)
    assert status == 0
    assert [(row["where"], row["kind"]) for row in told["rows"]] == [("item 1", "new")]
    assert [receipt["id"] for receipt in told["receipts"]] == [
        f"{each.name}.7.v1",
        f"{each.name}.7.share",
    ]
    shared = grants(await each.said("7", 2))
    assert [grant["audience"] for grant in shared] == [f"org:{NAV} state"]


@pytest.mark.parametrize(
    ("scope", "says"),
    [
        ("tidlig:events.publish", "the registry answers 403: "),
        ("tidlig:initiatives.read", "intake answers 403: "),
    ],
)
async def test_a_token_that_lacks_a_scope_is_told_so(
    around: Lists, tmp_path: Path, scope: str, says: str
) -> None:
    each = around.list()
    token = around.stack.issuer.token(KS, scope)

    status, out, errors = await finished(
        command(around, tmp_path, each, A, token=token)
    )

    assert (status, out) == (2, "")
    assert errors.startswith(says)
