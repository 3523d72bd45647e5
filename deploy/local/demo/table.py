"""The table on the terminal: announced, readable, days before the first lock, class."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.table import Table

from .emitter import Token
from .says import Json

OSLO = ZoneInfo("Europe/Oslo")
# what is shown to people is bokmål; codes stay English
CLASSES = {
    "early": "tidlig",
    "timely": "i tide",
    "late": "sent",
    "too_late": "for sent",
    "after_the_fact": "etter at det var bundet",
    None: "–",
}
LINES = {"state": "stat", "municipal": "kommune"}
BASES = {"forecast": "prognose", "realised": "faktisk", None: ""}


@dataclass(frozen=True, slots=True)
class Shown:
    """An initiative as its owner sees it."""

    title: str
    owner: str
    seen: Json

    @property
    def earliness(self) -> Json:
        found: Json = self.seen["earliness"] or {}
        return found


def initiatives(url: str, token: Token, subjects: Iterable[str]) -> list[Shown]:
    """Each initiative, asked for as its owner. Raises what httpx raises."""
    with httpx.Client(base_url=url) as client:
        return [shown(client, token, subject) for subject in subjects]


def shown(client: httpx.Client, token: Token, subject: str) -> Shown:
    owner = subject.partition(":")[0]
    headers = {"Authorization": f"Bearer {token(owner)}"}
    answer = client.get(f"/initiatives/{subject}", headers=headers).raise_for_status()
    seen: Json = answer.json()
    title = seen["description"].get("title", subject)
    return Shown(title, seen["owner"]["name"], seen)


def show(console: Console, rows: Iterable[Shown]) -> None:
    """Print the table."""
    table = Table(title="Hvor tidlig fikk den andre siden vite det? (syntetiske fakta)")
    for name in ("tiltak", "eier", "meldt", "lesbar for", "siden"):
        table.add_column(name, overflow="fold")
    for name in ("dager før binding", "klasse", "åpne valg"):
        table.add_column(name, justify="right")
    for row in rows:
        table.add_row(*cells(row))
    console.print(table)


def cells(row: Shown) -> tuple[str, ...]:
    found = row.earliness
    direction = found.get("direction")
    readable = found.get("first_readable")
    return (
        row.title,
        row.owner,
        clock(found.get("announced")),
        LINES[direction["to"]] if direction and readable else "–",
        clock(readable),
        lead(found),
        CLASSES[found.get("class")],
        decisions(found),
    )


def lead(found: Json) -> str:
    days = found.get("lead_days")
    return "–" if days is None else f"{days} ({BASES[found.get('basis')]})"


def decisions(found: Json) -> str:
    open_ = found.get("open_decisions")
    return "–" if open_ is None else f"{open_} av {found['of_decisions']}"


def clock(moment: str | None) -> str:
    if moment is None:
        return "–"
    return datetime.fromisoformat(moment).astimezone(OSLO).strftime("%d.%m. %H:%M:%S")
