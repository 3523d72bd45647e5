"""Policies as versioned data: what counts as early, and which phase follows a gate.

A figure names the version it was made under; a changed policy is a new file.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, get_args

from schemas.models import Gate
from schemas.topics import Line

HERE = Path(__file__).parent
EARLINESS = "earliness-1"
PHASES = "phases-2"
CONTRADICTIONS = "contradictions-1"
GATE_ORDER: tuple[Gate, ...] = get_args(Gate)


@dataclass(frozen=True, slots=True)
class EarlinessPolicy:
    """What "early" means; `classes` from the earliest, the last without a floor."""

    version: str
    classes: tuple[tuple[str, int | None], ...]
    counterpart: Mapping[Line, tuple[Line, frozenset[str]]]
    tracker_delay: timedelta
    locking_gate: str
    locking_kind: str
    decisions: tuple[str, ...]

    def class_of(self, lead_days: int) -> str:
        """The class of a lead time in calendar days."""
        for name, floor in self.classes:
            if floor is None or lead_days >= floor:
                return name
        raise ValueError("the last class has a floor")


@dataclass(frozen=True, slots=True)
class PhasePolicy:
    """The phase after each gate and word of its life; codes are stable, labels change.

    `life` is None for a word that leaves it to the gates. `labels` are by code, bokmål
    (`nb`) and nynorsk (`nn`); nothing is ever keyed on one.
    """

    version: str
    first: str
    after: Mapping[str, str]
    rejected: str
    life: Mapping[str, str | None]
    labels: Mapping[str, Mapping[str, str]]

    @property
    def codes(self) -> tuple[str, ...]:
        """Every phase that an initiative can be in."""
        life = [phase for phase in self.life.values() if phase is not None]
        found = [self.first, *self.after.values(), self.rejected, *life]
        return tuple(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class ContradictionPolicy:
    """From when a claim is back-dated, and how much all shares are together."""

    version: str
    back_dated_days: int
    whole_percent: int


@cache
def earliness_policy(version: str = EARLINESS) -> EarlinessPolicy:
    found = read(version)
    return EarlinessPolicy(
        version,
        tuple((each["class"], each["from_days"]) for each in found["classes"]),
        {
            line: (other["line"], frozenset(other["channels"]))
            for line, other in found["counterpart"].items()
        },
        timedelta(seconds=found["tracker_delay_seconds"]),
        found["locking_gate"]["gate"],
        found["locking_gate"]["kind"],
        tuple(found["decisions"]),
    )


@cache
def phase_policy(version: str = PHASES) -> PhasePolicy:
    found = read(version)
    return PhasePolicy(
        version,
        found["first"],
        found["after"],
        found["rejected"],
        found["life"],
        found.get("labels", {}),
    )


@cache
def contradiction_policy(version: str = CONTRADICTIONS) -> ContradictionPolicy:
    found = read(version)
    return ContradictionPolicy(
        version, found["back_dated_days"], found["whole_percent"]
    )


def read(version: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{version}.json").read_text("utf-8"))
    return found
