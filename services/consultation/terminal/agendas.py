"""`agenda`: what should be dealt with, and the meetings at which it is."""

import argparse

from .calling import Arena, Parts, command, place_of
from .showing import show, table, waiting


def add(parts: Parts) -> None:
    build = parts.part("build", "what should be dealt with next, and why", suggested)
    build.add_argument("--arena", default="nav")
    call = parts.part("call", "prepare that a meeting is called", called)
    call.add_argument("day", help="as 2027-02-01")
    call.add_argument("--arena", default="nav")
    call.add_argument("--language", choices=("nb", "nn"), default="nb")
    publish = parts.part("publish", "prepare the agenda of a meeting", published)
    publish.add_argument("meeting")
    publish.add_argument("items", nargs="+")
    held = parts.part("held", "prepare that a meeting was held", was_held)
    held.add_argument("meeting")
    held.add_argument("items", nargs="+", help="those that were dealt with")
    held.add_argument("--state", type=int, required=True, help="how many took part")
    held.add_argument("--municipal", type=int, required=True)
    approve = parts.part(
        "approve", "approve what the other line has prepared", approved
    )
    approve.add_argument("meeting")
    approve.add_argument("hash")
    shown = parts.part("show", "a meeting", one)
    shown.add_argument("meeting")


COMMAND = command("agenda", "what to deal with, and meetings", add)


def suggested(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read("/agenda", arena=asked.arena)
    rows = [
        (
            each["before"],
            each["item"] or "no item yet",
            each["reasons"],
            each["initiatives"],
        )
        for each in found["suggestions"]
    ]
    columns = ("before", "item", "why", "initiatives")
    return show(arena, found, table("agenda", columns, rows))


def called(arena: Arena, asked: argparse.Namespace) -> int:
    act = {"kind": "schedule", "arena": asked.arena, "day": asked.day}
    state = arena.send("/meetings", {"act": {**act, "language": asked.language}})
    return shown(arena, state)


def published(arena: Arena, asked: argparse.Namespace) -> int:
    entries = [{"item": each} for each in asked.items]
    act = {"kind": "agenda", "entries": entries}
    return shown(arena, arena.act(place_of(asked.meeting), "prepare", {"act": act}))


def was_held(arena: Arena, asked: argparse.Namespace) -> int:
    attendance = {"state": asked.state, "municipal": asked.municipal}
    act = {"kind": "held", "heard": asked.items, "attendance": attendance}
    return shown(arena, arena.act(place_of(asked.meeting), "prepare", {"act": act}))


def approved(arena: Arena, asked: argparse.Namespace) -> int:
    body = {"hash": asked.hash}
    return shown(arena, arena.act(place_of(asked.meeting), "approve", body))


def one(arena: Arena, asked: argparse.Namespace) -> int:
    return shown(arena, arena.read(place_of(asked.meeting)))


def shown(arena: Arena, state: dict[str, object]) -> int:
    names = ("number", "day", "chair", "stage", "heard", "version")
    rows = [(name, state.get(name)) for name in names]
    return show(arena, state, table(str(state["id"]), ("", ""), rows), *waiting(state))
