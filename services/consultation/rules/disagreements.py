"""Disagreements with their procedure, and the success factors marked by each line."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.disagreements import (
    DisagreementClosed,
    DisagreementNarrowed,
    DisagreementOpened,
    Factor,
    FactorAssessed,
    Mark,
)
from schemas.models import Gate
from schemas.topics import Line

from .acts import line_of, say
from .commands import Assess, CloseDisagreement, NarrowDisagreement, OpenDisagreement
from .ground import LINES, Actor, Said, refuse, require
from .state import Assessment, Disagreement, Item, Words


def open_one(
    item: Item, asked: OpenDisagreement, actor: Actor, at: datetime
) -> Iterator[Said]:
    """Either line says what is disagreed about."""
    require(
        asked.key not in item.disagreements,
        "what_is_said_stands",
        "this key is used; narrow that disagreement, or choose another key",
    )
    yield say(
        item,
        "disagreement.opened",
        DisagreementOpened(
            initiatives=item.initiatives,
            key=asked.key,
            topic=asked.topic,
            text=asked.text,
            procedure=asked.procedure,
        ),
        actor,
        at,
    )


def narrow(
    item: Item, asked: NarrowDisagreement, actor: Actor, at: datetime
) -> Iterator[Said]:
    still_open(item, asked.key)
    yield say(
        item,
        "disagreement.narrowed",
        DisagreementNarrowed(
            initiatives=item.initiatives, key=asked.key, text=asked.text
        ),
        actor,
        at,
    )


def settle(
    item: Item, asked: CloseDisagreement, actor: Actor, at: datetime
) -> Iterator[Said]:
    """A line says that it is over; the other line says so for itself."""
    found = still_open(item, asked.key)
    require(
        actor.line not in found.closed,
        "what_is_said_stands",
        "your line has said so; the other line says so for itself",
    )
    yield say(
        item,
        "disagreement.closed",
        DisagreementClosed(
            initiatives=item.initiatives, key=asked.key, outcome=asked.outcome
        ),
        actor,
        at,
    )


def still_open(item: Item, key: str) -> Disagreement:
    found = item.disagreements.get(key)
    if found is None or not found.is_open:
        raise refuse("no_disagreement", f"no disagreement {key} is open")
    return found


def assess(item: Item, asked: Assess, actor: Actor, at: datetime) -> Iterator[Said]:
    """A line's mark of a factor; said again, the later stands."""
    require(
        asked.initiative in item.initiatives,
        "not_concerned",
        "the item does not concern this initiative",
        422,
    )
    require(
        asked.gate in ("BP1", "BP2", "BP3"),
        "gate",
        "success factors are marked at BP1, BP2 and BP3",
        422,
    )
    yield say(
        item,
        "success.assessed",
        FactorAssessed(
            initiatives=item.initiatives,
            initiative=asked.initiative,
            gate=asked.gate,
            factor=asked.factor,
            mark=asked.mark,
            evidence=asked.evidence,
        ),
        actor,
        at,
    )


@dataclass(frozen=True, slots=True)
class Gap:
    """A factor that the lines mark more steps apart than the policy allows."""

    initiative: str
    gate: Gate
    factor: Factor
    marks: Mapping[Line, Mark]


def gaps(item: Item, steps: Mapping[str, int | None], most: int) -> Iterator[Gap]:
    """Each factor of each gate, by what each line said last."""
    last: dict[tuple[str, Gate, Factor], dict[Line, Mark]] = {}
    for each in item.assessments:
        place = (each.initiative, each.gate, each.factor)
        last.setdefault(place, {})[each.line] = each.mark
    for (initiative, gate, factor), marks in last.items():
        known = [steps[marks[line]] for line in LINES if line in marks]
        numbers = [step for step in known if step is not None]
        if len(numbers) == 2 and abs(numbers[0] - numbers[1]) > most:
            yield Gap(initiative, gate, factor, marks)


def after_opened(item: Item, said: Said, data: DisagreementOpened) -> dict[str, Any]:
    found = Disagreement(
        key=data.key,
        topic=data.topic,
        opened=Words(line=line_of(said), text=data.text, at=said.at),
        procedure=data.procedure,
    )
    return {"disagreements": {**item.disagreements, data.key: found}}


def after_narrowed(
    item: Item, said: Said, data: DisagreementNarrowed
) -> dict[str, Any]:
    words = Words(line=line_of(said), text=data.text, at=said.at)
    found = item.disagreements[data.key]
    changed = found.model_copy(update={"narrowed": (*found.narrowed, words)})
    return {"disagreements": {**item.disagreements, data.key: changed}}


def after_closed(item: Item, said: Said, data: DisagreementClosed) -> dict[str, Any]:
    line = line_of(said)
    words = Words(line=line, text=data.outcome, at=said.at)
    found = item.disagreements[data.key]
    changed = found.model_copy(update={"closed": {**found.closed, line: words}})
    return {"disagreements": {**item.disagreements, data.key: changed}}


def after_assessed(item: Item, said: Said, data: FactorAssessed) -> dict[str, Any]:
    found = Assessment(
        line=line_of(said),
        initiative=data.initiative,
        gate=data.gate,
        factor=data.factor,
        mark=data.mark,
        evidence=data.evidence,
        at=said.at,
    )
    return {"assessments": (*item.assessments, found)}
