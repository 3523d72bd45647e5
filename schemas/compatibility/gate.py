"""The gate: every type of today against every release, and every major's upcast."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..types import TYPES_OF, EventType
from .judge import changes, used_again
from .majors import faults
from .names import names_of
from .released import HERE, Release, as_it_is, frozen, releases
from .table import row_changes
from .upcast import UPCASTS, Upcasts
from .verdicts import Change, Verdict

Tombstones = Mapping[str, Mapping[str, str]]
# names that were removed for good: type → path in `data` → why
TOMBSTONES = Path(__file__).parent / "tombstones.json"


@dataclass(frozen=True)
class Judgement:
    """A type of today against one release: the places where they differ."""

    type: str
    release: int
    changes: list[Change]

    @property
    def breaks(self) -> bool:
        return any(change.breaks for change in self.changes)


@dataclass
class Report:
    """What the gate found: judgements with a change, and faults that are none."""

    types: int
    compared: list[int]
    judgements: list[Judgement] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def passes(self) -> bool:
        return not self.faults and not any(one.breaks for one in self.judgements)


def tombstones() -> Tombstones:
    found: Tombstones = json.loads(TOMBSTONES.read_text("utf-8"))
    return found


def gate(folder: Path = HERE) -> Report:
    """The whole gate over the newest rule set, against what the folder holds."""
    known, newest = releases(folder), max(TYPES_OF)
    report = compare(as_it_is(newest), known, tombstones())
    report.faults += faults(every_major(TYPES_OF), UPCASTS)
    missing = sorted(set(frozen()) - {one.number for one in known})
    report.faults += [
        f"rule set {number} is frozen and not in {folder.name}/: run "
        "`python -m schemas.compatibility release`"
        for number in missing
    ]
    return report


def compare(
    current: Release,
    known: Sequence[Release],
    buried: Tombstones,
    upcasts: Upcasts = UPCASTS,
) -> Report:
    """Every type of `current` against every release that has it."""
    report = Report(len(current.rows), [one.number for one in known])
    for name in sorted({name for one in known for name in one.forms}):
        having = [one for one in known if name in one.forms]
        for release in having:
            found = (
                type_changes(name, release, having, current, buried)
                if name in current.forms
                else [retired(name, current, upcasts)]
            )
            if found:
                report.judgements.append(Judgement(name, release.number, found))
    report.faults += needless(buried, known)
    return report


def type_changes(
    name: str,
    release: Release,
    having: Sequence[Release],
    current: Release,
    buried: Tombstones,
) -> list[Change]:
    """A type against one release: its forms, its names over time, its row."""
    now = current.forms[name]
    back = used_again([one.forms[name].writer for one in having], now.writer)
    found = changes(release.forms[name], now, {**back, **buried.get(name, {})})
    if name in release.rows:
        found += row_changes(name, release.rows[name], current.rows[name])
    return found


def retired(name: str, current: Release, upcasts: Upcasts) -> Change:
    """A type that is not said any more: its facts are read by the next major."""
    stem, _, version = name.rpartition(".v")
    short = stem.split(".", 2)[-1]
    follows = f"{stem}.v{int(version) + 1}" in current.forms if stem else False
    if follows and (short, int(version)) in upcasts:
        return Change(
            "", Verdict.COMPATIBLE, ("retired",), (f"{name} is retired",), "released"
        )
    why = f"{name} is gone, and no next major with an upcast reads its facts"
    return Change("", Verdict.BACKWARD, ("gone",), (why,), "released")


def needless(buried: Tombstones, known: Sequence[Release]) -> Iterator[str]:
    """Tombstones for names that no release has had: a slip of the pen, most likely."""
    for name, paths in buried.items():
        had = {
            path
            for one in known
            if name in one.forms
            for path in names_of(one.forms[name].writer)
        }
        yield from (
            f"tombstones.json: no release of {name} has had `{path}`"
            for path in sorted(set(paths) - had)
        )


def every_major(types: Mapping[int, Mapping[str, EventType]]) -> dict[str, EventType]:
    """Every type that any rule set knows, as the newest that has it says."""
    return {name: row for rows in types.values() for name, row in rows.items()}
