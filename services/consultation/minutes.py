"""Minutes: made from the facts, as they stood when the meeting was held."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import orjson

from schemas.admission import admit
from schemas.advice import Band, Outcome
from schemas.fact import Fact
from schemas.models import Language
from schemas.topics import Line
from services.kit.db import Connection, Pool

from . import recording, store
from .rules import Board, Item, Meeting, Said, evolve
from .rules.acts import hash_of
from .rules.follow_through import outcome_of
from .store import Kept


@dataclass(frozen=True, slots=True)
class OfItem:
    """What the minutes say of an item: as it stood when the meeting was held."""

    number: str
    question: str
    proposer: Line
    heard: bool
    stage: str
    band: Band | None
    advice: str | None
    positions: Mapping[Line, tuple[str, str | None]]
    decisions: tuple[tuple[Line, str, Outcome, str], ...]
    follow_up: Mapping[Line, str]
    overdue: tuple[Line, ...]
    disagreements: tuple[tuple[str, bool], ...]


@dataclass(frozen=True, slots=True)
class Minutes:
    """The minutes of a meeting, in the language that it chose."""

    number: str
    arena: str
    day: date
    chair: Line | None
    language: Language
    attendance: Mapping[Line, int]
    items: tuple[OfItem, ...]
    corrections: tuple[tuple[Line, str], ...]
    approved: bool

    @property
    def hash(self) -> str:
        """Of what both lines approve: all of it but that they have."""
        return hash_of({k: v for k, v in as_json(self).items() if k != "approved"})


def as_json(minutes: Minutes) -> dict[str, object]:
    found: dict[str, object] = orjson.loads(orjson.dumps(minutes))
    return found


def minutes_of(meeting: Meeting, items: Mapping[str, Item]) -> Minutes:
    """The minutes, from the meeting and its items as they were at its end."""
    attendance = meeting.attendance
    return Minutes(
        number=meeting.number,
        arena=meeting.arena,
        day=meeting.day,
        chair=meeting.chair,
        language=meeting.language,
        attendance={}
        if attendance is None
        else {"state": attendance.state, "municipal": attendance.municipal},
        items=tuple(
            of_item(items[entry.item], entry.item in meeting.heard)
            for entry in meeting.agenda
            if entry.item in items
        ),
        corrections=tuple((each.line, each.text) for each in meeting.corrections),
        approved=meeting.stage == "minuted",
    )


def of_item(item: Item, heard: bool) -> OfItem:
    text = item.advice or item.draft
    return OfItem(
        number=item.number,
        question=item.question,
        proposer=item.proposer,
        heard=heard,
        stage=item.stage,
        band=None if text is None else text.advice.band,
        advice=None if text is None else text.advice.text,
        positions={}
        if text is None
        else {
            line: (each.position, each.text) for line, each in text.positions.items()
        },
        decisions=tuple(
            (each.line, each.body, each.outcome, each.reason) for each in item.decisions
        ),
        follow_up={}
        if item.advice is None
        else {
            "state": outcome_of(item, "state"),
            "municipal": outcome_of(item, "municipal"),
        },
        overdue=tuple(sorted(item.overdue)),
        disagreements=tuple(
            (each.opened.text, each.is_open) for each in item.disagreements.values()
        ),
    )


async def read(conn: Connection | Pool, meeting: Meeting) -> Minutes:
    """The minutes of a meeting, its items read back from the facts."""
    held = [kept for kept in await store.facts(conn, meeting.id) if kept.name == HELD]
    items: dict[str, Item] = {}
    for entry in meeting.agenda:
        facts = await store.facts(conn, entry.item)
        if held:
            facts = [each for each in facts if each.accepted <= held[0].accepted]
        board = folded(facts)
        if isinstance(board, Item):
            items[entry.item] = board
    return minutes_of(meeting, items)


HELD = "arena.meeting.held"


async def minutes_hash(conn: Connection, meeting: Meeting) -> str | None:
    if not meeting.was_held:
        return None
    return (await read(conn, meeting)).hash


def folded(facts: list[Kept]) -> Board | None:
    """The state that facts add up to."""
    board: Board | None = None
    for each in facts:
        board = evolve(board, said_in(each))
    return board


def said_in(kept: Kept) -> Said:
    """A kept fact, as the rules know it."""
    fact = admit(
        kept.value, (), recording.topic_of(kept.name).name, kept.subject.encode()
    )
    if not isinstance(fact, Fact):
        raise recording.NotAdmitted(kept.name)
    return recording.said_in(fact)
