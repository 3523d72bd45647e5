"""`score`: two keys from a terminal. The nonce stays in a private file of yours.

A scorecard is a JSON file: `{"user_need": 3, …}`, an input for each criterion.
"""

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from services.consultation.policies import CRITERIA
from services.consultation.rules.commitments import commitment

from .calling import Arena, Json, NotDone, Parts, command, place_of
from .itemising import acted
from .showing import show, table

NONCE_BYTES = 16


def add(parts: Parts) -> None:
    opening = parts.part("open", "prepare that both lines score an item", opened)
    opening.add_argument("item")
    opening.add_argument("--criteria", default=CRITERIA)
    commit = parts.part("commit", "commit to a scorecard, telling it nobody", committed)
    commit.add_argument("item")
    commit.add_argument("scorecard", type=Path)
    commit.add_argument("--line", choices=("state", "municipal"), required=True)
    commit.add_argument(
        "--keep", type=Path, required=True, help="where the key is kept"
    )
    reveal = parts.part("reveal", "hand in what you committed to", revealed)
    reveal.add_argument("item")
    reveal.add_argument("key", type=Path, help="the file that `commit` kept")
    rank = parts.part("rank", "what two lines' scores say", ranked)
    rank.add_argument("--arena", default="nav")
    rank.add_argument("--criteria", default=CRITERIA)
    rank.add_argument("-k", type=int, default=10, help="how many are the top (10)")
    why = parts.part("why", "how two items stand to each other", explained)
    why.add_argument("one")
    why.add_argument("another")
    why.add_argument("--criteria", default=CRITERIA)


COMMAND = command("score", "two-key scores, and what they say together", add)


def opened(arena: Arena, asked: argparse.Namespace) -> int:
    act = {"kind": "scoring", "criteria": asked.criteria}
    return acted(arena, asked, "prepare", {"act": act})


def committed(arena: Arena, asked: argparse.Namespace) -> int:
    """Commit by a fresh nonce, which is kept before anything is sent."""
    state = arena.read(place_of(asked.item))
    begun = open_round(state)
    scorecard = json.loads(asked.scorecard.read_text("utf-8"))
    nonce = secrets.token_bytes(NONCE_BYTES).hex()
    number = begun["number"]
    bound = commitment(
        nonce, asked.line, asked.item, begun["criteria"], number, scorecard
    )
    kept = {"round": number, "nonce": nonce, "scorecard": scorecard}
    if not arena.dry_run:
        keep(asked.keep, kept)
        sys.stderr.write(f"kept in {asked.keep}: without it nothing can be revealed\n")
    return acted(arena, asked, "commit", {"round": number, "hash": bound})


def keep(path: Path, kept: Json) -> None:
    """For its owner alone; never over an older one. Raises `NotDone`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise NotDone(f"{path} is there already: name another file") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(kept, file)


def open_round(state: Json) -> Json:
    for each in state.get("rounds", ()):
        if each["open"]:
            found: Json = each
            return found
    raise NotDone("no round of scoring is open: `score open` prepares one")


def revealed(arena: Arena, asked: argparse.Namespace) -> int:
    kept: Json = json.loads(asked.key.read_text("utf-8"))
    return acted(arena, asked, "reveal", kept)


def ranked(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read(
        "/ranking", arena=asked.arena, criteria=asked.criteria, k=asked.k
    )
    rows = [in_row(found, each) for each in found["placed"]]
    columns = ("layer", "item", "state", "municipal", "places", f"top {asked.k}")
    title = "by layers; places over every weighting between the lines"
    return show(arena, found, table(title, columns, sorted(rows)))


def in_row(found: Json, placed: Json) -> tuple[Any, ...]:
    name = placed["scored"]["item"]
    top = (
        "robust" if name in found["robust"] else "zone" if name in found["zone"] else ""
    )
    return (
        placed["layer"],
        name,
        placed["scored"]["state"],
        placed["scored"]["municipal"],
        f"{placed['best']} to {placed['worst']}",
        top,
    )


def explained(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read(
        "/ranking/why", one=asked.one, another=asked.another, criteria=asked.criteria
    )
    rows = [
        (
            name,
            found["by_criterion"]["state"][name],
            found["by_criterion"]["municipal"][name],
        )
        for name in found["by_criterion"]["state"]
    ]
    rows.append(("all", found["by_line"]["state"], found["by_line"]["municipal"]))
    ahead = (
        found["ahead"] or f"it depends: they tie where the state has {found['tips_at']}"
    )
    title = f"{asked.one} less {asked.another}; ahead: {ahead}"
    return show(arena, found, table(title, ("criterion", "state", "municipal"), rows))
