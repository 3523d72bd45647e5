"""Histories drawn by hypothesis: anything that anybody could say, in any order."""

from collections.abc import Callable, Sequence

from hypothesis import strategies as st

from . import corrected, others, owners, trackers, unwanted
from .cast import REAL, Cast
from .choices import Choices, Draw, choices
from .story import Story, story_of
from .telling import Told

# grants, corrections and what others say are the hard part: they come often
Saying = Callable[[Choices, Story], None]
SAYINGS: tuple[Saying, ...] = (
    *(owners.registered, owners.registered, owners.amended, owners.discovered),
    *(owners.shared, owners.shared, owners.shared, owners.shared),
    *(owners.shared_early, owners.shared_early, owners.ended, owners.ended),
    *(owners.locked, owners.decided, owners.decided, owners.planned, owners.lived),
    *(owners.scope_changed, owners.reported, owners.tied),
    *(trackers.opened, trackers.opened, trackers.readable, trackers.received),
    *(trackers.readable_at_once, trackers.readable_at_once),
    *(others.acknowledged, others.answered, others.answered, others.claimed),
    *(others.disputed, others.involved, others.reckoned, others.disagreed),
    *(others.funded, others.funded, others.gained),
    *(corrected.corrected, corrected.corrected, corrected.corrected),
    *(trackers.set_aside, trackers.set_aside),
)
UNWANTED: tuple[Saying, ...] = (*SAYINGS, *SAYINGS[:3], unwanted.again, unwanted.again)
UNWANTED += (unwanted.observed_again, unwanted.refused, unwanted.refused)
LOCALS = ("a", "b7", "felles-mottak")
# a saying takes about eight bytes, seldom more than a dozen
BYTES_EACH = 12


@st.composite
def histories(draw: Draw, longest: int = 18) -> list[Told]:
    """What is said about one initiative, with grants, ends, openings and secrets."""
    of = choices(draw, longest * BYTES_EACH)
    return told_by(of, longest, SAYINGS).teller.told


def told_by(
    of: Choices,
    longest: int,
    sayings: Sequence[Saying] = UNWANTED,
    cast: Cast = REAL,
) -> Story:
    """A whole story; with `UNWANTED` also what is refused, and what is said again."""
    story = story_of(of.pick(cast.owners), of.pick(LOCALS), cast)
    # begun today, or on the next day
    story.teller.stood = -16 if of.one_in(3) else 0
    told_of(of, story, 1 + of.below(longest), sayings)
    return story


def told_of(
    of: Choices, story: Story, number: int, sayings: Sequence[Saying] = SAYINGS
) -> None:
    """So many sayings more; the clock may stand still between two."""
    for _ in range(number):
        before = story.teller.now
        of.pick(sayings)(of, story)
        if story.teller.now > before and of.one_in(4):
            story.teller.stood += 1
