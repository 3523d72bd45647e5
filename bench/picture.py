"""The figures as a picture: how far each is from its bound, lowest to highest."""

from collections.abc import Iterable, Iterator, Sequence
from html import escape
from math import log10
from pathlib import Path

from .results import Shown
from .table import number

PICTURE = Path("build") / "bench.svg"
NAMES, AXIS, VALUES = 250, 470, 250
ROW, TOP, BOTTOM = 26, 84, 40
WIDTH = NAMES + AXIS + VALUES
# how many times better than its bound a figure may be and still be in the picture
WORST, BEST = 0.1, 100.0
MARKS = (0.1, 1, 10, 100)
HOLDS, SHORT, INK, FAINT = "#1a7f5a", "#b3261e", "#1f2430", "#c9ced6"


def draw(figures: Iterable[Shown], when: str, place: Path = PICTURE) -> Path:
    """Write the picture. What has no bound, or none to divide by, is left out."""
    shown = [each for each in figures if is_drawn(each)]
    place.parent.mkdir(exist_ok=True)
    place.write_text("\n".join(lines_of(shown, when)) + "\n", "utf-8")
    return place


def is_drawn(each: Shown) -> bool:
    return each.key.bound is not None and each.key.bound.value > 0


def lines_of(shown: Sequence[Shown], when: str) -> Iterator[str]:
    height = TOP + ROW * max(1, len(shown)) + BOTTOM
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
        f'viewBox="0 0 {WIDTH} {height}" font-family="sans-serif" font-size="13" '
        f'fill="{INK}">'
    )
    yield f"<title>Tidlig, measured {escape(when)}</title>"
    yield f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>'
    yield text(16, 28, "How many times better than its target", size=17, weight="bold")
    yield text(
        16,
        48,
        f"Measured {when}: median, lowest to highest run; hollow: falls short",
        "#5b6270",
    )
    yield from axis(height)
    for n, each in enumerate(shown):
        yield from row(each, TOP + ROW * n + ROW / 2)
    yield "</svg>"


def axis(height: int) -> Iterator[str]:
    for mark in MARKS:
        at, bound = x_of(mark), mark == 1
        colour, width = (INK, 1.5) if bound else (FAINT, 1)
        yield (
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="{TOP}" y2="{height - BOTTOM}" '
            f'stroke="{colour}" stroke-width="{width}"/>'
        )
        label = "target" if bound else f"{mark:g} ×"
        yield text(at, height - BOTTOM + 18, label, anchor="middle")


def row(each: Shown, y: float) -> Iterator[str]:
    bound, figure = each.key.bound, each.figure
    if bound is None:
        return
    colour = HOLDS if bound.holds(figure.median) else SHORT
    ends = sorted(x_of(bound.times_better(v)) for v in (figure.low, figure.high))
    middle = x_of(bound.times_better(figure.median))
    yield text(NAMES - 14, y + 4, each.key.name, anchor="end")
    yield (
        f'<line x1="{ends[0]:.1f}" x2="{ends[1]:.1f}" y1="{y:.1f}" y2="{y:.1f}" '
        f'stroke="{colour}" stroke-width="6" stroke-linecap="round" opacity="0.35"/>'
    )
    inside = colour if bound.holds(figure.median) else "#ffffff"
    yield (
        f'<circle cx="{middle:.1f}" cy="{y:.1f}" r="5" fill="{inside}" '
        f'stroke="{colour}" stroke-width="2"/>'
    )
    said = f"{number(figure.median, each.key.unit)}  (target {bound})"
    yield text(NAMES + AXIS + 14, y + 4, said, colour)


def x_of(times: float) -> float:
    """Where a figure lies on the axis, which is logarithmic; what is off at an end."""
    inside = min(max(times, WORST), BEST)
    share = (log10(inside) - log10(WORST)) / (log10(BEST) - log10(WORST))
    return NAMES + share * AXIS


def text(
    x: float,
    y: float,
    said: str,
    colour: str = INK,
    *,
    anchor: str = "start",
    size: int = 13,
    weight: str = "normal",
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}" '
        f'font-weight="{weight}" fill="{colour}">{escape(said)}</text>'
    )
