"""The page: every statement with the tests that hold it, made from the files."""

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter
from pathlib import Path

from .statements import Section, Statement, every

PAGE = Path(__file__).parents[1] / "FACTS.md"
HEAD = """\
# What holds of a fact, and which test holds it

Made by `python -m tests.facts`; do not edit. Each line says, in few words, one thing
that the contract of a fact lays down; the test named beside it fails when that no
longer holds. A *mistake* was planted on purpose, and a test of its own shows that it
is caught.
"""


def page(found: Sequence[Section]) -> str:
    """The whole page."""
    return "\n".join([HEAD, *summary(found), *lists(found), *bodies(found)])


def summary(found: Sequence[Section]) -> Iterator[str]:
    said = list(every(found))
    held = [each for each in said if each.tests and not (each.reserved or each.missing)]
    tests = {test for each in held for test in each.tests}
    reserved, arena, missing = (
        sum(bool(kind(each)) for each in said)
        for kind in (attrgetter("reserved"), attrgetter("arena"), attrgetter("missing"))
    )
    yield f"{len(said)} statements: {len(held)} are held by {len(tests)} tests,"
    yield f"{reserved} are reserved, {arena} left to the arena. Of {missing} something"
    yield "does not hold yet, or stands nowhere.\n"


def lists(found: Sequence[Section]) -> Iterator[str]:
    said = list(every(found))
    yield from listed(
        "What does not hold yet", ((e, e.missing) for e in said if e.missing)
    )
    yield from listed(
        "Reserved: the meaning is fixed, nothing takes it yet",
        ((e, e.reserved) for e in said if e.reserved),
    )
    yield from listed("Left to the arena", ((e, e.arena) for e in said if e.arena))


def listed(title: str, found: Iterable[tuple[Statement, str]]) -> Iterator[str]:
    yield f"## {title}\n"
    for each, why in found:
        yield f"- **{each.id}** {each.says} *({why})*"
    yield ""


def bodies(found: Iterable[Section]) -> Iterator[str]:
    for section in found:
        yield f"## {section.number}. {section.title}\n"
        yield "| statement | says | held by |"
        yield "|---|---|---|"
        yield from (row(each) for each in section.statements)
        yield ""


def row(each: Statement) -> str:
    says = each.says + (f" *({each.note})*" if each.note else "")
    return f"| {each.id} | {escaped(says)} | {'<br>'.join(holders(each))} |"


def holders(each: Statement) -> Iterator[str]:
    if each.arena:
        yield "left to the arena"
    if each.reserved:
        yield f"reserved: {escaped(each.reserved)}"
    yield from (link(node) for node in each.tests)
    if each.missing:
        yield f"**not yet:** {escaped(each.missing)}"
    for node in each.mistakes:
        yield f"mistake: {link(node)}"


def link(node: str) -> str:
    file, _, name = node.partition("::")
    return f"[`{name}`]({file.removeprefix('tests/')})"


def escaped(text: str) -> str:
    return text.replace("|", "\\|")
