"""The availability log as the sequencer's steps write it, without a database."""

from collections.abc import Sequence

from schemas.identity import Ref, mark
from services.delivery.rules import Initiative, Row, Said, announced
from tests.histories import Told


def said(told: Told) -> Said:
    """The fact as the policy sees it, and where it lies."""
    fact = told.fact
    return Said(
        mark=fact.mark,
        subject=fact.subject,
        ref=fact.ref,
        said_by=fact.type.group,
        speaker=fact.speaker,
        readers=fact.readers,
        visibility=fact.visibility,
        recipients=fact.recipients,
        grant=fact.grant,
        audience=frozenset(fact.audience),
        not_before=getattr(fact.data, "not_before", None),
        type=fact.type.name,
        order=(told.appended, told.topic, 0, told.offset),
        counterpart=fact.counterpart,
        names=None if fact.named is None else mark_of(fact.subject, fact.named),
        names_type=fact.named_type,
    )


def mark_of(subject: str, ref: Ref) -> bytes:
    return mark(subject, ref.source, ref.id)


class Log:
    """Lines, and what was said to be readable; `steps` hold what each step added."""

    def __init__(self) -> None:
        self.initiative = Initiative("s")
        self.taken: list[Said] = []
        self.lines: list[Row] = []
        self.said: set[tuple[str, Ref]] = set()
        self.steps: list[list[Row]] = []

    def step(self, batch: Sequence[Told]) -> None:
        """Take a batch as the sequencer does, knowing of before what bears on it."""
        arrivals = [said(told) for told in batch]
        before = self.initiative
        self.initiative = Initiative("s", before.shares, {}, before.rows)
        for each in self.bearing_on(arrivals):
            self.initiative.know(each)
        for each in arrivals:
            self.initiative.take(each)
        self.taken += arrivals
        placed = list(enumerate(self.initiative.new_rows, len(self.lines)))
        self.steps.append([row for _, row in placed])
        for position, row in placed:
            row.position = position
            self.lines.append(row)
        for (_, channel), lines in announced(placed).items():
            self.said.update((channel, row.said.ref) for _, row in lines)

    def bearing_on(self, arrivals: Sequence[Said]) -> list[Said]:
        """All that was taken where a grant changes, else what is named or names."""
        if any(each.grant is not None for each in arrivals):
            return self.taken
        marks = {each.mark for each in arrivals}
        names = {each.names for each in arrivals}
        return [e for e in self.taken if e.mark in names or e.names in marks]

    @property
    def standing(self) -> set[tuple[str, bytes]]:
        return {(row.channel, row.said.mark) for row in self.lines if not row.void}


def logged(batches: Sequence[Sequence[Told]]) -> Log:
    log = Log()
    for batch in batches:
        log.step(batch)
    return log
