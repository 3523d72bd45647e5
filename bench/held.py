"""`python -m bench.held`: the README's table of what holds, from the last runs.

It is made from `build/bench.json` and `build/chaos.json` and stands between two marks
in the README, never typed. These files are of a machine and not committed: so no test
asks whether the table is fresh; whoever has measured makes it anew and commits it.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import results
from .keys import Bound, at_least, at_most
from .table import number

README = Path("README.md")
CHAOS = Path("build") / "chaos.json"
START, END = "<!-- made by `make held` -->", "<!-- end -->"
NOTHING = "Nothing was measured: `make bench`, then `make held`."


@dataclass(frozen=True, slots=True)
class Fault:
    """A line of the chaos run: what was counted, and what it must be."""

    name: str
    says: str
    bound: Bound


FAULTS = (
    Fault("events", "facts emitted under faults", at_least(100_000)),
    Fault("kills", "processes killed", at_least(50)),
    Fault("broker_restarts", "Kafka ended and started again", at_least(5)),
    Fault("postgres_restarts", "Postgres ended and started again", at_least(3)),
    Fault("pauses", "processes stopped beyond their session", at_least(20)),
    Fault("lost", "facts lost", at_most(0)),
    Fault("duplicated", "effects that happened twice", at_most(0)),
    Fault("order_violations", "facts out of their speaker's order", at_most(0)),
    Fault("leaks", "facts shown to who may not read them", at_most(0)),
    Fault("heal_seconds_max", "seconds until all had healed, at most", at_most(60)),
)


class NoMarks(Exception):
    """The README has no place for the table."""

    def __init__(self, readme: Path) -> None:
        super().__init__(
            f"put `{START}` and `{END}` where the table is to be: {readme}"
        )


def main() -> int:
    try:
        fill(README, results.read(), results.read(CHAOS))
    except NoMarks as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def fill(readme: Path, bench: dict[str, Any], chaos: dict[str, Any]) -> None:
    """Put the table between the marks. Raises `NoMarks`."""
    before, mark, rest = readme.read_text("utf-8").partition(START)
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise NoMarks(readme)
    table = "\n".join(lines_of(bench, chaos))
    readme.write_text(f"{before}{START}\n{table}\n{END}{after}", "utf-8")


def lines_of(bench: dict[str, Any], chaos: dict[str, Any]) -> Iterator[str]:
    """Figures with a target, then what the faults did; each with its verdict."""
    if not (bench or chaos):
        yield NOTHING
        return
    yield "| what | target | found, lowest to highest | |"
    yield "|---|---|---|---|"
    yield from figures_of(bench)
    yield from faults_of(chaos)
    yield ""
    yield from notes_of(bench, chaos)


def figures_of(bench: dict[str, Any]) -> Iterator[str]:
    for each in results.shown_in(bench):
        bound, figure, unit = each.key.bound, each.figure, each.key.unit
        if bound is None:
            continue
        found = number(figure.median, unit)
        if len(figure.runs) > 1:
            found += f" ({number(figure.low)} to {number(figure.high)})"
        what = f"{each.key.work}: `{each.key.name}`"
        yield row(what, f"{bound} {unit}", found, bound.holds(figure.median))


def faults_of(chaos: dict[str, Any]) -> Iterator[str]:
    for each in FAULTS:
        if each.name in chaos:
            found = chaos[each.name]
            what = f"{each.says}: `{each.name}`"
            yield row(what, str(each.bound), number(found), each.bound.holds(found))
    if "mutants_total" in chaos:
        caught, planted = chaos["mutants_caught"], chaos["mutants_total"]
        what = "mistakes planted on purpose that were caught: `mutants_caught`"
        holds = caught == planted > 0
        yield row(what, "all", f"{caught} of {planted}", holds)


def row(what: str, target: str, found: str, holds: bool) -> str:
    verdict = "holds" if holds else "**falls short**"
    return f"| {what} | {target.rstrip()} | {found} | {verdict} |"


def notes_of(bench: dict[str, Any], chaos: dict[str, Any]) -> Iterator[str]:
    if bench:
        found = results.shown_in(bench)
        floors = [s for s in found if s.key.name.startswith("floor_")]
        runs = max((len(s.figure.runs) for s in found), default=0)
        said = "; ".join(
            f"{s.key.work}: {number(s.figure.median, s.key.unit)}" for s in floors
        )
        yield (
            f"Measured {bench['at'][:10]} on {bench['machine']['cores']} cores, with "
            f"broker, database and load on them: the median of up to {runs} runs that "
            f"took turns. Of the machine itself: {said or 'not measured'}."
        )
    for name, why in bench.get("skipped", {}).items():
        yield f"`{name}` was skipped, because {why}."
    if chaos:
        seed = f", seed {chaos['seed']}" if "seed" in chaos else ""
        yield f"The faults were those of the chaos run{seed}."


if __name__ == "__main__":
    sys.exit(main())
