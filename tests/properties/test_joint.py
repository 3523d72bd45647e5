"""`facts.md` §2, joint: one case with two sides, of which neither is the first."""

from collections import Counter
from collections.abc import Mapping
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.policy import Reader
from services.registry import cases
from services.registry.cases import Joint, joint_with
from services.registry.rules import Projection, fold, project
from tests.histories import Choices, Story
from tests.mistakes.named import failing

from . import table
from .cases import BYTES, EVERYDAY, Pair, pair_of, pairs
from .naive import judging, reading
from .naive.said import Said, said
from .naive.standing import standing

SEED = 20_260_302
Sides = Mapping[str, Projection]


def seen_by(reader: Reader, pair: Pair) -> Sides:
    """What the reader sees of each side; nothing where it may read none of it."""
    found = {}
    for story in (pair.one, pair.other):
        told = [(each.fact, each.offset) for each in story.teller.told]
        seen = project(fold(story.teller.subject, told), reader)
        if not seen.empty:
            found[story.teller.subject] = seen
    return found


def tie(sides: Sides, here: Story, there: Story) -> Joint | None:
    """What one side is shown to be joined with, of the other."""
    seen = sides.get(here.teller.subject)
    found = [] if seen is None else joint_with(seen, sides)
    return next((each for each in found if each.subject == there.teller.subject), None)


@EVERYDAY
@given(pairs(), st.sampled_from(sorted(table.READERS)))
def test_a_joint_case_is_the_same_from_both_sides(pair: Pair, name: str) -> None:
    with table.in_use():
        sides = seen_by(table.READERS[name], pair)
        one = tie(sides, pair.one, pair.other)
        other = tie(sides, pair.other, pair.one)

    mutual = one is not None and one.mutual
    assert mutual == (other is not None and other.mutual)
    if mutual:
        assert one is not None
        assert other is not None
        assert one.diverged == other.diverged


@EVERYDAY
@given(pairs(), st.sampled_from(sorted(table.READERS)))
def test_a_case_is_joint_as_a_naive_reading_of_both_sides_says(
    pair: Pair, name: str
) -> None:
    is_as_a_naive_reading_says(pair, name)


def is_as_a_naive_reading_says(pair: Pair, name: str) -> None:
    with table.in_use():
        sides = seen_by(table.READERS[name], pair)
        found = tie(sides, pair.one, pair.other)
        one, other = history(pair.one), history(pair.other)
        there = says_so(one, pair.other, name)
        mutual = there and says_so(other, pair.one, name)
        expected = diverged(one, other, name)

    assert (found is not None) == there
    if found is not None:
        assert found.mutual == mutual
        whole = expected is not None and mutual
        assert found.diverged == (expected if whole else None)


def test_cases_are_mutual_one_sided_and_diverged_often_enough() -> None:
    random = Random(SEED)  # noqa: S311  # no secret is made of it
    kinds: Counter[str] = Counter()
    for _ in range(300):
        pair = pair_of(Choices(random.randbytes(BYTES)))
        with table.in_use():
            found = tie(seen_by(table.READERS[pair.one.owner], pair), *both(pair))
        kinds[kind_of(found)] += 1

    assert kinds["mutual"] + kinds["diverged"] >= 60, kinds
    assert kinds["diverged"] >= 10, kinds
    assert kinds["one-sided"] >= 30, kinds


def both(pair: Pair) -> tuple[Story, Story]:
    return pair.one, pair.other


def kind_of(found: Joint | None) -> str:
    if found is None:
        return "none"
    if not found.mutual:
        return "one-sided"
    return "diverged" if found.diverged else "mutual"


def test_one_sides_word_that_makes_a_case_of_two_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Claimed by one alone, it would be shown as if both had said it."""
    monkeypatch.setattr(cases, "is_mutual", lambda *_: True)

    with failing(is_as_a_naive_reading_says):
        random = Random(SEED)  # noqa: S311
        for _ in range(300):
            pair = pair_of(Choices(random.randbytes(BYTES)))
            is_as_a_naive_reading_says(pair, pair.one.owner)


def history(story: Story) -> list[Said]:
    return [said(each) for each in story.teller.told]


def says_so(mine: list[Said], other: Story, reader: str) -> bool:
    """Whether the reader may read that this side is joined with the other."""
    stands = standing(reading.readable(mine, reader))
    key = (mine[0].owner, "joined", other.teller.subject) if mine else ("", "", "")
    return key in stands


def diverged(one: list[Said], other: list[Said], reader: str) -> tuple[str, ...] | None:
    """Gates decided differently; None to a reader who may not read both as a whole."""
    decided = []
    for side in (one, other):
        live = reading.live_audience(side)
        if not side or not (reader == side[0].owner or live & reading.channels(reader)):
            return None
        stands = standing(reading.readable(side, reader))
        decided.append(judging.outcomes(stands, side[0].owner))
    mine, theirs = decided
    return tuple(g for g in judging.AFTER if mine.get(g) != theirs.get(g))
