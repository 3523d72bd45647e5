"""What became of a list, for people on a terminal and for programs."""

from collections import Counter
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from .bringing import Brought
from .planning import Change, Kind

# in the order in which they are counted
KINDS: tuple[Kind, ...] = ("new", "changed", "shared", "unchanged")


def show_table(console: Console, found: Brought) -> None:
    """Each row that is new, changed, shared or bad; the others are only counted."""
    table = Table(box=None)
    for name in ("where", "row", "", "what"):
        table.add_column(name, overflow="fold")
    for each in found.changes:
        if each.kind != "unchanged":
            table.add_row(each.row.place, each.row.key, each.kind, what(each))
    for bad in found.bad:
        table.add_row(bad.place, bad.key or "", "bad", bad.reason)
    for gone in found.gone:
        table.add_row("", gone, "gone", "no longer in the list; what was said stands")
    if table.row_count:
        console.print(table)


def what(change: Change) -> str:
    match change.kind:
        case "new":
            return str(change.row.data.get("title", ""))
        case "changed":
            return ", ".join(change.fields)
        case _:
            return ""


def summary(found: Brought, *, dry_run: bool) -> str:
    """One line with every number."""
    kinds = Counter(each.kind for each in found.changes)
    numbers = [f"{kinds[kind]} {kind}" for kind in KINDS if kind != "shared"]
    if kinds["shared"]:
        numbers.insert(2, f"{kinds['shared']} shared")
    numbers.append(f"{len(found.bad)} bad")
    numbers.append(f"{len(found.left)} left out")
    numbers.append(f"{len(found.gone)} gone")
    return ("dry run, nothing is said: " if dry_run else "") + ", ".join(numbers)


def left_out(found: Brought) -> list[str]:
    """A line for each reason why rows were left out."""
    reasons = Counter(each.because for each in found.left)
    return [f"{number} left out: {because}" for because, number in reasons.items()]


def as_json(found: Brought, *, dry_run: bool) -> str:
    """One object on one line."""
    told: dict[str, Any] = {
        "dry_run": dry_run,
        "rows": [
            {
                "where": each.row.place,
                "key": each.row.key,
                "id": each.row.local,
                "kind": each.kind,
                "fields": each.fields,
            }
            for each in found.changes
        ],
        "bad": [
            {"where": each.place, "key": each.key, "reason": each.reason}
            for each in found.bad
        ],
        "left_out": [
            {"where": each.place, "key": each.key, "because": each.because}
            for each in found.left
        ],
        "gone": found.gone,
        "receipts": found.receipts,
    }
    return orjson.dumps(told).decode()
