"""The labelled corpus as the gate sees it: forms of every release, and of today."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from schemas.compatibility.gate import Report, Tombstones, compare
from schemas.compatibility.judge import Forms, forms_of
from schemas.compatibility.released import Release
from schemas.compatibility.verdicts import Change, Verdict, overall

CORPUS = Path(__file__).parent / "corpus"
TYPE = "no.tidlig.case.v1"
Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Case:
    """A change to a schema with the verdict that people gave it."""

    name: str
    why: str
    before: tuple[Schema, ...]
    after: Schema
    verdict: Verdict
    changes: Mapping[str, str]
    buried: Mapping[str, str]
    blind: str | None

    @property
    def released(self) -> list[Forms]:
        return [forms_of(schema) for schema in self.before]

    @property
    def today(self) -> Forms:
        return forms_of(self.after)


def cases() -> Iterator[Case]:
    for path in sorted(CORPUS.glob("*.json")):
        for found in json.loads(path.read_text("utf-8")):
            before = found["before"]
            before = before if isinstance(before, list) else [before]
            definitions = {"$defs": found["defs"]} if "defs" in found else {}
            yield Case(
                found["name"],
                found["why"],
                tuple(whole(schema) | definitions for schema in before),
                whole(found["after"]) | definitions,
                Verdict(found["verdict"]),
                found["changes"],
                found.get("buried", {}),
                found.get("blind"),
            )


def whole(schema: Schema) -> dict[str, Any]:
    """A schema with properties as it is; any other is that of a property `x`."""
    if "properties" in schema:
        return dict(schema)
    return {"type": "object", "properties": {"x": dict(schema)}, "required": ["x"]}


def judged(case: Case) -> list[Change]:
    """What the gate says of a case, over all its releases."""
    known = [release(n, forms) for n, forms in enumerate(case.released, start=1)]
    buried: Tombstones = {TYPE: case.buried}
    report: Report = compare(release(len(known) + 1, case.today), known, buried)
    return [change for one in report.judgements for change in one.changes]


def release(number: int, forms: Forms) -> Release:
    return Release(number, {TYPE: forms}, {})


def wrong(case: Case) -> str | None:
    """How the gate's answer differs from the label; None if it does not."""
    found = judged(case)
    if overall(found) is not case.verdict:
        return f"{case.verdict} expected, judged {overall(found)}: {found}"
    seen = [(one.pointer, one.verdict, one.rules) for one in found]
    for pointer, label in case.changes.items():
        verdict, rule = label.split()
        if not any(
            at == pointer and said is Verdict(verdict) and rule in rules
            for at, said, rules in seen
        ):
            return f"no {label} at {pointer!r}: {seen}"
    unlabelled = {one.pointer for one in found if one.breaks} - case.changes.keys()
    return f"breaks, and no label says so: {unlabelled}" if unlabelled else None
