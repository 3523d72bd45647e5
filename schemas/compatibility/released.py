"""What has been released: `released/<rule set>/`, written once and never changed.

table.json              the columns of the type table, and checks that live in code
writer/<type>.json      what may be said (closed)
reader/<type>.json      what must be taken (open)
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import rulesets
from ..types import TYPES_OF
from .envelope import KEPT, SAID, envelopes
from .forms import without_texts
from .judge import Forms, forms_of
from .places import Document
from .table import columns

HERE = Path(__file__).parent.parent / "released"
TABLE = "table.json"
# the envelope goes on growing, whatever the rule set; the gate judges how
OF_ALL_RULE_SETS = (SAID, KEPT)


@dataclass(frozen=True)
class Release:
    """All types of a rule set as they are, or were, published.

    `rows` has no entry for the envelope, which is no type.
    """

    number: int
    forms: dict[str, Forms]
    rows: dict[str, dict[str, Any]]


class Changed(Exception):
    """A released file would get other bytes; what is released stays as it is."""


def as_it_is(number: int) -> Release:
    """A rule set as the code says it now."""
    rows = TYPES_OF[number]
    schemas = {name: row.model.model_json_schema() for name, row in rows.items()}
    forms = {name: forms_of(one) for name, one in (envelopes() | schemas).items()}
    return Release(number, forms, {name: columns(row) for name, row in rows.items()})


def releases(folder: Path = HERE) -> list[Release]:
    """Every release in the folder, the oldest first."""
    numbers = sorted(int(one.name) for one in folder.iterdir() if one.name.isdigit())
    return [read(folder / str(number), number) for number in numbers]


def read(folder: Path, number: int) -> Release:
    forms = {
        path.stem: Forms(loaded(path), loaded(folder / "reader" / path.name))
        for path in sorted((folder / "writer").glob("*.json"))
    }
    return Release(number, forms, dict(loaded(folder / TABLE)))


def loaded(path: Path) -> Document:
    found: Document = json.loads(path.read_text("utf-8"))
    return found


def frozen() -> list[int]:
    """The rule sets whose digest is fixed: they are released or should be."""
    return sorted(map(int, loaded(rulesets.HERE / "released.json")))


def files_of(release: Release) -> Iterator[tuple[str, Document]]:
    """Every file of a release, by its path within the rule set's folder."""
    yield TABLE, release.rows
    for name, forms in release.forms.items():
        yield f"writer/{name}.json", forms.writer
        yield f"reader/{name}.json", forms.reader


def publish(folder: Path = HERE) -> list[Path]:
    """Write what every frozen rule set lacks; the paths written.

    A file that stands is never written again. Raises Changed, before anything is
    written, if one says something else than the code, wording aside.
    """
    wanted = {
        folder / str(number) / path: document
        for number in frozen()
        for path, document in files_of(as_it_is(number))
    }
    differing = [
        path
        for path, document in wanted.items()
        if path.stem not in OF_ALL_RULE_SETS and differs(path, document)
    ]
    if differing:
        listed = ", ".join(str(path.relative_to(folder)) for path in differing)
        raise Changed(
            f"released files would change: {listed}; make a new rule set, or, if this "
            "one was never published, remove its folder and release again"
        )
    missing = [path for path in wanted if not path.exists()]
    for path in missing:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(wanted[path], indent=2, ensure_ascii=False)
        path.write_text(text + "\n", "utf-8")
    return missing


def differs(path: Path, document: Document) -> bool:
    """Whether a file stands there that says something else, wording aside."""
    return path.exists() and without_texts(loaded(path)) != without_texts(document)
