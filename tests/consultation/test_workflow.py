"""Random sequences of commands: no state outside the workflow, and no way around it."""

from datetime import timedelta

import orjson
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.policies import calendars, factor_steps
from services.consultation.rules import Ground, Item, evolve, fold
from services.consultation.rules.agenda import may_stand_out, suggestions
from services.consultation.rules.state import Issued

from .ground import GROUND, LINES, MIRRORED
from .mirroring import normal, turned
from .telling import WAY, told
from .walking import Step, Walk

NUMBERS = st.integers(0, 419)
STEPS = st.lists(
    st.tuples(NUMBERS, st.integers(0, 13), st.integers(0, 59), st.integers(0, 5)),
    max_size=60,
)
# how much of the usual way has been gone before the random part begins
PARTS = st.integers(0, len(WAY))
# what fails is made smaller, but its lines are not explained: that takes minutes
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
EVERYDAY = settings(max_examples=500, deadline=None, phases=PHASES)
FORWARD = {
    "proposed": {"admitted", "withdrawn"},
    "admitted": {"prepared", "withdrawn"},
    "prepared": {"heard", "withdrawn"},
    "heard": {"advised", "withdrawn"},
    "advised": {"positions_complete"},
    "positions_complete": {"advised", "issued"},
    "issued": {"decided", "followed_up"},
    "decided": {"followed_up", "issued"},
    "followed_up": {"decided", "closed", "issued"},
    "closed": set(),
    "withdrawn": set(),
}


def goes_by_the_workflow(walk: Walk) -> None:
    """Stages follow each other as the workflow has it, and every fact counts once."""
    for was, said in zip(walk.before, walk.facts, strict=True):
        now = evolve(was, said)
        assert now.version == (0 if was is None else was.version) + 1
        if isinstance(was, Item) and isinstance(now, Item):
            assert now.stage == was.stage or now.stage in FORWARD[was.stage]
            assert now.proposer == was.proposer
            assert [*map(as_given, now.issued)][: len(was.issued)] == [
                *map(as_given, was.issued)
            ]
            assert now.decisions[: len(was.decisions)] == was.decisions


def who_may_not_stand_out_has_no_reason(walk: Walk) -> None:
    """Neither now nor in a year: such an item is only looked for by its locks."""
    days = [oslo_day(walk.now) + timedelta(days=each) for each in (0, 45, 365)]
    for item in walk.items().values():
        if item.is_over or may_stand_out(item):
            continue
        for day in days:
            found = suggestions([item], {}, calendars(), factor_steps(), day, GROUND)
            assert found == []


def as_given(advice: Issued) -> tuple[object, ...]:
    """What never changes of advice once it is given; that it is superseded is added."""
    return advice.version, advice.hash, advice.advice, advice.positions


def each_line_speaks_for_itself(walk: Walk) -> None:
    """What a line says was asked by its own body, and of its own items."""
    for asked, said in zip(walk.asked, walk.facts, strict=True):
        if said.line is not None:
            assert asked is not None
            assert (said.line, said.org) == (asked.actor.line, asked.actor.orgnr)
        if said.name == "advice.position.recorded":
            assert asked is not None
            assert said.data.hash == asked.command.hash  # type: ignore[attr-defined, union-attr]
        if said.name == "arena.item.admitted":
            board = walk.boards[said.subject]
            assert isinstance(board, Item)
            assert said.line == board.proposer


def both_lines_or_the_window(walk: Walk) -> None:
    """In the arena's name: both approved, or nobody objected while there was time."""
    kinds = {
        "arena.scoring.opened": "scoring",
        "arena.item.prepared": "paper",
        "advice.drafted": "draft",
        "advice.issued": "issue",
        "arena.item.closed": "close",
        "arena.meeting.scheduled": "schedule",
        "arena.agenda.published": "agenda",
        "arena.meeting.held": "held",
        "arena.minutes.approved": "minutes",
    }
    for was, said in zip(walk.before, walk.facts, strict=True):
        if said.name not in kinds or was is None:
            continue
        waiting = was.pending[kinds[said.name]]  # type: ignore[index]
        lines = {label.split(":")[0] for label in said.data.actors}  # type: ignore[attr-defined]
        if lines == set(LINES):
            assert set(waiting.approvals) == set(LINES)
        else:
            assert waiting.window_ends is not None
            assert waiting.window_ends <= said.at
            assert not waiting.objections


