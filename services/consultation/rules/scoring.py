"""Two-key scoring: commit, hand in sealed, opened together or at the deadline."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from schemas.scoring import (
    Input,
    Revealed,
    ScoresCommitted,
    ScoresRevealed,
    ScoresSealed,
    ScoringOpened,
)
from schemas.topics import Line
from services.consultation.policies import Criteria

from .acts import actors_of, initiatives_of, line_of, say
from .commands import Commit, OpenScoring, Reveal
from .commitments import commitment, is_same
from .days import after_working_days
from .ground import LINES, Actor, Ground, Said, other, refuse, require
from .state import Card, Item, Pending, Round

# scorecards that were handed in and are sealed; only `opened` ever looks at them
Sealed = Mapping[Line, Card]
# what was accepted in time has been decided on by then
ON_ITS_WAY = timedelta(minutes=1)


def opening(
    item: Item, waiting: Pending, ground: Ground, at: datetime
) -> Iterator[Said]:
    """A round is opened. Raises a refusal where one is open, or the item is past it."""
    act = OpenScoring.model_validate({"kind": "scoring", **waiting.content})
    require(
        item.stage in ("admitted", "prepared", "heard"),
        "workflow",
        "scores are given between admission and the draft of the advice",
    )
    require(open_round(item) is None, "one_round", "a round of scoring is open already")
    criteria_of(ground, act.criteria)
    windows = ground.windows
    commit_before = after_working_days(at, windows.commit_working_days)
    days = windows.commit_working_days + windows.reveal_working_days
    yield Said(
        item.id,
        "arena.scoring.opened",
        at,
        ScoringOpened(
            initiatives=item.initiatives,
            actors=actors_of(waiting),
            round=len(item.rounds) + 1,
            criteria=act.criteria,
            commit_before=commit_before,
            reveal_before=after_working_days(at, days),
        ),
    )


def commit(item: Item, asked: Commit, actor: Actor, at: datetime) -> Iterator[Said]:
    """A line's commitment; one that equals the other's was copied, and is refused."""
    found = the_open_round(item, asked.round)
    require(
        actor.line not in found.commitments,
        "what_is_said_stands",
        "your line has committed in this round",
    )
    require(at < found.commit_before, "window_passed", "the time to commit is over")
    require(
        not any(is_same(asked.hash, each) for each in found.commitments.values()),
        "copied_commitment",
        "this hash is the other line's; make your own",
        422,
    )
    yield say(
        item,
        "arena.scores.committed",
        ScoresCommitted(
            initiatives=item.initiatives, round=asked.round, hash=asked.hash
        ),
        actor,
        at,
    )


def reveal(
    item: Item,
    asked: Reveal,
    actor: Actor,
    at: datetime,
    ground: Ground,
    sealed: Sealed,
) -> Iterator[Said]:
    """A line hands its scorecard in; with the second one both are opened.

    What is answered is the same whatever the other line has done.
    """
    found = to_reveal_in(item, asked.round, actor, at)
    may_reveal(found, actor, at)
    require(
        is_same(
            found.commitments[actor.line],
            commitment(
                asked.nonce,
                actor.line,
                item.id,
                found.criteria,
                found.number,
                asked.scorecard,
            ),
        ),
        "commitment",
        "this is not what your line committed to: nonce and scorecard must be those "
        "of the hash",
        422,
    )
    fits(ground, found.criteria, asked.scorecard)
    yield say(
        item,
        "arena.scores.sealed",
        ScoresSealed(initiatives=item.initiatives, round=asked.round),
        actor,
        at,
    )
    handed_in = {**found.sealed, actor.line: at}
    waited_for = set(found.commitments) - set(handed_in)
    if not waited_for:
        own = Card(nonce=asked.nonce, scorecard=asked.scorecard)
        yield opened(item, found, {**found.cards, **sealed, actor.line: own}, at)


def may_reveal(found: Round, actor: Actor, at: datetime) -> None:
    """Only after both have committed or the time for it is over. Raises a refusal."""
    require(
        actor.line in found.commitments,
        "commitment",
        "your line has not committed in this round",
    )
    require(
        actor.line not in found.sealed,
        "what_is_said_stands",
        "your line has handed in its scorecard",
    )
    require(
        other(actor.line) in found.commitments
        or at >= found.commit_before + ON_ITS_WAY,
        "both_commit_first",
        "wait until the other line has committed, or its time is over",
    )
    require(at < found.reveal_before, "window_passed", "the time to reveal is over")


def opened(item: Item, found: Round, cards: Sealed, at: datetime) -> Said:
    """Both scorecards at once; who handed none in has no scores."""
    handed_in = {line: card for line, card in cards.items() if line in LINES}
    return Said(
        item.id,
        "arena.scores.revealed",
        at,
        ScoresRevealed(
            initiatives=initiatives_of(item),
            actors=tuple(sorted(found.committed_by.values())),
            round=found.number,
            cards=tuple(
                Revealed(
                    line=line,
                    nonce=handed_in[line].nonce,
                    scorecard=tuple(
                        Input(criterion=name, score=each)
                        for name, each in sorted(handed_in[line].scorecard.items())
                    ),
                )
                for line in LINES
                if line in handed_in
            ),
            no_scores=tuple(line for line in LINES if line not in handed_in),
        ),
    )


def open_round(item: Item) -> Round | None:
    for each in item.rounds:
        if each.open:
            return each
    return None


def the_open_round(item: Item, number: int) -> Round:
    found = open_round(item)
    if found is None or found.number != number:
        raise refuse(
            "no_open_round", f"round {number} is not open; read the item again"
        )
    return found


def to_reveal_in(item: Item, number: int, actor: Actor, at: datetime) -> Round:
    """The open round; or one just opened, where this was accepted in time for it."""
    for each in item.rounds:
        in_time = actor.line in each.no_scores and at < each.reveal_before
        if each.number == number and not each.open and in_time:
            return each
    return the_open_round(item, number)


def criteria_of(ground: Ground, version: str) -> Criteria:
    try:
        return ground.criteria(version)
    except KeyError:
        raise refuse(
            "criteria", f"there is no version {version} of the criteria", 422
        ) from None


def fits(ground: Ground, version: str, scorecard: Mapping[str, int]) -> None:
    """Every criterion of the version has an input on its scale. Raises a refusal."""
    wanted = ground.criteria(version)
    require(
        set(scorecard) == set(wanted.weights)
        and all(wanted.lowest <= each <= wanted.highest for each in scorecard.values()),
        "criteria",
        f"score each criterion of {version} from {wanted.lowest} to {wanted.highest}: "
        + ", ".join(wanted.weights),
        422,
    )


def after_opened(item: Item, _: Said, data: ScoringOpened) -> dict[str, Any]:
    begun = Round(
        number=data.round,
        criteria=data.criteria,
        commit_before=data.commit_before,
        reveal_before=data.reveal_before,
    )
    left = {k: v for k, v in item.pending.items() if k != "scoring"}
    return {"rounds": (*item.rounds, begun), "pending": left}


def after_committed(item: Item, said: Said, data: ScoresCommitted) -> dict[str, Any]:
    line = line_of(said)
    return in_round(
        item,
        data.round,
        lambda found: {
            "commitments": {**found.commitments, line: data.hash},
            "committed_by": {**found.committed_by, line: said.actor or ""},
        },
    )


def after_sealed(item: Item, said: Said, data: ScoresSealed) -> dict[str, Any]:
    line = line_of(said)
    return in_round(
        item, data.round, lambda found: {"sealed": {**found.sealed, line: said.at}}
    )


def after_revealed(item: Item, _: Said, data: ScoresRevealed) -> dict[str, Any]:
    cards = {
        card.line: Card(
            nonce=card.nonce,
            scorecard={each.criterion: each.score for each in card.scorecard},
        )
        for card in data.cards
    }
    return in_round(
        item,
        data.round,
        lambda _: {"cards": cards, "no_scores": data.no_scores, "open": False},
    )


def in_round(item: Item, number: int, change: Any) -> dict[str, Any]:
    """The rounds, with this one changed."""
    return {
        "rounds": tuple(
            each.model_copy(update=change(each)) if each.number == number else each
            for each in item.rounds
        )
    }
