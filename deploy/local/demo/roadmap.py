"""An agency announces its real, public roadmap, and shares it with everybody."""

import csv
from collections.abc import Iterator
from pathlib import Path

from .says import DIGDIR, Saying, System

ITEMS = Path(__file__).with_name("roadmap.csv")


def sayings(system: System | None = None) -> Iterator[Saying]:
    """Each item announced and shared; those that are closed also completed."""
    speaker = system or System(DIGDIR, "veikart")
    with ITEMS.open(encoding="utf-8", newline="") as rows:
        for row in csv.DictReader(rows):
            yield from item(speaker, row)


def item(speaker: System, row: dict[str, str]) -> Iterator[Saying]:
    subject = f"{DIGDIR}:{row['item_id'].lower()}"
    data = {
        "title": row["title"],
        "problem": f"Punkt på det åpne veikartet, tema {row['theme']}.",
        "contact_role": "Produktområdet som eier veikartet",
        "reference": row["reference"],
        "scope": "central",
        "language": "nb",
        "synthetic": True,
    }
    yield speaker.says(subject, "initiative.registered", data, for_ks=True)
    yield speaker.says(
        subject, "initiative.shared", {}, for_ks=True, audience="municipal public"
    )
    if row["status"] == "closed":
        yield speaker.says(subject, "initiative.completed", {}, for_ks=True)
