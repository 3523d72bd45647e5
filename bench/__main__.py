"""`python -m bench [intake] [feed] [project] [views]`: figures beside the floors.

Writes `build/bench.json` and prints a table. Absolute times vary from run to run and
from machine to machine: read each beside its floor, which is of the same run.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from . import feed, intake, parts, project, views
from .dataset import SEED
from .floors import fsyncs_per_s

RESULT = Path("build") / "bench.json"
ALL = ("intake", "feed", "project", "views")


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure, its target where one is set, and the floor it stands beside."""

    key: str
    value: float
    unit: str
    target: str
    floor: str


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", help=f"of {', '.join(ALL)}; all if none")
    wanted = parser.parse_args(arguments).what or list(ALL)
    figures, raw = measure(wanted)
    RESULT.parent.mkdir(exist_ok=True)
    RESULT.write_text(json.dumps(raw, indent=2) + "\n")
    show(figures)
    return 0


def measure(wanted: list[str]) -> tuple[list[Figure], dict[str, object]]:
    """All that is wanted; the same figures as written to the file."""
    fsyncs = fsyncs_per_s()
    raw: dict[str, object] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": SEED,
        "floor_fsyncs_per_s": fsyncs,
    }
    figures = [Figure("floor_fsyncs_per_s", fsyncs, "/s", "", "8 KiB, fdatasync")]
    if "intake" in wanted or "feed" in wanted:
        with parts.stack() as running:
            if "intake" in wanted:
                found = asyncio.run(intake.measure(running))
                raw["intake"] = asdict(found)
                figures += intake_figures(found)
            if "feed" in wanted:
                seen = asyncio.run(feed.measure(running))
                raw["feed"] = asdict(seen)
                figures += feed_figures(seen)
    if "project" in wanted:
        with tempfile.TemporaryDirectory(dir=parts.folder()) as folder:
            done = project.measure(Path(folder))
        raw["project"] = asdict(done)
        figures += project_figures(done)
    if "views" in wanted:
        with tempfile.TemporaryDirectory(dir=parts.folder()) as folder:
            shown = views.measure(Path(folder))
        raw["views"] = asdict(shown)
        figures += views_figures(shown)
    return figures, raw


def intake_figures(found: intake.Intake) -> list[Figure]:
    floor = (
        f"bare POST {found.bare_posts_per_s:,.0f}/s, "
        f"bare commit {found.commits_per_s:,.0f}/s"
    )
    return [
        Figure("intake_accepts_per_s", found.accepts_per_s, "/s", "≥ 700", floor),
        Figure("intake_p95_ms", found.p95_ms, "ms", "≤ 30", "16 connections"),
    ]


def feed_figures(found: feed.Feed) -> list[Figure]:
    rate = f"202 → reader, {feed.PER_SECOND} facts/s, {found.missing} missing"
    return [
        Figure("feed_p50_ms", found.p50_ms, "ms", "", rate),
        Figure("feed_p99_ms", found.p99_ms, "ms", "≤ 100", rate),
    ]


def project_figures(found: project.Project) -> list[Figure]:
    floor = f"COPY {found.copied_per_s:,.0f}/s; {found.archived:,} archived"
    value = found.events_per_s
    return [Figure("project_events_per_s", value, "/s", "≥ 10,000 later", floor)]


def views_figures(found: views.Views) -> list[Figure]:
    long = f"{found.history:,} facts in its history"
    many = f"{found.initiatives:,} initiatives, one asker"
    return [
        Figure("view_p95_ms", found.view_p95_ms, "ms", "≤ 10", long),
        Figure("view_p95_ms, as_of", found.as_of_p95_ms, "ms", "≤ 60", long),
        Figure("list_p95_ms", found.list_p95_ms, "ms", "≤ 50", many),
        Figure("process_rss_mb", found.rss_mb, "MB", "≤ 300", "registry, at most"),
    ]


def show(figures: list[Figure]) -> None:
    table = Table("key", "value", "target", "beside")
    for each in figures:
        table.add_row(
            each.key, f"{each.value:,.1f} {each.unit}", each.target, each.floor
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
