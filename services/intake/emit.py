"""`python -m services.intake emit FILE…`: sends events from files to an intake."""

import argparse
import asyncio
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.console import Console
from rich.progress import Progress

from schemas.envelope import BATCH_MEDIA_TYPE
from services.kit.command import Command

from .sending import TOKEN, URL, Away, ask, batches, faults_at

BATCH_EVENTS = 100
EVENT = msgspec.json.Decoder(msgspec.Raw)
EVENTS = msgspec.json.Decoder(list[msgspec.Raw])
console = Console(stderr=True)


@dataclass(frozen=True, slots=True)
class Found:
    """An event of a file, as it stands there."""

    file: str
    number: int
    text: bytes


@dataclass
class Result:
    """What became of the events."""

    accepted: int = 0
    known: int = 0
    refused: list[str] = field(default_factory=list)


class Unreadable(Exception):
    """A file holds no events."""


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "files", nargs="+", type=Path, help="an event, an array, or a line an event"
    )
    parser.add_argument("--url", default=URL, help=f"of the intake ({URL})")
    parser.add_argument("--dry-run", action="store_true", help="check, keep nothing")
    parser.add_argument(
        "--one-by-one",
        action="store_true",
        help="each event by itself, so that one fault refuses one event only",
    )


def run(chosen: argparse.Namespace) -> int:
    token = os.environ.get(TOKEN)
    if token is None:
        sys.stderr.write(f"put the emitter's token in {TOKEN}\n")
        return 2
    try:
        events = [event for path in chosen.files for event in events_in(path)]
    except (OSError, Unreadable) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    size = 1 if chosen.one_by_one else BATCH_EVENTS
    try:
        result = asyncio.run(
            send(chosen.url, token, in_batches(events, size), dry_run=chosen.dry_run)
        )
    except (httpx.TransportError, Away) as error:
        sys.stderr.write(f"intake at {chosen.url} does not take them: {error}\n")
        return 1
    return report(result, dry_run=chosen.dry_run)


def report(result: Result, *, dry_run: bool) -> int:
    word = "would be accepted" if dry_run else "accepted"
    for line in result.refused:
        sys.stderr.write(f"{line}\n")
    sys.stdout.write(
        f"{result.accepted} {word}, {result.known} known before, "
        f"{len(result.refused)} refused\n"
    )
    return 1 if result.refused else 0


def events_in(path: Path) -> Iterator[Found]:
    """The events of a file, byte for byte. Raises `Unreadable`."""
    for number, text in enumerate(texts_in(path), 1):
        yield Found(path.name, number, text)


def texts_in(path: Path) -> list[bytes]:
    text = path.read_bytes()
    try:
        if text.lstrip().startswith(b"["):
            return [bytes(part) for part in EVENTS.decode(text)]
        return [bytes(EVENT.decode(text))]
    except msgspec.DecodeError as error:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) > 1 and all(map(is_json, lines)):
            return lines
        raise Unreadable(f"{path}: neither JSON nor lines of JSON ({error})") from None


def is_json(line: bytes) -> bool:
    try:
        EVENT.decode(line)
    except msgspec.DecodeError:
        return False
    return True


def in_batches(events: Sequence[Found], most: int) -> list[list[Found]]:
    return list(batches(events, lambda event: len(event.text), most))


async def send(
    url: str, token: str, all_batches: Sequence[list[Found]], *, dry_run: bool
) -> Result:
    """Send every batch, waiting for an intake that is away. Shows progress."""
    result = Result()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": BATCH_MEDIA_TYPE}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        with Progress(console=console, transient=True) as progress:
            total = sum(map(len, all_batches))
            task = progress.add_task("emitting", total=total)
            for batch in all_batches:
                await send_batch(client, batch, result, dry_run=dry_run)
                progress.advance(task, len(batch))
    return result


async def send_batch(
    client: httpx.AsyncClient, batch: list[Found], result: Result, *, dry_run: bool
) -> None:
    body = b"[" + b",".join(event.text for event in batch) + b"]"
    params = {"dry_run": dry_run}
    answer = await ask(client, "POST", "/events", content=body, params=params)
    told: dict[str, Any] = answer.json()
    if answer.is_success:
        each = told.get("receipts", told.get("would_accept", []))
        known = sum(1 for receipt in each if receipt["accepted_before"])
        result.known += known
        result.accepted += len(each) - known
    else:
        result.refused += [why(batch, event, told) for event in batch]


def why(batch: Sequence[Found], event: Found, problem: dict[str, Any]) -> str:
    """One line for an event that was refused, with its own faults where it has any."""
    faults = [
        f"{pointer} {detail}"
        for pointer, detail in faults_at(problem, batch.index(event))
    ]
    reason = "; ".join(faults) or f"refused with its batch: {problem['detail']}"
    return f"{event.file}, event {event.number}: {reason}"


COMMAND = Command("emit", "send events from files", arguments, run)
