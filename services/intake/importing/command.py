"""`python -m services.intake import FILE --mapping MAPPING`: a list becomes entries."""

import argparse
import asyncio
import base64
import json
import os
import sys
from datetime import date
from pathlib import Path

import httpx
from rich import progress
from rich.console import Console

from schemas.channels import LINES
from schemas.rulesets import NEWEST, ruleset
from services.intake.sending import TOKEN, URL, Away
from services.kit.auth import orgnr_in
from services.kit.command import Command

from . import telling
from .bringing import Brought, Importer
from .known import Refused
from .mapping import Mapping, WrongMapping, read_mapping
from .planning import NotAllowed, Speaker
from .rows import Unreadable, read_rows
from .wanting import Sorted, sort_rows

REGISTRY = "http://127.0.0.1:8102"
OK, SOME_BAD, UNUSABLE = 0, 1, 2
# a table that no terminal shows is not folded
WIDE = 200


class WrongToken(Exception):
    """The token names no organisation that could import anything."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", type=Path, help="CSV, a JSON array, or a line an object"
    )
    parser.add_argument(
        "--mapping", type=Path, required=True, help="how its columns are read (JSON)"
    )
    parser.add_argument("--url", default=URL, help=f"of the intake ({URL})")
    parser.add_argument(
        "--registry", default=REGISTRY, help=f"of the registry ({REGISTRY})"
    )
    parser.add_argument(
        "--audience",
        help="with whom new rows are shared: state, municipal, public or org:<orgnr>, "
        "parted by spaces (the other line); a share that exists stays as it is",
    )
    parser.add_argument(
        "--learnt",
        type=date.fromisoformat,
        metavar="DAY",
        help="on which day one learnt of rows that are new, as 2026-11-22",
    )
    parser.add_argument("--dry-run", action="store_true", help="show, say nothing")
    parser.add_argument("--json", action="store_true", help="one object on one line")


def run(chosen: argparse.Namespace) -> int:
    """0 where every row was taken, 1 where some were not, 2 where none could be."""
    token = os.environ.get(TOKEN, "").strip()
    try:
        mapping = read_mapping(chosen.mapping, chosen.learnt)
        orgnr = organisation_in(token)
        audience = audience_of(chosen.audience, orgnr)
        rows = sort_rows(read_rows(chosen.file, mapping), mapping, orgnr)
    except (OSError, WrongMapping, WrongToken, Unreadable) as error:
        return refuse(error, UNUSABLE)
    speaker = Speaker(orgnr, mapping.list, audience)
    try:
        found = asyncio.run(bring(chosen, token, mapping, speaker, rows))
    except (Refused, NotAllowed) as error:
        return refuse(error, UNUSABLE)
    except (httpx.TransportError, Away) as error:
        return refuse(f"intake or registry is away: {error}; import again", SOME_BAD)
    return report(found, dry_run=chosen.dry_run, as_json=chosen.json)


def refuse(why: object, status: int) -> int:
    sys.stderr.write(f"{why}\n")
    return status


def report(found: Brought, *, dry_run: bool, as_json: bool) -> int:
    if as_json:
        sys.stdout.write(telling.as_json(found, dry_run=dry_run) + "\n")
    else:
        console = Console(highlight=False, markup=False)
        if not console.is_terminal:
            console.width = WIDE
        telling.show_table(console, found)
        for line in (
            *telling.left_out(found),
            telling.summary(found, dry_run=dry_run),
        ):
            sys.stdout.write(f"{line}\n")
    return SOME_BAD if found.bad else OK


async def bring(
    chosen: argparse.Namespace,
    token: str,
    mapping: Mapping,
    speaker: Speaker,
    rows: Sorted,
) -> Brought:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx.AsyncClient(base_url=chosen.url, headers=headers, timeout=30) as intake,
        httpx.AsyncClient(
            base_url=chosen.registry, headers=headers, timeout=30
        ) as registry,
    ):
        with Bar() as bar:
            importer = Importer(
                intake, registry, mapping, speaker, bar, dry_run=chosen.dry_run
            )
            return await importer.bring(rows)


class Bar(progress.Progress):
    """A bar on the terminal for each thing that takes time."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        quiet = not console.is_terminal
        super().__init__(console=console, transient=True, disable=quiet)

    def begin(self, what: str, total: int) -> None:
        self.now = self.add_task(what, total=total)

    def step(self) -> None:
        self.advance(self.now)


def organisation_in(token: str) -> str:
    """Whom the token speaks for; whether it proves that is intake's to judge."""
    if not token:
        raise WrongToken(f"put the importing organisation's token in {TOKEN}")
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        orgnr = orgnr_in(claims.get("consumer"))
    except (IndexError, ValueError, AttributeError):
        orgnr = None
    if orgnr is None:
        raise WrongToken(f"{TOKEN} holds no token that names an organisation")
    return orgnr


def audience_of(chosen: str | None, orgnr: str) -> str:
    """The audience in the contract's one form. Raises `WrongToken` without a line."""
    if chosen:
        return " ".join(sorted(set(chosen.split())))
    line = ruleset(NEWEST).line_of(orgnr)
    if line is None:
        raise WrongToken(f"{orgnr} has no line, so it may say nothing")
    return next(other for other in LINES if other != line)


COMMAND = Command("import", "turn a list into entries", arguments, run)
