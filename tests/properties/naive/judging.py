"""The phase, and what does not fit together, from what stands (`domain.md` 4.2-4.5)."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from schemas.rulesets import NEWEST, ruleset

from .said import Id, Said
from .standing import Key, Standing

Found = tuple[str, frozenset[Id]]
Stands = Mapping[Key, Standing]
AFTER = {
    "BP1": "concept",
    "BP2": "planning",
    "BP3": "execution",
    "BP4": "closing",
    "BP5": "realisation",
    "BP6": "completed",
}
LIFE = {
    "initiative.stopped": "stopped",
    "initiative.completed": "completed",
    "initiative.paused": "on_hold",
}
A_WEEK = timedelta(days=7)


def phase(stands: Stands, owner: str) -> str:
    life = stands.get((owner, "life", ""))
    if life is not None and life.fact.type in LIFE:
        return LIFE[life.fact.type]
    decided = outcomes(stands, owner)
    if "rejected" in decided.values():
        return "rejected"
    passed = [gate for gate in AFTER if decided.get(gate) == "approved"]
    return AFTER[passed[-1]] if passed else "idea"


def outcomes(stands: Stands, owner: str) -> dict[str, str]:
    """At each gate what was decided last, by its day; of one day what was said last."""
    gates = of_the_owner(stands, owner, "gate")
    by_day = sorted(gates, key=lambda s: (s.value["date"], s.fact.offset))
    return {gate.value["gate"]: gate.value["outcome"] for gate in by_day}


def accepted(fact: Said) -> datetime:
    return datetime.fromisoformat(fact.event["acceptedtime"])


def norwegian_day(fact: Said) -> str:
    return accepted(fact).astimezone(ZoneInfo("Europe/Oslo")).date().isoformat()


def contradictions(stands: Stands, owner: str, announced: Said | None) -> set[Found]:
    return {
        *early_gates(stands, owner, announced),
        *gates_out_of_order(stands, owner),
        *no_municipality(stands, owner),
        *shares_that_are_more_than_all(stands),
        *back_dated(stands),
    }


def of_the_owner(stands: Stands, owner: str, family: str) -> list[Standing]:
    return [
        s for (who, of, _), s in sorted(stands.items(), key=lambda i: i[0])
        if (who, of) == (owner, family)
    ]  # fmt: skip


def early_gates(stands: Stands, owner: str, announced: Said | None) -> Iterator[Found]:
    for gate in of_the_owner(stands, owner, "gate"):
        if announced is not None and gate.value["date"] < norwegian_day(announced):
            yield "gate_before_it_exists", frozenset({gate.fact.id})


def gates_out_of_order(stands: Stands, owner: str) -> Iterator[Found]:
    """Passed before the one that comes before it; of one gate its last key counts."""
    passed = {
        s.value["gate"]: s
        for s in of_the_owner(stands, owner, "gate")
        if s.value["outcome"] == "approved"
    }
    row = [passed[gate] for gate in AFTER if gate in passed]
    for n in range(1, len(row)):
        if row[n].value["date"] < row[n - 1].value["date"]:
            ids = frozenset({row[n - 1].fact.id, row[n].fact.id})
            yield "gates_out_of_order", ids


def no_municipality(stands: Stands, owner: str) -> Iterator[Found]:
    described = stands.get((owner, "description", "municipalities"))
    named = [] if described is None else [(described, described.value, None)]
    for scope in of_the_owner(stands, owner, "scope"):
        value = scope.value
        named.append((scope, value.get("municipalities"), value.get("valid_from")))
    for said, codes, begins in named:
        day = date.fromisoformat(begins or norwegian_day(said.fact))
        for code in codes or []:
            known = ruleset(NEWEST).municipalities[code]
            first, last = known.first or day, known.last or day
            if not first <= day <= last:
                yield "municipality_not_valid", frozenset({said.fact.id})


def shares_that_are_more_than_all(stands: Stands) -> Iterator[Found]:
    lines = [
        s
        for (_, family, _), s in stands.items()
        if family == "funding"
        and s.fact.type != "funding.refused"
        and s.value.get("share_percent") is not None
    ]
    for year in {line.value["budget_year"] for line in lines}:
        of_year = [line for line in lines if line.value["budget_year"] == year]
        if sum(line.value["share_percent"] for line in of_year) > 100:
            ids = frozenset(line.fact.id for line in of_year)
            yield "shares_do_not_add_up", ids


def back_dated(stands: Stands) -> Iterator[Found]:
    for found in stands.values():
        claimed = datetime.fromisoformat(found.fact.event["time"])
        if accepted(found.fact) - claimed > A_WEEK:
            yield "back_dated", frozenset({found.fact.id})
