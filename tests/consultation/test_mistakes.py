"""Mistakes made on purpose in the rules: each is caught by the property named."""

import traceback
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from schemas.advice import AdviceDrafted
from services.consultation.rules import (
    deciding,
    drafting,
    items,
    meetings,
    positions,
    running,
)
from services.consultation.rules import scoring as scores
from services.consultation.rules.evolving import CHANGES
from services.consultation.rules.ground import Refused

from . import test_workflow as workflow
from .ground import GROUND
from .telling import WAY, NotTaken
from .walking import Step

SEED = 20_261_231
WALKS = 500
Mistake = Callable[[pytest.MonkeyPatch], None]


def a_position_is_taken_on_any_text(patch: pytest.MonkeyPatch) -> None:
    def whatever(item: Any, _: str) -> Any:
        return item.draft if item.draft is not None else drafting.on_the_table(item, _)

    patch.setattr(positions, "on_the_table", whatever)


def a_changed_text_keeps_its_positions(patch: pytest.MonkeyPatch) -> None:
    drafted = drafting.after_drafted

    def kept(item: Any, said: Any, data: Any) -> Any:
        changed = drafted(item, said, data)
        if item.draft is not None:
            held = {"positions": item.draft.positions}
            changed["draft"] = changed["draft"].model_copy(update=held)
        return changed

    patch.setitem(CHANGES, AdviceDrafted, kept)  # type: ignore[misc]


def an_objection_is_overlooked_when_time_has_passed(patch: pytest.MonkeyPatch) -> None:
    def anyway(waiting: Any, at: Any) -> bool:
        return waiting.window_ends is not None and waiting.window_ends <= at

    def of_acts(board: Any) -> Any:
        for kind, waiting in board.pending.items():
            if waiting.window_ends is not None:
                yield running.Deadline(waiting.window_ends, "act", act=kind)

    patch.setattr(deciding, "is_by_time", anyway)
    patch.setattr(running, "of_acts", of_acts)


def the_window_is_not_waited_for(patch: pytest.MonkeyPatch) -> None:
    """What one line has prepared takes effect at the tracker's next look."""

    def of_acts(board: Any) -> Any:
        for kind, waiting in board.pending.items():
            yield running.Deadline(waiting.prepared, "act", act=kind)

    patch.setattr(deciding, "is_by_time", lambda *_: True)
    patch.setattr(running, "of_acts", of_acts)


def a_line_admits_the_others_items(patch: pytest.MonkeyPatch) -> None:
    admit = items.admit

    def for_anybody(item: Any, actor: Any, at: Any) -> Any:
        yield from admit(item.model_copy(update={"proposer": actor.line}), actor, at)

    patch.setattr(items, "admit", for_anybody)


def a_copied_commitment_is_taken(patch: pytest.MonkeyPatch) -> None:
    commit = scores.commit

    def whatever(item: Any, *rest: Any) -> Any:
        bare = tuple(e.model_copy(update={"commitments": {}}) for e in item.rounds)
        try:
            yield from commit(item, *rest)
        except Refused as refused:
            if refused.refusal.rule != "copied_commitment":
                raise
            yield from commit(item.model_copy(update={"rounds": bare}), *rest)

    patch.setattr(scores, "commit", whatever)


def silence_is_recorded_at_every_look(patch: pytest.MonkeyPatch) -> None:
    of_positions = running.of_positions

    def again(item: Any) -> Any:
        if item.version % 7 == 0 and item.draft is not None:
            bare = item.draft.model_copy(update={"positions": {}})
            yield from of_positions(item.model_copy(update={"draft": bare}))
        else:
            yield from of_positions(item)

    patch.setattr(running, "of_positions", again)


def the_state_has_the_chair(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(meetings, "chair_of", lambda *_: "state")


def the_state_may_defer_for_longer(patch: pytest.MonkeyPatch) -> None:
    defer = items.defer

    def favouring(item: Any, asked: Any, actor: Any, at: Any, ground: Any) -> Any:
        days = 20 if actor.line == "municipal" else 45
        windows = replace(ground.windows, longest_deferral_days=days)
        yield from defer(item, asked, actor, at, replace(ground, windows=windows))

    patch.setattr(items, "defer", favouring)


CAUGHT_BY: list[tuple[Mistake, str]] = [
    (a_position_is_taken_on_any_text, "each_line_speaks_for_itself"),
    (a_changed_text_keeps_its_positions, "advice_has_both_positions_on_its_text"),
    (an_objection_is_overlooked_when_time_has_passed, "both_lines_or_the_window"),
    (the_window_is_not_waited_for, "both_lines_or_the_window"),
    (a_line_admits_the_others_items, "each_line_speaks_for_itself"),
    (a_copied_commitment_is_taken, "nothing_is_told_before_both_are_opened"),
    (silence_is_recorded_at_every_look, "deadlines_fire_once"),
    (the_state_has_the_chair, "the_image_is_the_same"),
    (the_state_may_defer_for_longer, "the_image_is_the_same"),
]


def drawn(random: Random) -> tuple[int, list[Step]]:
    """As many parts of the usual way, and then steps at random."""
    tops = (420, 14, 60, 6)
    steps = [
        tuple(random.randrange(top) for top in tops)
        for _ in range(random.randrange(60))
    ]
    return random.randrange(len(WAY) + 1), steps  # type: ignore[return-value]


def caught(mistake: Mistake, by: str) -> int:
    """After how many walks this property, which holds without the mistake, fails."""
    random = Random(SEED)  # noqa: S311  # no secret is made of it
    for tried in range(1, WALKS + 1):
        parts, steps = drawn(random)
        if fails(mistake, by, parts, steps):
            hold(by, parts, steps)
            return tried
    pytest.fail(f"{mistake.__name__} is not caught by {by}")


def fails(mistake: Mistake, by: str, parts: int, steps: list[Step]) -> bool:
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        try:
            hold(by, parts, steps)
        except NotTaken:
            # the usual way itself is no longer taken: no property has been asked
            return False
        except AssertionError as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            assert last.name == by, f"failed in {last.name}, not in {by}"
            return True
    return False


def hold(by: str, parts: int, steps: list[Step]) -> None:
    """Ask the one property of a walk."""
    if by == "the_image_is_the_same":
        workflow.the_image_is_the_same(parts, steps)
        return
    walk = workflow.walked(parts, steps, GROUND, "state")
    (named,) = (each for each in workflow.INVARIANTS if each.__name__ == by)
    named(walk)


@pytest.mark.parametrize(
    ("mistake", "by"), CAUGHT_BY, ids=[each.__name__ for each, _ in CAUGHT_BY]
)
def test_it_is_caught(mistake: Mistake, by: str) -> None:
    assert caught(mistake, by)


def test_what_is_no_mistake_is_not_said_to_be_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("tests.consultation.test_mistakes.WALKS", 20)

    def none(_: pytest.MonkeyPatch) -> None:
        """Nothing is changed."""

    with pytest.raises(pytest.fail.Exception, match="is not caught"):
        caught(none, "both_lines_or_the_window")
