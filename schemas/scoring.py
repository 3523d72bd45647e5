"""Two-key scores: each line commits a hash, then both are opened together."""

from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from .arena import (
    ActorId,
    InArenasName,
    Lines,
    Moment,
    OfArena,
    Round,
    Sha256,
    in_order,
)
from .models import Data, Key
from .topics import Line

Nonce = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
CriteriaVersion = Annotated[str, StringConstraints(pattern=r"^criteria-[1-9][0-9]*$")]
Score = Annotated[int, Field(ge=0, le=100)]


class ScoringOpened(InArenasName):
    """Both lines are asked for their scores, by a version of the criteria."""

    round: Round
    criteria: CriteriaVersion
    commit_before: Moment
    reveal_before: Moment


class ScoresCommitted(OfArena):
    """A line's commitment to its scorecard, which it tells nobody yet.

    SHA-256 over the RFC 8785 form of `nonce` (128 random bits), `line`, `item`,
    `criteria`, `round` and `scorecard`.
    """

    round: Round
    hash: Sha256


class ScoresSealed(OfArena):
    """A line has handed in its scorecard; it stays sealed until both are opened."""

    round: Round


class Input(Data):
    """What a line gives an item by one criterion, on the criterion's scale."""

    criterion: Key
    score: Score


class Revealed(Data):
    """A line's scorecard and the nonce by which anybody can check its commitment."""

    line: Line
    nonce: Nonce
    scorecard: Annotated[tuple[Input, ...], Field(max_length=50)]


def a_card_a_line(cards: tuple[Revealed, ...]) -> tuple[Revealed, ...]:
    """Refuse two scorecards of one line."""
    if len({card.line for card in cards}) != len(cards):
        raise ValueError("a line has one scorecard")
    return cards


class ScoresRevealed(OfArena):
    """The scorecards of a round, opened at once; who handed none in has no scores.

    `actors` are those who committed, sorted; there may be none.
    """

    actors: Annotated[
        tuple[ActorId, ...], Field(max_length=2), AfterValidator(in_order)
    ] = ()

    round: Round
    cards: Annotated[
        tuple[Revealed, ...], Field(max_length=2), AfterValidator(a_card_a_line)
    ]
    no_scores: Lines = ()
