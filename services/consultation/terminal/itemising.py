"""`item`: questions to the arena, from proposal to paper."""

import argparse

from .calling import Arena, Json, Parts, command, place_of
from .showing import item, show, table


def add(parts: Parts) -> None:
    listed = parts.part("list", "items of an arena", all_items)
    listed.add_argument("--arena", default="nav")
    parts.part("show", "one item", one).add_argument("item")
    propose = parts.part("propose", "put a question to the arena", proposed)
    propose.add_argument("question")
    propose.add_argument("--initiative", action="append", required=True)
    propose.add_argument("--arena", default="nav")
    propose.add_argument("--budget-year", type=int)
    propose.add_argument("--language", choices=("nb", "nn"), default="nb")
    parts.part("admit", "admit an item of your line", admitted).add_argument("item")
    defer = parts.part("defer", "use your line's one deferral", deferred)
    defer.add_argument("item")
    defer.add_argument("until", help="as 2027-02-01")
    defer.add_argument("reason")
    withdraw = parts.part("withdraw", "take an item of your line back", withdrawn)
    withdraw.add_argument("item")
    withdraw.add_argument("reason")
    paper = parts.part("paper", "prepare the paper of an item", prepared)
    paper.add_argument("item")
    paper.add_argument("summary")
    paper.add_argument("--municipality", action="append", default=[])
    paper.add_argument("--state-body", action="append", default=[])
    approve = parts.part("approve", "approve what the other line prepared", approved)
    approve.add_argument("item")
    approve.add_argument("hash")
    objection = parts.part("object", "object, once to each kind of act", objected)
    objection.add_argument("item")
    objection.add_argument("hash")
    objection.add_argument("reason")


COMMAND = command("item", "questions to the arena, from proposal to paper", add)


def all_items(arena: Arena, asked: argparse.Namespace) -> int:
    found = arena.read("/items", arena=asked.arena)
    columns = ("id", "number", "stage", "question")
    rows = [[each.get(name) for name in columns] for each in found["items"]]
    return show(arena, found, table(f"items of {asked.arena}", columns, rows))


def one(arena: Arena, asked: argparse.Namespace) -> int:
    state = arena.read(place_of(asked.item))
    return show(arena, state, *item(state))


def proposed(arena: Arena, asked: argparse.Namespace) -> int:
    body = {
        "arena": asked.arena,
        "initiatives": sorted(asked.initiative),
        "question": asked.question,
        "language": asked.language,
        "budget_year": asked.budget_year,
    }
    state = arena.send("/items", body)
    return show(arena, state, *item(state))


def acted(arena: Arena, asked: argparse.Namespace, word: str, body: Json) -> int:
    state = arena.act(place_of(asked.item), word, body)
    return show(arena, state, *item(state))


def admitted(arena: Arena, asked: argparse.Namespace) -> int:
    return acted(arena, asked, "admit", {})


def deferred(arena: Arena, asked: argparse.Namespace) -> int:
    body = {"until": asked.until, "reason": asked.reason}
    return acted(arena, asked, "defer", body)


def withdrawn(arena: Arena, asked: argparse.Namespace) -> int:
    return acted(arena, asked, "withdraw", {"reason": asked.reason})


def prepared(arena: Arena, asked: argparse.Namespace) -> int:
    affected = {
        "municipalities": sorted(asked.municipality),
        "state_bodies": sorted(asked.state_body),
    }
    act = {"kind": "paper", "summary": asked.summary, "affected": affected}
    return acted(arena, asked, "prepare", {"act": act})


def approved(arena: Arena, asked: argparse.Namespace) -> int:
    return acted(arena, asked, "approve", {"hash": asked.hash})


def objected(arena: Arena, asked: argparse.Namespace) -> int:
    body = {"hash": asked.hash, "reason": asked.reason}
    return acted(arena, asked, "object", body)
