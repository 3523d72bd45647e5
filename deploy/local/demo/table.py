"""The table on the terminal: announced, readable, days before the first lock, class."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import httpx
from rich.console import Console
from rich.table import Table

from schemas.names import name_of

from .asking import Asking
from .says import Json

OSLO = ZoneInfo("Europe/Oslo")
# what is shown to people is bokmål; codes stay English
CLASSES = {
    "early": "tidlig",
    "timely": "i tide",
    "late": "sent",
    "too_late": "for sent",
    "after_the_fact": "i ettertid",
    None: "–",
}
LINES = {"state": "stat", "municipal": "kommune"}
OUTSIDE = "utenfor tallene"
BASES = {"forecast": "prognose", "realised": "faktisk", None: ""}


@dataclass(frozen=True, slots=True)
class Shown:
    """An initiative as its owner sees it."""

    title: str
    owner: str
    seen: Json

    @property
    def imported(self) -> bool:
        """Whether it is a row of a list: learnt of, and announced by nobody."""
        return self.seen["description"].get("imported") is True

    @property
    def believed_owner(self) -> str:
        """Who is thought to own what was learnt of."""
        orgnr = self.seen["description"].get("believed_owner")
        return "ukjent" if orgnr is None else f"trolig {name_of(orgnr)}"

    @property
    def earliness(self) -> Json:
        found: Json = self.seen["earliness"] or {}
        return found


def initiatives(registry: Asking, subjects: Iterable[str]) -> list[Shown]:
    """Each initiative that the registry has, asked for as its owner.

    Raises what httpx raises.
    """
    found = [shown(registry, subject) for subject in subjects]
    return [row for row in found if row is not None]


def shown(registry: Asking, subject: str) -> Shown | None:
    owner, _, _ = subject.partition(":")
    answer = registry.get(f"/initiatives/{subject}", owner)
    if answer.status_code == httpx.codes.NOT_FOUND:
        return None
    seen: Json = answer.raise_for_status().json()
    title = seen["description"].get("title", subject)
    return Shown(title, seen["owner"]["name"], seen)


def figures(registry: Asking, orgnr: str) -> list[Json]:
    """How early each line shares with the other, as the organisation sees it.

    Raises what httpx raises.
    """
    answer = registry.get("/earliness", orgnr).raise_for_status()
    found: list[Json] = answer.json()["directions"]
    return found


def show(console: Console, rows: Iterable[Shown]) -> None:
    """Print the table."""
    table = Table(title="Hvor tidlig fikk den andre siden vite det? (syntetiske fakta)")
    table.add_column("tiltak", no_wrap=True, overflow="ellipsis", max_width=40)
    table.add_column("eier", no_wrap=True, overflow="ellipsis", max_width=20)
    table.add_column("meldt", no_wrap=True, min_width=12)
    table.add_column("lesbar siden, for", no_wrap=True, min_width=20)
    table.add_column("dager før binding", justify="right", no_wrap=True, min_width=17)
    table.add_column("klasse", justify="right", no_wrap=True, min_width=10)
    table.add_column("åpne valg", justify="right", no_wrap=True, min_width=9)
    for row in rows:
        table.add_row(*cells(row))
    console.print(table)


def show_figures(console: Console, found: Iterable[Json], imported: int) -> None:
    """Print the figures of each direction, and what is counted beside them."""
    table = Table(title="Tallene slik KS ser dem (syntetiske fakta)")
    table.add_column("retning", no_wrap=True, min_width=34)
    table.add_column("n", justify="right", no_wrap=True, min_width=4)
    table.add_column("delt", justify="right", no_wrap=True, min_width=4)
    table.add_column("uten binding", justify="right", no_wrap=True, min_width=12)
    table.add_column("median dager (n)", no_wrap=True, min_width=38)
    for each in found:
        table.add_row(
            f"{LINES[each['from_line']]} til {LINES[each['to_line']]}",
            str(each["n"]),
            str(each["n_shared"]),
            str(each["n_without_lock"]),
            f"{median(each, 'forecast')}, {median(each, 'realised')}",
        )
    table.add_row("importert fra liste, meldt av ingen", str(imported), "", "", OUTSIDE)
    console.print(table)


def median(found: Json, basis: str) -> str:
    """The median of one basis with its n; forecast and realised are never mixed."""
    times = found[basis]
    days = "–" if times["median"] is None else times["median"]
    return f"{BASES[basis]} {days} ({times['n']})"


def cells(row: Shown) -> tuple[str, ...]:
    found = row.earliness
    direction = found.get("direction")
    readable = found.get("first_readable")
    return (
        row.title,
        row.believed_owner if row.imported else row.owner,
        clock(found.get("announced")),
        f"{clock(readable)} {LINES[direction['to']]}"
        if direction and readable
        else "–",
        lead(found),
        "importert" if row.imported else CLASSES[found.get("class")],
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
    return datetime.fromisoformat(moment).astimezone(OSLO).strftime("%d.%m. %H:%M")
