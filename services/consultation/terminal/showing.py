"""What the terminal shows: tables for people, or JSON as it was answered."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table

from .calling import Arena

Json = dict[str, Any]


def show(arena: Arena, found: Json, *tables: Table) -> int:
    """The tables, or all of it as JSON."""
    if arena.as_json:
        sys.stdout.write(orjson.dumps(found).decode() + "\n")
        return 0
    console = Console(width=None if sys.stdout.isatty() else 120)
    if arena.dry_run:
        console.print("dry run: nothing was kept", style="italic")
    for table in tables:
        console.print(table)
    return 0


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
) -> Table:
    made = Table(title=title, title_justify="left")
    for name in columns:
        made.add_column(name, overflow="fold")
    for row in rows:
        made.add_row(*(in_words(cell) for cell in row))
    return made


def in_words(cell: object) -> str:
    match cell:
        case None:
            return ""
        case bool():
            return "yes" if cell else "no"
        case list() | tuple():
            return ", ".join(in_words(each) for each in cell)
        case dict():
            return "\n".join(f"{name}: {in_words(each)}" for name, each in cell.items())
    return str(cell)


def item(state: Json) -> list[Table]:
    """An item as far as it is shown: what it is, what waits, what was said."""
    names = ("number", "stage", "question", "initiatives", "budget_year", "version")
    tables = [
        table(state["id"], ("", ""), [(n, state[n]) for n in names if n in state])
    ]
    tables += waiting(state)
    draft = state.get("draft")
    if draft:
        tables.append(text(f"draft {draft['version']}", draft))
    for given in state.get("issued", ()):
        tables.append(text(f"advice {given['version']}", given))
    tables += of_lists(state)
    return tables


def waiting(state: Json) -> list[Table]:
    """What has been prepared and waits for the other line."""
    rows = [
        (kind, each["line"], each["window_ends"] or "both must approve", each["hash"])
        for kind, each in state.get("pending", {}).items()
    ]
    columns = ("waits for approval", "prepared by", "objections until", "hash")
    return [table("prepared", columns, rows)] if rows else []


def text(title: str, given: Json) -> Table:
    positions = {
        line: f"{each['position']} {each['text'] or ''}".strip()
        for line, each in given["positions"].items()
    }
    advice = given["advice"]
    rows = [
        ("band", advice["band"]),
        ("text", advice["text"]),
        ("positions", positions),
        ("hash", given["hash"]),
    ]
    return table(title, ("", ""), rows)


def of_lists(state: Json) -> list[Table]:
    """Decisions, follow-up, rules of schemes, deadlines: those there are."""
    wanted = (
        ("decisions", ("line", "body", "outcome", "decided", "reason")),
        ("followups", ("line", "outcome", "reason")),
        ("coverage", ("line", "decided", "affected")),
        ("scheme_rules", ("rule", "holds", "told", "citation")),
        ("deadlines", ("due", "kind", "line", "act")),
    )
    return [
        table(name, columns, [[each.get(c) for c in columns] for each in state[name]])
        for name, columns in wanted
        if state.get(name)
    ]
