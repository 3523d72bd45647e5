"""The local stack as a user starts it: every service a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.local import jars, tokens
from deploy.local.folder import CHECKOUT
from deploy.local.stack import Stack, read_stack

Json = dict[str, Any]
SCOPES = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"


@dataclass(frozen=True)
class LocalStack:
    """A running stack, asked over HTTP and by its commands."""

    folder: Path

    @property
    def now(self) -> Stack:
        """As it is recorded now: a service that was started again has a new pid."""
        return read_stack(self.folder)

    def environment(self, **more: str) -> dict[str, str]:
        given = ("TIDLIG_KAFKA_BOOTSTRAP", "DATABASE_URL")
        own = {name: value for name, value in os.environ.items() if name not in given}
        kept = {"TIDLIG_LOCAL": str(self.folder), "TIDLIG_JARS": str(jars.folder())}
        return {**own, **kept, **more}

    def run(self, *command: str, **more: str) -> "subprocess.CompletedProcess[str]":
        """Run `python -m …` as a user of this stack would."""
        return subprocess.run(  # noqa: S603  # our own modules
            [sys.executable, "-m", *command],
            env=self.environment(**more),
            cwd=CHECKOUT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def token(self, orgnr: str) -> str:
        return tokens.sign(self.folder, orgnr, SCOPES)

    def get(self, service: str, path: str, orgnr: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token(orgnr)}"}
        return httpx.get(f"{self.now.service_urls[service]}{path}", headers=headers)

    def feed(self, orgnr: str) -> list[Json]:
        """All that a reader can read, from the beginning."""
        found: list[Json] = []
        path = "/feed?limit=1000"
        while True:
            answer = self.get("delivery", path, orgnr).raise_for_status()
            if not answer.json():
                return found
            found += answer.json()
            path = answer.links["next"]["url"]


@pytest.fixture(scope="session")
def local_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalStack]:
    stack = LocalStack(tmp_path_factory.mktemp("local"))
    started = stack.run("deploy.local", "up", "--detach")
    assert started.returncode == 0, started.stdout + started.stderr
    try:
        yield stack
    finally:
        ended = stack.run("deploy.local", "down")
        assert ended.returncode == 0, ended.stderr
