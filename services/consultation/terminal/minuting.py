"""`minutes`: read them, have them corrected, approve them."""

import argparse
import sys
from pathlib import Path

from .calling import Arena, NotDone, Parts, command, place_of
from .showing import show, table, waiting


def add(parts: Parts) -> None:
    parts.part("show", "the minutes of a meeting", shown).add_argument("meeting")
    save = parts.part("save", "as HTML or PDF/A, by the file's ending", saved)
    save.add_argument("meeting")
    save.add_argument("file", type=Path)
    correct = parts.part("correct", "have something put right", corrected)
    correct.add_argument("meeting")
    correct.add_argument("text")
    prepare = parts.part("prepare", "prepare their approval by both lines", prepared)
    prepare.add_argument("meeting")
    approve = parts.part("approve", "approve them for your line", approved)
    approve.add_argument("meeting")


COMMAND = command("minutes", "read, correct and approve minutes", add)


def shown(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read(f"{place_of(asked.meeting)}/minutes")
    head = ("number", "day", "chair", "attendance", "approved", "hash")
    columns = ("number", "question", "heard", "stage", "band", "positions", "decisions")
    rows = [[each.get(name) for name in columns] for each in found["items"]]
    return show(
        arena,
        found,
        table("minutes", ("", ""), [(name, found[name]) for name in head]),
        table("items", columns, rows),
        table("corrections", ("line", "text"), found["corrections"]),
    )


def saved(arena: Arena, asked: argparse.Namespace) -> int:
    """Write the page to a file; nothing is written in a dry run."""
    form = asked.file.suffix.removeprefix(".")
    if form not in ("html", "pdf"):
        raise NotDone(f"{asked.file} ends in neither .html nor .pdf")
    made = arena.fetch(f"{place_of(asked.meeting)}/minutes", format=form)
    if not arena.dry_run:
        asked.file.write_bytes(made)
    sys.stdout.write(f"{asked.file}: {len(made)} bytes\n")
    return 0


def corrected(arena: Arena, asked: argparse.Namespace) -> int:
    return done(arena, asked, "correct", {"text": asked.text})


def prepared(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read(f"{place_of(asked.meeting)}/minutes")
    act = {"kind": "minutes", "hash": found["hash"]}
    return done(arena, asked, "prepare", {"act": act})


def approved(arena: Arena, asked: argparse.Namespace) -> int:
    """What waits is approved only if it is the text as the facts make it now."""
    state = arena.read(place_of(asked.meeting))
    waits = state["pending"].get("minutes", {}).get("hash", "0" * 64)
    return done(arena, asked, "approve", {"hash": waits})


def done(
    arena: Arena, asked: argparse.Namespace, word: str, body: dict[str, object]
) -> int:
    state = arena.act(place_of(asked.meeting), word, body)
    rows = [(name, state.get(name)) for name in ("number", "stage", "minutes_hash")]
    return show(arena, state, table(asked.meeting, ("", ""), rows), *waiting(state))
