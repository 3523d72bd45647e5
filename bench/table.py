"""The figures as a table in the terminal."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.table import Table

from .results import Shown

WIDE = 160


def show(figures: Iterable[Shown], skipped: Mapping[str, str] | None = None) -> None:
    """Print it, and what was left out with why."""
    table = Table("key", "median", "lowest … highest", "target", "verdict", "work")
    for each in figures:
        bound = "" if each.key.bound is None else str(each.key.bound)
        table.add_row(
            each.key.name,
            number(each.figure.median, each.key.unit),
            spread(each),
            bound,
            each.verdict,
            each.key.work,
        )
    console = Console()
    if not console.is_terminal:
        # a terminal's lines are wrapped as it likes; a file's are as long as they must
        console = Console(width=WIDE)
    console.print(table)
    for name, why in (skipped or {}).items():
        console.print(f"{name}: skipped, because {why}", markup=False)


def number(value: float, unit: str = "") -> str:
    """Three digits that count: 12,345, 123, 12.3, 1.23, 0.123; a whole one as it is."""
    size = abs(value) if value % 1 else 100
    digits = 0 if size >= 100 else 1 if size >= 10 else 2 if size >= 1 else 3
    text = f"{value:,.{digits}f}" if value else "0"
    return f"{text} {unit}".rstrip()


def spread(each: Shown) -> str:
    """Lowest and highest; nothing where there was one run."""
    if len(each.figure.runs) == 1:
        return "one run"
    return f"{number(each.figure.low)} … {number(each.figure.high)}"
