"""What a run tells: a table, `build/chaos.json`, and where something is broken why."""

import json
from collections.abc import Iterator
from pathlib import Path

from . import clocks, disks
from .run import Outcome
from .steps import EVERY

RESULT = Path("build") / "chaos.json"
# `architecture.md` §7 and the issue: what a whole run reaches
LEAST = {
    "events": 100_000,
    "kills": 50,
    "broker_restarts": 5,
    "postgres_restarts": 3,
    "pauses": 20,
}
NONE = ("lost", "duplicated", "order_violations", "leaks")
SHOWN = 20
# faults that are not to be had everywhere, and why not
NOT_EVERYWHERE = {"full disk": disks.NOT_HERE, "clock step": clocks.NOT_HERE}


def figures(outcome: Outcome, mutants: tuple[int, int] | None) -> dict[str, object]:
    """The keys of `architecture.md` §7, and what else was counted."""
    counts = outcome.done.counts
    found: dict[str, object] = {
        **outcome.reached,
        "lost": outcome.count("lost"),
        "duplicated": outcome.count("duplicated"),
        "order_violations": outcome.count("order"),
        "leaks": outcome.count("leak"),
        "other_violations": outcome.count("other"),
        "heal_seconds_max": round(max(outcome.healed, default=0.0), 1),
        "seed": outcome.wanted.seed,
        "seconds": round(outcome.seconds),
        "rounds": len(outcome.healed),
        "steps": {
            f"{service} {step}": times
            for (service, step), times in sorted(outcome.done.steps.items())
        },
        "steps_not_reached": [
            f"{service} {step}"
            for service, step in EVERY
            if not outcome.done.steps[service, step]
        ],
        "counts": dict(sorted(counts.items())),
        "ended_by_themselves": outcome.ended_by_themselves,
        "not_tried": not_tried(outcome),
    }
    if mutants is not None:
        found["mutants_caught"], found["mutants_total"] = mutants
    return found


def not_tried(outcome: Outcome) -> dict[str, str]:
    """What was left out because it is not to be had here."""
    counts = outcome.done.counts
    return {name: why for name, why in NOT_EVERYWHERE.items() if not counts[name]}


def write(found: dict[str, object]) -> None:
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(found, indent=2) + "\n")


def lines(outcome: Outcome) -> Iterator[str]:
    """For people: what was done, and what is broken with the seed to do it again."""
    counts = outcome.done.counts
    yield (
        f"seed {outcome.wanted.seed}: {outcome.events} facts, {outcome.done.kills} "
        f"kills, {counts['broker restart']} broker restarts, "
        f"{counts['postgres restart']} Postgres restarts, {counts['pause']} pauses: "
        f"lost {outcome.count('lost')}, duplicated effects "
        f"{outcome.count('duplicated')}, order violations {outcome.count('order')}, "
        f"leaks {outcome.count('leak')}, other {outcome.count('other')}; healed within "
        f"{max(outcome.healed, default=0.0):.1f} s"
    )
    yield ", ".join(f"{name} {number}" for name, number in sorted(counts.items()))
    for name, why in not_tried(outcome).items():
        yield f"not tried: {name} ({why})"
    for each in outcome.broken[:SHOWN]:
        where = "" if each.identity is None else f" {' '.join(each.identity)}:"
        yield f"BROKEN {each.invariant} ({each.kind}):{where} {each.says}"
    if len(outcome.broken) > SHOWN:
        yield f"… and {len(outcome.broken) - SHOWN} more"
    yield from outcome.timeline


def short_of(found: dict[str, object]) -> list[str]:
    """What a whole run has to reach, and has not."""
    missing = [
        f"{key} {found[key]} of {least}"
        for key, least in LEAST.items()
        if int(str(found[key])) < least
    ]
    return missing + [f"{key} {found[key]}" for key in NONE if found[key]]
