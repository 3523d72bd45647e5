"""What a user does with a stack that runs: the README's first event, files, a kill."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from signal import SIGKILL

import httpx
import orjson
import pytest

from deploy.local.folder import CHECKOUT
from deploy.local.waiting import until
from tests.journeys.said import registered, says, shared
from tests.schemas.said import EXAMPLES, KS, NAV

from .conftest import Json, LocalStack

PORTS = {"8101": "intake", "8102": "registry", "8104": "delivery"}


def readme_commands(stack: LocalStack) -> list[str]:
    """The commands of "Emit your first event", with this stack's addresses."""
    text = (CHECKOUT / "README.md").read_text("utf-8")
    chapter = text.split("## Emit your first event")[1].split("\n## ")[0]
    blocks = re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)
    script = "".join(blocks).replace(".venv/bin/python", sys.executable)
    for port, service in PORTS.items():
        url = stack.now.service_urls[service]
        script = script.replace(f"http://127.0.0.1:{port}", url)
    lines = script.splitlines()
    return [line for line in lines if not line.startswith("make ")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl here")
def test_the_readmes_first_event_appears_in_the_feed_of_ks(
    local_stack: LocalStack,
) -> None:
    script = "\n".join(readme_commands(local_stack))

    def emitted() -> bool:
        ran = subprocess.run(  # noqa: S603  # the README's own commands
            ["bash", "-ec", script],  # noqa: S607
            env=local_stack.environment(),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "202 Accepted" in ran.stdout
        answers = ran.stdout.split("HTTP/1.1 200 OK")
        return len(answers) == 2 and "889640782:min-forste" in answers[1]

    assert until(emitted, 20)
    receipts = local_stack.get("intake", "/receipts", NAV).json()["receipts"]
    told = next(r for r in receipts if r["subject"] == "889640782:min-forste")
    assert told["status"] == "published"
    assert [reader["channel"] for reader in told["readable"]] == ["municipal"]


def test_when_all_was_read_lag_shows_zero_and_ends_with_0(
    local_stack: LocalStack,
) -> None:
    def caught_up() -> bool:
        return local_stack.run("deploy.local", "lag").returncode == 0

    assert until(caught_up, 20)
    report = json.loads(local_stack.run("deploy.local", "lag", "--json").stdout)
    assert report["verdict"] == "caught_up"
    assert {group["name"] for group in report["groups"]} >= {
        "intake",
        "registry",
        "delivery",
    }


def test_a_file_of_events_is_emitted_with_a_summary_and_a_fault_is_named(
    local_stack: LocalStack, tmp_path: Path
) -> None:
    good = EXAMPLES / "initiative.registered" / "usual.json"
    bad = tmp_path / "feil.jsonl"
    event = json.loads(good.read_text("utf-8"))
    lines = [event | {"id": "ny-1"}, event | {"id": "ny-2", "time": "i går"}]
    bad.write_bytes(b"\n".join(orjson.dumps(line) for line in lines))
    options = ["--url", local_stack.now.service_urls["intake"], "--one-by-one"]
    token = local_stack.token(NAV)

    first = local_stack.run(
        "services.intake", "emit", str(good), *options, TIDLIG_TOKEN=token
    )
    again = local_stack.run(
        "services.intake", "emit", str(good), str(bad), *options, TIDLIG_TOKEN=token
    )
    nobody = local_stack.run("services.intake", "emit", str(good), *options)

    assert first.returncode == 0, first.stderr
    assert first.stdout == "1 accepted, 0 known before, 0 refused\n"
    assert again.returncode == 1
    assert again.stdout == "1 accepted, 1 known before, 1 refused\n"
    assert "feil.jsonl, event 2: /time" in again.stderr
    assert nobody.returncode == 2
    assert "TIDLIG_TOKEN" in nobody.stderr


def history(stack: LocalStack, subject: str) -> list[str]:
    answer = stack.get("registry", f"/initiatives/{subject}/history?limit=1000", NAV)
    if answer.status_code != httpx.codes.OK:
        return []
    return [fact["event"]["id"] for fact in answer.json()["facts"]]


def test_a_registry_killed_in_the_midst_has_every_accepted_fact_once_and_in_order(
    local_stack: LocalStack,
) -> None:
    subject = f"{NAV}:midt-i"
    sayings = [registered(NAV, subject, "Midt i"), shared(NAV, subject, f"org:{KS}")]
    sayings += [
        says(
            NAV, subject, "initiative.amended", {"changes": {"summary": f"utgave {n}"}}
        )
        for n in range(120)
    ]

    for n, event in enumerate(sayings):
        emit(local_stack, event)
        if n == 40:
            os.kill(local_stack.now.processes["registry"].pid, SIGKILL)
    wanted = [event["id"] for event in sayings]

    def archived() -> bool:
        try:
            found = history(local_stack, subject)
        except httpx.TransportError:
            return False
        return [id for id in found if id in set(wanted)] == wanted  # noqa: A001

    assert until(archived, 60)
    mine = [e["id"] for e in local_stack.feed(KS) if e["subject"] == subject]
    assert [id for id in mine if id in set(wanted)] == wanted  # noqa: A001


def emit(stack: LocalStack, event: Json) -> None:
    answer = httpx.post(
        f"{stack.now.service_urls['intake']}/events",
        json=event,
        headers={
            "Authorization": f"Bearer {stack.token(NAV)}",
            "Content-Type": "application/cloudevents+json",
        },
    )
    assert answer.status_code == 202, answer.text