def advice_has_both_positions_on_its_text(walk: Walk) -> None:
    for board in walk.items().values():
        for given_advice in board.issued:
            assert set(given_advice.positions) == set(LINES)
            assert {e.hash for e in given_advice.positions.values()} == {
                given_advice.hash
            }
        if board.draft is not None:
            assert {e.hash for e in board.draft.positions.values()} <= {
                board.draft.hash
            }


def nothing_is_told_before_both_are_opened(walk: Walk) -> None:
    """A scorecard is in no fact before its round is opened."""
    told: set[tuple[str, int]] = set()
    for said in walk.facts:
        if said.name == "arena.scores.revealed":
            told.add((said.subject, said.data.round))  # type: ignore[attr-defined]
            continue
        text = said.data.model_dump_json()
        for subject, cards in walk.sealed.items():
            for card in cards.values():
                assert card.nonce not in text, subject
    for item in walk.items().values():
        for begun in item.rounds:
            assert len(set(begun.commitments.values())) == len(begun.commitments)
            assert not begun.cards or (item.id, begun.number) in told


def deadlines_fire_once(walk: Walk) -> None:
    seen = [
        (said.subject, said.name, said.data.line, said.data.hash)  # type: ignore[attr-defined]
        for said in walk.facts
        if said.name in ("silence.noted", "duty.overdue")
    ]
    assert len(set(seen)) == len(seen)


def replay_gives_what_is_stored(walk: Walk) -> None:
    """The facts give the state, and the state as it is stored is the same again."""
    assert fold(walk.facts) == walk.boards
    for board in walk.boards.values():
        stored = orjson.dumps(board.model_dump(mode="json"))
        assert type(board).model_validate_json(stored) == board


INVARIANTS = (
    goes_by_the_workflow,
    who_may_not_stand_out_has_no_reason,
    each_line_speaks_for_itself,
    both_lines_or_the_window,
    advice_has_both_positions_on_its_text,
    nothing_is_told_before_both_are_opened,
    deadlines_fire_once,
    replay_gives_what_is_stored,
)


def walked(parts: int, steps: list[Step], ground: Ground, first: Line) -> Walk:
    walk = told(Walk(ground, first), parts)
    for step in steps:
        walk.take(step)
    return walk


def everything_holds(parts: int, steps: list[Step]) -> None:
    walk = walked(parts, steps, GROUND, "state")
    for invariant in INVARIANTS:
        invariant(walk)


def the_image_is_the_same(parts: int, steps: list[Step]) -> None:
    """Swapping the lines in a whole walk swaps all that comes of it."""
    walk = walked(parts, steps, GROUND, "state")
    image = walked(parts, steps, MIRRORED, "municipal")
    assert normal(image) == turned(walk)


@EVERYDAY
@given(PARTS, STEPS)
def test_no_sequence_of_commands_leaves_the_workflow(
    parts: int, steps: list[Step]
) -> None:
    everything_holds(parts, steps)


@EVERYDAY
@given(PARTS, STEPS)
def test_swapped_lines_swap_everything_said_and_refused(
    parts: int, steps: list[Step]
) -> None:
    the_image_is_the_same(parts, steps)


@pytest.mark.long
@settings(max_examples=20_000, deadline=None, phases=PHASES)
@given(PARTS, STEPS)
def test_twenty_thousand_sequences_hold(parts: int, steps: list[Step]) -> None:
    everything_holds(parts, steps)
    the_image_is_the_same(parts, steps)
