"""Policies as versioned data: windows, criteria, rules of schemes, calendars, factors.

A fact or finding names the version it was made under; a changed policy is a new file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.topics import Line

HERE = Path(__file__).parent
WINDOWS = "windows-1"
CRITERIA = "criteria-1"
SCHEMES = "schemes-2"
CALENDARS = "calendars-1"
FACTORS = "factors-1"
LOCKS = "locks-1"


@dataclass(frozen=True, slots=True)
class Windows:
    """How long each line has for what, in working days or calendar days."""

    version: str
    objection_working_days: int
    challenge_working_days: int
    position_working_days: int
    commit_working_days: int
    reveal_working_days: int
    follow_up_days: int
    longest_deferral_days: int
    drafts_without_approval: int
    agenda_horizon_days: int
    factor_gap_steps: int


@dataclass(frozen=True, slots=True)
class Criteria:
    """Criteria with their weights, and the scale of every input."""

    version: str
    lowest: int
    highest: int
    weights: Mapping[str, int]
    labels: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class SchemeRule:
    """A rule of a funding scheme with its citation; `check` names how it is judged.

    What is not held here cannot be judged: `look` says what somebody has to check.
    Amounts are whole kroner.
    """

    version: str
    rule: str
    source: str
    check: str
    citation: str
    line: Line | None = None
    percent: int | None = None
    years: int | None = None
    days: int | None = None
    lowest: int | None = None
    highest: int | None = None
    look: str | None = None


@dataclass(frozen=True, slots=True)
class BudgetStep:
    """A yearly step of a line's budget work; `known` where a source gives the day."""

    step: str
    month: int
    day: int
    years_before: int
    known: bool
    citation: str


@cache
def windows(version: str = WINDOWS) -> Windows:
    found = read(version)
    return Windows(**{k: v for k, v in found.items() if k != "sources"})


@cache
def criteria(version: str = CRITERIA) -> Criteria:
    """The criteria of a version. Raises KeyError for one that does not exist."""
    if not (HERE / f"{version}.json").exists():
        raise KeyError(version)
    found = read(version)
    return Criteria(
        version,
        found["scale"]["lowest"],
        found["scale"]["highest"],
        {each["id"]: each["weight"] for each in found["criteria"]},
        {each["id"]: {k: each[k] for k in ("nb", "nn")} for each in found["criteria"]},
    )


@cache
def scheme_rules(version: str = SCHEMES) -> tuple[SchemeRule, ...]:
    return tuple(SchemeRule(version, **each) for each in read(version)["rules"])


@cache
def calendars(version: str = CALENDARS) -> Mapping[Line, tuple[BudgetStep, ...]]:
    return {
        line: tuple(BudgetStep(**each) for each in steps)
        for line, steps in read(version)["lines"].items()
    }


@cache
def factor_steps(version: str = FACTORS) -> Mapping[str, int | None]:
    """The step of each mark; None where a factor does not apply."""
    steps: dict[str, int | None] = read(version)["steps"]
    return steps


@cache
def locking_gate(version: str = LOCKS) -> str:
    """The gate at which an initiative locks, besides the locks that are recorded."""
    gate: str = read(version)["gate"]
    return gate


def read(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{version}.json").read_text("utf-8"))
    return found
