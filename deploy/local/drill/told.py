"""What the drill shows as it goes on, in the end, and in `build/drill.json`."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import orjson
from rich.console import Console
from rich.table import Table

from deploy.local.demo.says import Json
from deploy.local.folder import CHECKOUT

REPORT = CHECKOUT / "build" / "drill.json"


@dataclass
class Step:
    """One step, how long it took, and what it showed."""

    name: str
    seconds: float = 0.0
    showed: str = ""


@dataclass
class Telling:
    """Lines while it runs; the table; the file."""

    console: Console
    steps: list[Step] = field(default_factory=list)
    # what was found besides, for the file
    found: Json = field(default_factory=dict)
    began: float = field(default_factory=monotonic)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step that is being made."""
        made = Step(name)
        began = monotonic()
        self.say(name)
        try:
            yield made
        finally:
            made.seconds = round(monotonic() - began, 1)
            self.steps.append(made)
            if made.showed:
                self.say(f"  {made.showed} ({made.seconds} s)")

    def say(self, sentence: str) -> None:
        now = f"{datetime.now(UTC):%H:%M:%S}"
        self.console.print(
            f"{now}  {sentence}", highlight=False, markup=False, soft_wrap=True
        )

    def show(self) -> None:
        """The table of all steps."""
        table = Table("step", "seconds", "what it showed", title="Restore drill")
        for step in self.steps:
            table.add_row(step.name, f"{step.seconds:.1f}", step.showed)
        self.console.print(table)

    def conclude(
        self, faults: list[str], counts: dict[str, int], to: Path = REPORT
    ) -> None:
        """What does not hold, the file, and one last line."""
        seconds = round(monotonic() - self.began, 1)
        verdict = "failed" if faults else "ok"
        report = {
            "made": datetime.now(UTC).isoformat(timespec="seconds"),
            "verdict": verdict,
            "seconds": seconds,
            "faults": faults,
            "counts": counts,
            **self.found,
            "steps": [
                {"step": s.name, "seconds": s.seconds, "showed": s.showed}
                for s in self.steps
            ],
        }
        to.parent.mkdir(exist_ok=True)
        to.write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2) + b"\n")
        for fault in faults:
            self.console.print(fault, style="red", markup=False, soft_wrap=True)
        numbers = ", ".join(f"{what} {number}" for what, number in counts.items())
        last = f"drill: {verdict} {numbers}, {seconds:.0f} s"
        self.console.print(last, highlight=False, markup=False, soft_wrap=True)
