"""Runs that take turns: each round measures everything once, one after another.

A machine moves by a tenth and more from minute to minute; what is measured in turns is
moved alike. A figure is the median of its runs, and shown with lowest and highest.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from statistics import median
from traceback import format_exc

Told = Mapping[str, float]
# one run: its figures by key
Run = Callable[[], Told]
# what is prepared once, before the first round, and gives the run
Prepared = Callable[[], AbstractContextManager[Run]]
Progress = Callable[[str], None]
# waits until what a run left to be done is done: it is of no concern to the next
Settle = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Figure:
    """What the runs of a key found."""

    runs: tuple[float, ...]

    @property
    def median(self) -> float:
        return median(self.runs)

    @property
    def low(self) -> float:
        return min(self.runs)

    @property
    def high(self) -> float:
        return max(self.runs)

    @property
    def spread(self) -> float:
        """How far apart lowest and highest are, as a share of the median."""
        return (self.high - self.low) / self.median if self.median else 0.0


@dataclass
class Rounds:
    """All figures of a run of the benchmark, and what went wrong in it."""

    told: list[dict[str, float]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def figures(self) -> dict[str, Figure]:
        """By key; of a round that failed there is no run."""
        runs: dict[str, list[float]] = defaultdict(list)
        for told in self.told:
            for key, value in told.items():
                runs[key].append(value)
        return {key: Figure(tuple(values)) for key, values in runs.items()}

    def compare(self, name: str, one: str, *others: str) -> None:
        """Tell of each round how often the best of others goes into the one."""
        for told in self.told:
            found = [told[other] for other in others if told.get(other)]
            if one in told and found:
                told[name] = told[one] / max(found)


def take_turns(
    measures: Mapping[str, Prepared],
    rounds: int,
    progress: Progress,
    settle: Settle,
) -> Rounds:
    """Prepare everything, then measure it in turns, each once the machine has settled.

    A run that fails is told of and counts as none; the others go on.
    """
    found = Rounds()
    with ExitStack() as stack:
        ready: dict[str, Run] = {}
        for name, prepared in measures.items():
            progress(f"preparing {name}")
            ready[name] = stack.enter_context(prepared())
        for n in range(1, rounds + 1):
            told: dict[str, float] = {}
            for name, run in ready.items():
                settle()
                progress(f"round {n} of {rounds}: {name}")
                try:
                    merge(told, run())
                except Exception:  # noqa: BLE001  # told at the end, with all of it
                    found.faults.append(f"round {n}, {name}:\n{format_exc()}")
            found.told.append(told)
    return found


def merge(told: dict[str, float], more: Told) -> None:
    """Where two tell of one key, which only "at most" of memory does, the greater."""
    for key, value in more.items():
        told[key] = max(value, told.get(key, value))
