"""The secretariat's terminal, over HTTP, from a question to advice and decisions."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import asyncpg
import httpx
import pytest
import uvicorn
from pydantic import SecretStr

from services.consultation import app
from services.consultation.__main__ import CONSULTATION
from services.consultation.initiatives import Heard, Share
from services.consultation.policies import criteria
from services.consultation.settings import Settings
from services.kit.command import main
from tests.stack import Issuer, Stack

from .conftest import AID, INITIATIVE, KS, SCOPES, SECRET

PATIENCE = 60
Json = dict[str, Any]
Say = Callable[..., tuple[int, str, str]]


class Served:
    """Consultation in a thread and a loop of its own, on a port."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.server: uvicorn.Server | None = None
        self.thread = threading.Thread(target=lambda: asyncio.run(self.serve()))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.socket.getsockname()[1]}"

    async def serve(self) -> None:
        around = await self.stack.prepare("consultation")
        settings = Settings(surroundings=around, sealing_key=SecretStr(SECRET))
        await self.share()
        config = uvicorn.Config(
            app.build(settings), log_config=None, timeout_graceful_shutdown=1
        )
        self.server = uvicorn.Server(config)
        await self.server.serve(sockets=[self.socket])

    async def share(self) -> None:
        """As if its owner had shared it with both lines."""
        audience = ("municipal", "state")
        shares = {"urn:orgnr:1:x 1": Share(audience=audience, embargoed=False)}
        heard = Heard(subject=INITIATIVE, shares=shares)
        conn = await asyncpg.connect(
            self.stack.database, server_settings={"search_path": "consultation"}
        )
        await conn.execute(
            "INSERT INTO initiative (subject, heard) VALUES ($1, $2)",
            INITIATIVE,
            heard.model_dump_json().encode(),
        )
        await conn.close()

    def begin(self) -> None:
        self.thread.start()
        deadline = monotonic() + PATIENCE
        while not (self.server and self.server.started):
            assert self.thread.is_alive()
            assert monotonic() < deadline, "consultation does not start"
            sleep(0.05)
        httpx.get(f"{self.url}/live").raise_for_status()

    def end(self) -> None:
        if self.server is not None:
            self.server.should_exit = True
        self.thread.join(PATIENCE)


@pytest.fixture(scope="module")
def served(stack: Stack) -> Iterator[Served]:
    found = Served(stack)
    found.begin()
    try:
        yield found
    finally:
        found.end()


def token(issuer: Issuer, orgnr: str) -> str:
    return issuer.token(orgnr, SCOPES, actor={"role": "secretary", "id": f"t-{orgnr}"})


