"""`advise`: a draft, challenges to it, and giving it."""

import argparse
import json
from pathlib import Path

from .calling import Arena, Json, NotDone, Parts, command, place_of
from .itemising import acted, approved
from .showing import show, table


def add(parts: Parts) -> None:
    draft = parts.part("draft", "prepare a text, from a JSON file", drafted)
    draft.add_argument("item")
    draft.add_argument("advice", type=Path)
    challenge = parts.part("challenge", "challenge the draft on the table", challenged)
    challenge.add_argument("item")
    challenge.add_argument("text")
    issue = parts.part("issue", "prepare that the advice is given", issued)
    issue.add_argument("item")
    issue.add_argument("--to", action="append", default=[], help="besides the arena")
    approve = parts.part("approve", "approve what the other line prepared", approved)
    approve.add_argument("item")
    approve.add_argument("hash")
    became = parts.part("became", "what became of advice and dissents", followed)
    became.add_argument("--arena", default="nav")


COMMAND = command("advise", "a draft, challenges to it, and giving it", add)


def drafted(arena: Arena, asked: argparse.Namespace) -> int:
    advice = json.loads(asked.advice.read_text("utf-8"))
    act = {"kind": "draft", "advice": advice}
    return acted(arena, asked, "prepare", {"act": act})


def text_on_the_table(arena: Arena, item: str) -> str:
    state = arena.read(place_of(item))
    draft: Json | None = state.get("draft")
    if draft is None:
        raise NotDone("no draft is on the table")
    return str(draft["hash"])


def challenged(arena: Arena, asked: argparse.Namespace) -> int:
    body = {"hash": text_on_the_table(arena, asked.item), "text": asked.text}
    return acted(arena, asked, "challenge", body)


def issued(arena: Arena, asked: argparse.Namespace) -> int:
    text = text_on_the_table(arena, asked.item)
    act = {"kind": "issue", "hash": text, "audience": sorted(asked.to)}
    return acted(arena, asked, "prepare", {"act": act})


def followed(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read("/follow-through", arena=asked.arena)
    rows = [(e["line"], e["given"], e["counts"]) for e in found["follow_through"]]
    names = ("line", "dissents", "proved_right", "proved_wrong", "unclear", "disputed")
    dissents = [[each[name] for name in names] for each in found["dissents"]]
    return show(
        arena,
        found,
        table("what became of advice", ("line", "given", "counts"), rows),
        table("what became of dissents", names, dissents),
    )
