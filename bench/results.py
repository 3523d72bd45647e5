"""`build/bench.json`: the figures of the last runs, each with when it was found."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .keys import BY_NAME, Key
from .rounds import Figure

RESULT = Path("build") / "bench.json"
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """A figure with its key, as tables and pictures show it."""

    key: Key
    figure: Figure

    @property
    def verdict(self) -> str:
        if self.key.bound is None:
            return ""
        return "holds" if self.key.bound.holds(self.figure.median) else "falls short"


def save(
    figures: Mapping[str, Figure],
    seed: int,
    faults: list[str],
    place: Path = RESULT,
    skipped: Mapping[str, str] | None = None,
) -> None:
    """Put figures in the file; those of keys that were not measured stay as they are.

    Raises KeyError for a key that `keys.py` does not name.
    """
    at = datetime.now(UTC).isoformat(timespec="seconds")
    before = read(place)
    kept: Json = before.get("keys", {})
    for name, figure in figures.items():
        kept[name] = as_json(BY_NAME[name], figure, at)
    without = {**before.get("skipped", {}), **(skipped or {})}
    found = {
        "at": at,
        "seed": seed,
        "machine": {"cores": os.cpu_count(), "python": platform.python_version()},
        "keys": {name: kept[name] for name in BY_NAME if name in kept},
        "skipped": {name: why for name, why in without.items() if name not in figures},
        "faults": faults,
    }
    place.parent.mkdir(exist_ok=True)
    place.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", "utf-8")


def as_json(key: Key, figure: Figure, at: str) -> Json:
    bound = key.bound
    return {
        "median": figure.median,
        "low": figure.low,
        "high": figure.high,
        "unit": key.unit,
        "target": None if bound is None else str(bound),
        "holds": None if bound is None else bound.holds(figure.median),
        "runs": list(figure.runs),
        "at": at,
    }


def read(place: Path = RESULT) -> Json:
    """What the file holds; nothing where there is none."""
    if not place.exists():
        return {}
    found: Json = json.loads(place.read_text("utf-8"))
    return found


def shown_in(found: Json) -> list[Shown]:
    """Its figures in the order of `keys.py`."""
    kept = found.get("keys", {})
    return [
        Shown(key, Figure(tuple(kept[name]["runs"])))
        for name, key in BY_NAME.items()
        if name in kept
    ]
