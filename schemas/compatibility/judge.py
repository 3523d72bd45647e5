"""One type's change against one release: every place, both sides, and the meaning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .forms import knowing_reader, reader_form, writer_form
from .inclusion import Refused, refused
from .meaning import noticed
from .names import names_of
from .places import Document
from .verdicts import Change, Where, verdict_of


@dataclass(frozen=True)
class Forms:
    """A type as it is published: what writers say, what readers take."""

    writer: Document
    reader: Document


def forms_of(schema: Document) -> Forms:
    return Forms(writer_form(schema), reader_form(schema))


@dataclass
class Gathered:
    """What was found at one place so far."""

    backward: bool = False
    forward: bool = False
    meaning: bool = False
    rules: dict[str, None] = field(default_factory=dict)
    details: dict[str, None] = field(default_factory=dict)

    def add(self, rule: str, detail: str, **flags: bool) -> None:
        self.rules[rule] = self.details[detail] = None
        for flag, raised in flags.items():
            setattr(self, flag, getattr(self, flag) or raised)


def changes(
    released: Forms, current: Forms, tombstones: Mapping[str, str] | None = None
) -> list[Change]:
    """Every place where a type differs from a release, with its verdict."""
    found: dict[tuple[str, Where], Gathered] = {}

    def place(pointer: str | None, other: str | None) -> Gathered:
        gone = pointer is None
        where = (other if gone else pointer) or ""
        return found.setdefault((where, "released" if gone else "today"), Gathered())

    for one in backward(released, current):
        place(one.reader, one.writer).add(one.rule, one.detail, backward=True)
    for one in forward(released, current):
        place(one.writer, one.reader).add(one.rule, one.detail, forward=True)
    for seen in noticed(released.writer, current.writer, tombstones or {}):
        where = (None, seen.pointer) if seen.gone else (seen.pointer, None)
        place(*where).add(seen.rule, seen.detail, meaning=seen.meaning)
    return [change(*where, found[where]) for where in sorted(found)]


def backward(released: Forms, current: Forms) -> list[Refused]:
    """What was said under a release and is refused by those who read today."""
    return refused(released.writer, knowing_reader(current.reader))


def forward(released: Forms, current: Forms) -> list[Refused]:
    """What is said today and refused by the readers of a release."""
    return refused(current.writer, released.reader)


def change(pointer: str, where: Where, one: Gathered) -> Change:
    verdict = verdict_of(
        backward=one.backward, forward=one.forward, meaning=one.meaning
    )
    return Change(pointer, verdict, tuple(one.rules), tuple(one.details), where)


def used_again(releases: Sequence[Document], current: Document) -> dict[str, str]:
    """Names that a release had, a later one had no more, and that are back.

    Releases come in their order; the answer is as tombstones, each with its reason.
    """
    known = [names_of(one).keys() for one in releases]
    back: dict[str, str] = {}
    for path in names_of(current):
        had = [path in names for names in known]
        if True in had and False in had[had.index(True) :]:
            back[path] = "an earlier release had it, a later one had not"
    return back
