"""The usual way of an item, told by both lines: from its proposal to its end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from schemas.arena import AgendaEntry, Attendance
from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.rules import Item, Meeting, Refusal, commands
from services.consultation.rules.commitments import commitment

from .ground import OTHER, actor
from .walking import (
    ITEMS,
    MEETINGS,
    PROPOSAL,
    Walk,
    acts_on,
    advice,
    card_of,
    nonce_of,
)


class NotTaken(AssertionError):
    """A command of the usual way was refused."""


def told(walk: Walk, parts: int, subject: str = ITEMS[0]) -> Walk:
    """The walk after the first so many parts of the usual way."""
    for part in WAY[:parts]:
        part(walk, subject)
    return walk


def taken(walk: Walk, subject: str, command: commands.Command, line: Line) -> Any:
    answer = walk.ask(subject, command, actor("central", line))
    if isinstance(answer, Refusal):
        raise NotTaken(f"{command!r}: {answer.rule}: {answer.detail}")
    walk.now += timedelta(minutes=7)
    return answer


def item_of(walk: Walk, subject: str) -> Item:
    found = walk.boards[subject]
    assert isinstance(found, Item)
    return found


def by_both(walk: Walk, subject: str, command: commands.Command, line: Line) -> None:
    """Prepared by one line and approved by the other."""
    (said,) = taken(walk, subject, command, line)
    taken(walk, subject, commands.Approve(hash=said.data.hash), OTHER[line])


def proposed(walk: Walk, subject: str) -> None:
    taken(walk, subject, PROPOSAL, walk.first)
    taken(walk, subject, commands.Admit(), walk.first)


def prepared(walk: Walk, subject: str) -> None:
    paper = next(acts_on(item_of(walk, subject), 0))
    by_both(walk, subject, commands.Prepare(act=paper), walk.first)


def scored(walk: Walk, subject: str) -> None:
    act = commands.OpenScoring(criteria="criteria-1")
    by_both(walk, subject, commands.Prepare(act=act), walk.first)
    lines: tuple[Line, Line] = (walk.first, OTHER[walk.first])
    begun = item_of(walk, subject).rounds[-1]
    for line in lines:
        card = card_of(line, walk.first, begun.number)
        nonce = nonce_of(subject, line, begun.number)
        bound = commitment(nonce, line, subject, begun.criteria, begun.number, card)
        taken(walk, subject, commands.Commit(round=begun.number, hash=bound), line)
    for line in lines:
        card = card_of(line, walk.first, begun.number)
        nonce = nonce_of(subject, line, begun.number)
        reveal = commands.Reveal(round=begun.number, nonce=nonce, scorecard=card)
        taken(walk, subject, reveal, line)


def heard(walk: Walk, subject: str) -> None:
    meeting, line = MEETINGS[ITEMS.index(subject)], walk.first
    act = commands.ScheduleMeeting(arena="nav", day=oslo_day(walk.now))
    by_both(walk, meeting, commands.Call(act=act), line)
    entries = (AgendaEntry(item=subject, reasons=("ready",)),)
    agenda = commands.PublishAgenda(entries=entries)
    by_both(walk, meeting, commands.PrepareForMeeting(act=agenda), OTHER[line])
    held = commands.HoldMeeting(
        heard=(subject,), attendance=Attendance(state=3, municipal=3)
    )
    by_both(walk, meeting, commands.PrepareForMeeting(act=held), line)
    assert isinstance(walk.boards[meeting], Meeting)


def drafted(walk: Walk, subject: str) -> None:
    act = commands.DraftAdvice(advice=advice("next", walk.first))
    by_both(walk, subject, commands.Prepare(act=act), OTHER[walk.first])


def positioned(walk: Walk, subject: str) -> None:
    draft = item_of(walk, subject).draft
    assert draft is not None
    agree = commands.TakePosition(hash=draft.hash, position="endorse")
    taken(walk, subject, agree, walk.first)
    differ = commands.TakePosition(
        hash=draft.hash, position="dissent", text="Kostnadene er for lavt anslått."
    )
    taken(walk, subject, differ, OTHER[walk.first])


def issued(walk: Walk, subject: str) -> None:
    draft = item_of(walk, subject).draft
    assert draft is not None
    act = commands.IssueAdvice(hash=draft.hash)
    by_both(walk, subject, commands.Prepare(act=act), walk.first)


def decided(walk: Walk, subject: str) -> None:
    given = item_of(walk, subject).advice
    assert given is not None
    for line, outcome in ((walk.first, "adopted"), (OTHER[walk.first], "not_adopted")):
        asked = commands.Decide(
            hash=given.hash,
            outcome=outcome,  # type: ignore[arg-type]
            reason="Behandlet i egen linje.",
            decided=oslo_day(walk.now),
            body="Ledermøtet",
        )
        taken(walk, subject, asked, line)


def followed_up(walk: Walk, subject: str) -> None:
    given = item_of(walk, subject).advice
    assert given is not None
    for line in (walk.first, OTHER[walk.first]):
        asked = commands.Follow(hash=given.hash, outcome="followed", reason="Gjort.")
        taken(walk, subject, asked, line)


def closed(walk: Walk, subject: str) -> None:
    by_both(walk, subject, commands.Prepare(act=commands.CloseItem()), walk.first)


WAY: tuple[Callable[[Walk, str], None], ...] = (
    proposed,
    prepared,
    scored,
    heard,
    drafted,
    positioned,
    issued,
    decided,
    followed_up,
    closed,
)
STAGE_AFTER = (
    "admitted",
    "prepared",
    "prepared",
    "heard",
    "advised",
    "positions_complete",
    "issued",
    "decided",
    "followed_up",
    "closed",
)
