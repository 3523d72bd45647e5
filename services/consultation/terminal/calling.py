"""How the terminal asks the arena: on the state that it has just read, once."""

import argparse
import os
import sys
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import httpx
import stamina

from services.kit.command import Command

URL = "http://127.0.0.1:8103"
TOKEN = "TIDLIG_TOKEN"  # noqa: S105  # the variable's name
Json = dict[str, Any]
# what a sub-command does; the exit status
Work = Callable[["Arena", argparse.Namespace], int]


class Away(Exception):
    """The service asks to try again."""


class NotDone(Exception):
    """The arena refuses; the text says by which rule, and what to do instead."""


class Arena:
    """The service at a URL, for the bearer of a token."""

    def __init__(self, url: str, token: str, *, dry_run: bool, as_json: bool) -> None:
        self.client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30
        )
        self.dry_run = dry_run
        self.as_json = as_json

    def read(self, path: str, **params: Any) -> Json:
        """What is read there. Raises `NotDone`."""
        return self.answer("GET", path, params=params)

    def send(self, path: str, body: Json, seen: int = 0) -> Json:
        """The state after a command; asked again while the service is away, with one
        id, so it has one effect. Raises `NotDone`.
        """
        params: Json = {"seen": seen, "dry_run": self.dry_run}
        headers = {"Idempotency-Key": str(uuid4())}
        found = self.answer("POST", path, json=body, params=params, headers=headers)
        state: Json = found["state"]
        return state

    def act(self, place: str, word: str, body: Json) -> Json:
        """A command on an item or meeting, as it stands now."""
        state = self.read(place)
        return self.send(f"{place}/{word}", body, state["version"])

    def fetch(self, path: str, **params: Any) -> bytes:
        """A page as it is. Raises `NotDone`."""
        return self.ask("GET", path, params=params).content

    def answer(self, method: str, path: str, **options: Any) -> Json:
        found: Json = self.ask(method, path, **options).json()
        return found

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        """The answer. Raises `NotDone` for a refusal, and what httpx raises."""
        for attempt in stamina.retry_context(
            on=(httpx.TransportError, Away), attempts=10, timeout=60, wait_max=5
        ):
            with attempt:
                answer = self.client.request(method, path, **options)
                if answer.status_code in (429, 503):
                    raise Away(f"it answers {answer.status_code}")
        if answer.is_error:
            raise NotDone(told(answer.json()))
        return answer


def told(problem: Json) -> str:
    """A refusal in words: the rule, what to do instead, where the rule is from."""
    lines = [f"{problem.get('rule', problem['title'])}: {problem['detail']}"]
    lines += [f"  {e['pointer']}: {e['detail']}" for e in problem.get("faults", [])]
    if "citation" in problem:
        lines.append(f"  ({problem['citation']})")
    return "\n".join(lines)


def place_of(subject: str) -> str:
    """The path of an item or meeting."""
    return f"/{'meetings' if subject.startswith('meeting:') else 'items'}/{subject}"


def command(name: str, help: str, add: Callable[["Parts"], None]) -> Command:
    """A command with its parts, each of which says what it does."""

    def arguments(parser: argparse.ArgumentParser) -> None:
        parts = parser.add_subparsers(required=True, metavar="WHAT")
        add(Parts(parts))

    return Command(name, help, arguments, run)


class Parts:
    """The sub-commands of a command; each takes the options that all have."""

    def __init__(self, parts: Any) -> None:
        self.parts = parts

    def part(self, name: str, help: str, work: Work) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = self.parts.add_parser(name, help=help)
        parser.add_argument("--url", default=URL, help=f"of consultation ({URL})")
        parser.add_argument("--json", action="store_true", help="as it was answered")
        parser.add_argument(
            "--dry-run", action="store_true", help="judge it, and keep nothing"
        )
        parser.set_defaults(work=work)
        return parser


def run(asked: argparse.Namespace) -> int:
    """Do it. Returns 0, 1 where the arena refuses or is away, 2 without a token."""
    token = os.environ.get(TOKEN)
    if token is None:
        sys.stderr.write(f"put your token in {TOKEN}; it has `actor`: role and id\n")
        return 2
    arena = Arena(asked.url, token, dry_run=asked.dry_run, as_json=asked.json)
    work: Work = asked.work
    try:
        with arena.client:
            return work(arena, asked)
    except NotDone as refused:
        sys.stderr.write(f"{refused}\n")
    except (httpx.TransportError, Away) as error:
        sys.stderr.write(f"consultation at {asked.url} does not answer: {error}\n")
    return 1
