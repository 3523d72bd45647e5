"""One line alone brings an item to advice, whatever the other has done before."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.arena import AgendaEntry, Attendance
from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.rules import Item, Meeting, Refusal, commands

from .ground import GROUND, OTHER, actor
from .test_workflow import EVERYDAY, PARTS, STEPS, walked
from .walking import ITEMS, MEETINGS, PROPOSAL, Step, Walk, acts_on, advice

# longer than every window there is, each of them several times
LOOKS = 120
SUBJECT = ITEMS[0]
ALONE = "meeting:nav:9-26"
SETTINGS = settings(EVERYDAY, max_examples=150)


def push(walk: Walk, line: Line) -> None:
    """What one line does when it only wants the item to come to advice."""
    for subject, command in wishes(walk, line):
        asked = walk.asked_for(subject, command, actor("central", line))
        if not isinstance(walk.ask(subject, command, asked.actor), Refusal):
            return


def wishes(walk: Walk, line: Line) -> list[tuple[str, commands.Command]]:
    item = walk.boards.get(SUBJECT)
    if not isinstance(item, Item):
        return [(SUBJECT, PROPOSAL)]
    found: list[tuple[str, commands.Command]] = [(SUBJECT, commands.Admit())]
    # what was objected to is prepared anew: the other line objects once
    waiting = {k: v for k, v in item.pending.items() if not v.objections}
    found += [(SUBJECT, commands.Approve(hash=each.hash)) for each in waiting.values()]
    if item.stage == "admitted" and "paper" not in waiting:
        found.append((SUBJECT, commands.Prepare(act=next(acts_on(item, 0)))))
    if item.stage == "prepared":
        found += of_meeting(walk)
    if item.stage == "heard" and "draft" not in waiting:
        act = commands.DraftAdvice(advice=advice("later", line))
        found.append((SUBJECT, commands.Prepare(act=act)))
    if item.draft is not None:
        text = item.draft.hash
        endorse = commands.TakePosition(hash=text, position="endorse")
        found.append((SUBJECT, endorse))
        if "issue" not in waiting:
            act_of_issue = commands.IssueAdvice(hash=text)
            found.append((SUBJECT, commands.Prepare(act=act_of_issue)))
    return found


def of_meeting(walk: Walk) -> list[tuple[str, commands.Command]]:
    """A meeting of one's own: called, with the item on its agenda, and held."""
    meeting = walk.boards.get(ALONE)
    if not isinstance(meeting, Meeting):
        act = commands.ScheduleMeeting(arena="nav", day=oslo_day(walk.now))
        return [(ALONE, commands.Call(act=act))]
    wanted: list[commands.Command] = []
    if not meeting.agenda and "agenda" not in meeting.pending:
        entries = (AgendaEntry(item=SUBJECT),)
        agenda = commands.PublishAgenda(entries=entries)
        wanted.append(commands.PrepareForMeeting(act=agenda))
    if meeting.agenda and "held" not in meeting.pending:
        held = commands.HoldMeeting(
            heard=(SUBJECT,), attendance=Attendance(state=1, municipal=0)
        )
        wanted.append(commands.PrepareForMeeting(act=held))
    return [(ALONE, each) for each in wanted]


def is_given(walk: Walk) -> bool:
    item = walk.boards.get(SUBJECT)
    return isinstance(item, Item) and (item.advice is not None or item.is_over)


def brought_to_advice(walk: Walk, line: Line) -> bool:
    for _ in range(LOOKS):
        if is_given(walk):
            return True
        push(walk, line)
        walk.pass_time(timedelta(days=4))
    return is_given(walk)


@SETTINGS
@given(PARTS, STEPS, st.booleans())
def test_a_line_alone_brings_its_item_to_advice(
    parts: int, steps: list[Step], swapped: bool
) -> None:
    """The other may object, defer and draft before; from then on it only waits."""
    walk = walked(parts, steps, GROUND, "state")
    item = walk.boards.get(SUBJECT)
    line: Line = "municipal" if swapped else "state"
    if isinstance(item, Item) and item.stage == "proposed":
        line = item.proposer

    assert brought_to_advice(walk, line)


def test_where_no_window_ends_nothing_comes_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The property would see a line that can block: here no window ever ends."""
    walk = walked(2, [], GROUND, "state")
    monkeypatch.setattr(walk, "pass_time", lambda _: None)

    assert not brought_to_advice(walk, OTHER["state"])
    assert MEETINGS[0] not in walk.boards
