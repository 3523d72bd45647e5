"""The report on a terminal: the worst first, and beside each number what to do."""

from collections.abc import Iterator

from rich.console import Group
from rich.table import Table
from rich.text import Text

from . import rules, words
from .report import GroupLag, PartitionLag, Report, Stopped, age

UNKNOWN = "?"


def tables(report: Report, *, every: bool) -> Group:
    """All of it. Without `every` only partitions that have something to say."""
    parts = [groups(report, every=every), services(report), rejected(report)]
    if report.stopped:
        parts.insert(1, stopped(report))
    if report.parked:
        parts.insert(1, parked(report))
    spaced = (each for part in parts for each in (part, Text()))
    return Group(*spaced, *conclusion(report))


def table(title: str, *columns: str) -> Table:
    """With numbers to the right; every cell is taken as it is."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for column in columns:
        numeric = column in {"records", "seconds", "members", "waiting"}
        made.add_column(
            column,
            justify="right" if numeric else "left",
            no_wrap=column not in {"what to do", "error"},
            overflow="fold",
        )
    return made


def add(made: Table, *cells: str, style: str = "") -> None:
    made.add_row(*(Text(printable(cell)) for cell in cells), style=style)


def printable(text: str) -> str:
    """Others name their groups: what would steer the terminal is not let through."""
    return "".join(
        sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text
    )


def groups(report: Report, *, every: bool) -> Table:
    made = table(
        "Consumer groups", "group", "records", "seconds", "members", "what to do"
    )
    standing = {(stop.group, stop.topic, stop.partition) for stop in report.stopped}
    for group in report.groups:
        style = style_of(group)
        cells = (group.name, count(group.records), seconds(group.seconds))
        add(made, *cells, count(group.members), words.of_group(group), style=style)
        for part, stop in partitions(group, standing, every=every):
            name = f"  {part.topic}/{part.partition}"
            said = words.of_partition(group, part, stopped=stop)
            add(made, name, count(part.records), seconds(part.seconds), "", said)
    return made


def partitions(
    group: GroupLag, standing: set[tuple[str, str, int]], *, every: bool
) -> Iterator[tuple[PartitionLag, bool]]:
    """Those to show, and whether the service is stopped there."""
    for part in group.partitions:
        stop = (group.name, part.topic, part.partition) in standing
        if every or stop or rules.has_something_to_say(part):
            yield part, stop


def style_of(group: GroupLag) -> str:
    if group.error:
        return "red"
    return "yellow" if rules.is_behind(group) else ""


def stopped(report: Report) -> Table:
    made = failing("Stopped")
    for stop in report.stopped:
        add(made, *failure(stop, report), words.of_stop(stop), style="red")
    return made


def parked(report: Report) -> Table:
    made = failing("Parked")
    for fact in report.parked:
        style = "" if fact.set_aside else "red"
        add(made, *failure(fact, report), words.of_parked(fact), style=style)
    return made


def failing(title: str) -> Table:
    return table(title, "partition", "offset", "since", "error", "what to do")


def failure(found: Stopped, report: Report) -> tuple[str, ...]:
    """Where the code fails, since when, and of what."""
    return (
        f"{found.group}: {found.topic}/{found.partition}",
        str(found.offset),
        f"{age(found.since, report.measured):.0f} s ago",
        f"{found.error_class} at {found.place}",
    )


def services(report: Report) -> Table:
    made = table("Outboxes", "service", "waiting", "seconds", "what to do")
    for each in report.services:
        box = each.outbox
        if box is None:
            add(made, each.name, UNKNOWN, UNKNOWN, words.UNANSWERED, style="red")
        else:
            said = words.of_outbox(each, box)
            cells = (each.name, count(box.waiting), seconds(box.oldest_seconds))
            add(made, *cells, said, style="yellow" if said else "")
    return made


def rejected(report: Report) -> Table:
    made = table("Rejected", "records", "what to do")
    found = report.rejected
    if found is None:
        add(made, UNKNOWN, words.UNANSWERED, style="red")
        return made
    said = words.of_rejected(found)
    style = "yellow" if said else ""
    add(made, f"{found.recent} in 24 h, {found.kept} kept", said, style=style)
    return made


def conclusion(report: Report) -> list[Text]:
    """The verdict in words, and what could not be asked."""
    colours = {"caught_up": "green", "behind": "yellow", "unknown": "red"}
    first, *rest = words.conclusion(report)
    return [Text(first, style=colours[report.verdict]), *map(Text, rest)]


def count(number: int | None) -> str:
    return UNKNOWN if number is None else str(number)


def seconds(number: float | None) -> str:
    """With a tenth where that says something."""
    if number is None:
        return UNKNOWN
    return f"{number:.1f}" if 0 < number < 100 else f"{number:.0f}"