@pytest.fixture
def say(
    served: Served,
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Say:
    """Run a command as an organisation: its exit status, and what it wrote."""

    def run(orgnr: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setenv("TIDLIG_TOKEN", token(issuer, orgnr))
        status = main(CONSULTATION, [*words, "--url", served.url])
        written = capsys.readouterr()
        return status, written.out, written.err

    return run


def answered(say: Say, orgnr: str, *words: str) -> Json:
    status, out, err = say(orgnr, *words, "--json")
    assert status == 0, err
    found: Json = json.loads(out)
    return found


def by_both(say: Say, approving: str, *words: str) -> Json:
    """Prepared by one line, approved by the other."""
    state = answered(say, AID, *words)
    (waits,) = state["pending"].values()
    return answered(say, KS, approving, "approve", state["id"], waits["hash"])


def test_from_a_question_to_decisions_in_a_terminal(say: Say, tmp_path: Path) -> None:
    question = "Bør søknaden prioriteres?"
    proposed = answered(
        say, AID, "item", "propose", question, "--initiative", INITIATIVE
    )
    name = proposed["id"]
    answered(say, AID, "item", "admit", name)
    by_both(say, "item", "item", "paper", name, "Saken gjelder felles søknad.")

    by_both(say, "item", "score", "open", name)
    card = tmp_path / "skår.json"
    card.write_text(json.dumps(dict.fromkeys(criteria("criteria-1").weights, 3)))
    for orgnr, line in ((AID, "state"), (KS, "municipal")):
        kept = str(tmp_path / f"{line}.json")
        words = ("score", "commit", name, str(card), "--line", line, "--keep", kept)
        answered(say, orgnr, *words)
        assert (tmp_path / f"{line}.json").stat().st_mode & 0o777 == 0o600
    for orgnr, line in ((AID, "state"), (KS, "municipal")):
        answered(say, orgnr, "score", "reveal", name, str(tmp_path / f"{line}.json"))
    status, out, _ = say(AID, "score", "rank", "-k", "1")
    assert status == 0
    assert "robust" in out
    assert "1 to 1" in out

    meeting = by_both(say, "agenda", "agenda", "call", date.today().isoformat())["id"]  # noqa: DTZ011
    by_both(say, "agenda", "agenda", "publish", meeting, name)
    held = ("agenda", "held", meeting, name, "--state", "3", "--municipal", "4")
    by_both(say, "agenda", *held)

    advice = tmp_path / "råd.json"
    advice.write_text(
        json.dumps({"band": "now", "text": "Arenaen råder til oppstart."})
    )
    by_both(say, "advise", "advise", "draft", name, str(advice))
    answered(say, AID, "position", "endorse", name)
    answered(
        say, KS, "position", "dissent", name, "--text", "Ikke før driften er klar."
    )
    by_both(say, "advise", "advise", "issue", name, "--to", "municipal")
    done = ("--body", "Styret")
    answered(say, AID, "decide", "record", name, "adopted", "Tas inn.", *done)
    answered(say, KS, "decide", "record", name, "not_adopted", "Ikke nå.", *done)

    status, out, _ = say(KS, "item", "show", name)
    assert status == 0
    for shown in ("decided", "now", "dissent Ikke før driften er klar.", "not_adopted"):
        assert shown in out
    status, out, _ = say(KS, "minutes", "show", meeting)
    assert status == 0
    assert question in out.replace("\n", " ")


def test_a_refusal_names_its_rule_and_what_to_do_instead(say: Say) -> None:
    proposed = answered(
        say, AID, "item", "propose", "Hva nå?", "--initiative", INITIATIVE
    )

    status, _, err = say(KS, "item", "admit", proposed["id"])

    assert status == 1
    assert err.startswith("own_line: each line admits its own items")
    assert "neither party instructs the other" in err


def test_a_dry_run_says_so_and_keeps_nothing(say: Say) -> None:
    proposed = answered(
        say, AID, "item", "propose", "Hva så?", "--initiative", INITIATIVE
    )

    status, out, _ = say(AID, "item", "admit", proposed["id"], "--dry-run")

    assert status == 0
    assert "nothing was kept" in out
    now = answered(say, AID, "item", "show", proposed["id"])
    assert now["stage"] == "proposed"


def test_without_a_token_or_a_service_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("TIDLIG_TOKEN", raising=False)

    assert main(CONSULTATION, ["item", "list"]) == 2
    assert "TIDLIG_TOKEN" in capsys.readouterr().err


def test_a_key_is_never_written_over_another(say: Say, tmp_path: Path) -> None:
    name = answered(say, AID, "item", "propose", "Skår?", "--initiative", INITIATIVE)[
        "id"
    ]
    answered(say, AID, "item", "admit", name)
    by_both(say, "item", "score", "open", name)
    card, kept = tmp_path / "skår.json", tmp_path / "nøkkel.json"
    card.write_text(json.dumps(dict.fromkeys(criteria("criteria-1").weights, 1)))
    kept.write_text("en annen nøkkel")

    words = ("score", "commit", name, str(card), "--line", "state", "--keep", str(kept))
    status, _, err = say(AID, *words)

    assert status == 1
    assert "name another file" in err
    assert kept.read_text() == "en annen nøkkel"
