"""`position` and `decide`: what a line says for itself, what a body decided."""

import argparse
from datetime import date

from .advising import text_on_the_table
from .calling import Arena, NotDone, Parts, command, place_of
from .itemising import acted


def add_positions(parts: Parts) -> None:
    for name, word in (
        ("endorse", "endorse"),
        ("reserve", "with_reservation"),
        ("dissent", "dissent"),
    ):
        part = parts.part(name, f"your line's position: {word}", taken)
        part.add_argument("item")
        part.add_argument("--text", help="what the reservation or dissent is")
        part.set_defaults(position=word)


def taken(arena: Arena, asked: argparse.Namespace) -> int:
    body = {
        "hash": text_on_the_table(arena, asked.item),
        "position": asked.position,
        "text": asked.text,
    }
    return acted(arena, asked, "position", body)


def add_decisions(parts: Parts) -> None:
    outcomes = ("adopted", "adopted_in_part", "not_adopted", "deferred")
    record = parts.part("record", "what your own body decided", recorded)
    record.add_argument("item")
    record.add_argument("outcome", choices=outcomes)
    record.add_argument("reason")
    record.add_argument("--body", required=True, help="which organ decided")
    record.add_argument("--day", default=date.today().isoformat())  # noqa: DTZ011
    record.add_argument("--case", help="your own case number")
    follow = parts.part("follow-up", "what became of it in your line", followed)
    follow.add_argument("item")
    follow.add_argument(
        "outcome", choices=("followed", "partly", "not_followed", "pending")
    )
    follow.add_argument("reason")


POSITION = command("position", "your line's position on the draft", add_positions)
DECIDE = command(
    "decide", "what your own body decided, and what became of it", add_decisions
)


def advice_given(arena: Arena, item: str) -> str:
    issued = arena.read(place_of(item)).get("issued")
    if not issued:
        raise NotDone("no advice has been given on this item")
    return str(issued[-1]["hash"])


def recorded(arena: Arena, asked: argparse.Namespace) -> int:
    body = {
        "hash": advice_given(arena, asked.item),
        "outcome": asked.outcome,
        "reason": asked.reason,
        "body": asked.body,
        "decided": asked.day,
        "case_reference": asked.case,
    }
    return acted(arena, asked, "decide", body)


def followed(arena: Arena, asked: argparse.Namespace) -> int:
    body = {
        "hash": advice_given(arena, asked.item),
        "outcome": asked.outcome,
        "reason": asked.reason,
    }
    return acted(arena, asked, "follow_up", body)
