"""Bounds on texts: lengths, patterns, formats."""

from collections.abc import Iterator

from .alternatives import Alternative
from .arrays import size_refusals
from .regular import NotRegular, within

# a length is compared with a pattern only up to here: the automaton has a state a sign
LONGEST = 130


def refusals(said: Alternative, taken: Alternative) -> Iterator[tuple[str, str]]:
    """Texts that the writer's bounds allow and the reader's do not."""
    if not pattern_bounds_length(said, taken):
        yield from size_refusals(said, taken, "Length")
    yield from pattern_refusals(said, taken)
    ours, theirs = said.get("format"), taken.get("format")
    if theirs is not None and ours != theirs:
        yield "format", f"writers say {ours or 'any text'}, readers take {theirs}"


def pattern_refusals(
    said: Alternative, taken: Alternative
) -> Iterator[tuple[str, str]]:
    ours, theirs = said.get("pattern"), taken.get("pattern")
    if theirs is None or ours == theirs:
        return
    try:
        if within(text_pattern(said), theirs):
            return
        yield "pattern", f"writers say {ours or 'any text'}, readers take {theirs}"
    except NotRegular:
        yield "pattern", f"{ours} and {theirs} differ, and cannot be compared"


def pattern_bounds_length(said: Alternative, taken: Alternative) -> bool:
    """Whether the writer's pattern alone keeps within the reader's lengths."""
    low, high = taken.get("minLength", 0), taken.get("maxLength", "")
    if "pattern" not in said.bounds or max(low, high or 0) > LONGEST:
        return False
    try:
        return within(said.get("pattern"), rf"^[\s\S]{{{low},{high}}}$")
    except NotRegular:
        return False


def text_pattern(said: Alternative) -> str:
    """The writer's pattern, or its lengths as one."""
    if "pattern" in said.bounds:
        return str(said.get("pattern"))
    low, high = said.get("minLength", 0), said.get("maxLength", "")
    if max(low, high or 0) > LONGEST:
        low, high = min(low, 1), ""
    return rf"^[\s\S]{{{low},{high}}}$"
