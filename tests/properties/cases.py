"""One history, and one of the many other ways in which it could have been read."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

import orjson
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.histories import (
    OPEN,
    Choices,
    Draw,
    Lying,
    Story,
    choices,
    in_batches,
    in_turns,
    story_of,
    told_by,
    told_of,
)

from . import table

LONGEST = 24
# a story takes about a hundred, its other reading as many as there are records
BYTES = 360
# what fails is made smaller, but its lines are not explained: that takes minutes
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
EVERYDAY = settings(max_examples=500, deadline=None, phases=PHASES)


@dataclass(frozen=True, repr=False)
class Case:
    """A story as it lies on Kafka, and its records in another order and other batches.

    `one_by_one` are the records as they were appended, each a batch of its own.
    """

    story: Story
    again: list[list[Lying]]

    def __repr__(self) -> str:
        return "\n".join(map(in_words, self.story.teller.lying))

    @property
    def one_by_one(self) -> list[list[Lying]]:
        return [[lying] for lying in self.story.teller.lying]


def in_words(lying: Lying) -> str:
    """A record on a line, for whoever reads what failed."""
    said = orjson.loads(lying.value)
    shown = ("id", "source", "type", "visibility", "recipients", "audience", "data")
    words = " ".join(str(said[name]) for name in shown if name in said)
    verdict = getattr(lying, "reason", "fact") or "again"
    return f"{lying.appended:%d.%m %H} {lying.offset} {verdict}: {words}"


def case_of(of: Choices) -> Case:
    with table.in_use():
        story = told_by(of, LONGEST, cast=table.CAST)
        return Case(story, in_batches(of, in_turns(of, story.teller.lying)))


@st.composite
def cases(draw: Draw) -> Case:
    return case_of(choices(draw, BYTES))


Property = Callable[[Case], None]
PROPERTIES: dict[str, Property] = {}


def holds(checked: Property) -> Callable[[], None]:
    """A property of every history; kept by its name, for longer runs and for faults."""

    @wraps(checked)
    def under_the_table(case: Case) -> None:
        with table.in_use():
            checked(case)

    PROPERTIES[checked.__name__] = under_the_table
    return EVERYDAY(given(cases())(under_the_table))


@dataclass(frozen=True)
class Pair:
    """Two initiatives, of the two lines, that may be joined."""

    one: Story
    other: Story


def pair_of(of: Choices) -> Pair:
    """Each side says that they are joined, or one does, or neither; and goes on."""
    with table.in_use():
        both = [story_of(owner, "felles", table.CAST) for owner in table.PAIRS["owner"]]
        for story, other in (both, both[::-1]):
            told_of(of, story, of.below(7))
            if not of.one_in(4):
                data = {"with": other.teller.subject}
                story.owner_says(of, "initiative.joined", data, OPEN)
            told_of(of, story, of.below(7))
        return Pair(*both)


@st.composite
def pairs(draw: Draw) -> Pair:
    return pair_of(choices(draw, BYTES))
