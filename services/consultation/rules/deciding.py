"""`decide`: what an act gives rise to, or why it is not taken. Pure; reads no clock."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from schemas.arena import ActKind
from schemas.mandate import Right
from schemas.topics import Line

from . import decisions, disagreements, drafting, items, meetings, positions, scoring
from .acts import Effect, approve, object_to, prepare
from .commands import (
    Admit,
    Approve,
    AskDeferral,
    Assess,
    Call,
    ChallengeDraft,
    CloseDisagreement,
    Command,
    Commit,
    CorrectMinutes,
    Decide,
    Follow,
    JudgeDissent,
    NarrowDisagreement,
    Object,
    OpenDisagreement,
    Prepare,
    PrepareForMeeting,
    Propose,
    Reveal,
    TakePosition,
    Withdraw,
)
from .evolving import evolve
from .ground import Actor, Ground, Refusal, Refused, Said, refuse, require
from .state import Board, Card, Item, Meeting, Pending


@dataclass(frozen=True)
class Asked:
    """A command with who asks, when it was accepted, and which state it has seen.

    `line` is the line that the asker says it acts for, where it says so.
    """

    subject: str
    command: Command
    actor: Actor
    at: datetime
    seen: int = 0
    line: Line | None = None


@dataclass(frozen=True)
class Around:
    """What else an act rests on: other items, sealed scorecards, the minutes' text."""

    items: Mapping[str, Item] = field(default_factory=dict)
    sealed: Mapping[Line, Card] = field(default_factory=dict)
    minutes_hash: str | None = None
    # how many meetings of the arena have been scheduled
    scheduled: int = 0


NOTHING = Around()
BY_SECRETARIAT = (Prepare, PrepareForMeeting, Call, Approve, Object)
# whose organisation may be one that the item affects, and no member of the arena
BY_ANY_BODY = (Decide,)


def decide(
    board: Board | None, asked: Asked, ground: Ground, around: Around = NOTHING
) -> tuple[Said, ...] | Refusal:
    """The facts of an act, in their order, or the refusal with its rule's name.

    `board` is the item or meeting that it is about, None where there is none yet.
    """
    try:
        may_act(board, asked, ground)
        return tuple(facts_of(board, asked, ground, around))
    except Refused as refused:
        return refused.refusal


def may_act(board: Board | None, asked: Asked, ground: Ground) -> None:
    """Who acts for which line, and on the state that stands. Raises a refusal."""
    actor = asked.actor
    require(
        asked.line in (None, actor.line),
        "own_line",
        f"you are of the line {actor.line} and act for it alone",
        403,
    )
    if not isinstance(asked.command, BY_ANY_BODY):
        right: Right = (
            "secretariat" if isinstance(asked.command, BY_SECRETARIAT) else "speaks"
        )
        arena = asked.subject.split(":")[1]
        require(
            ground.may(actor, arena, right, asked.at),
            "mandate",
            f"on this day the mandate does not let {actor.orgnr} do this "
            f"({right}) in the arena {arena}",
            403,
        )
    version = 0 if board is None else board.version
    # what was accepted in time is not refused because silence was noted meanwhile
    since = board.by_tracker if isinstance(board, Item) else 0
    require(
        version - since <= asked.seen <= version,
        "changed_meanwhile",
        f"somebody else acted: this is version {version} and you saw {asked.seen}; "
        "read it again",
    )


def facts_of(
    board: Board | None, asked: Asked, ground: Ground, around: Around
) -> Iterator[Said]:
    if board is None:
        return begin(asked, ground)
    if isinstance(board, Meeting):
        return in_meeting(board, asked, ground, around)
    return on_item(board, asked, ground, around)


def begin(asked: Asked, ground: Ground) -> Iterator[Said]:
    """What makes a new item or meeting."""
    actor, at = asked.actor, asked.at
    match asked.command:
        case Propose() as command:
            yield from items.propose(asked.subject, command, actor, at, ground)
        case Call() as command:
            meeting = meetings.called(asked.subject, command.act, actor, ground)
            effect = effect_on_meeting(NOTHING)
            yield prepare(meeting, command.act, actor, at, ground, effect)
        case _:
            raise refuse("nothing_here", "there is no such item or meeting", 404)


def in_meeting(
    meeting: Meeting, asked: Asked, ground: Ground, around: Around
) -> Iterator[Said]:
    actor, at, effect = asked.actor, asked.at, effect_on_meeting(around)
    match asked.command:
        case PrepareForMeeting(act=act):
            said = prepare(meeting, act, actor, at, ground, effect)
            would_take_effect(meeting, said, ground, at, effect)
            yield said
        case Approve(hash=hash):
            yield from approve(meeting, hash, actor, at, ground, effect)
        case Object(hash=hash, reason=reason):
            yield from object_to(meeting, hash, reason, actor, at)
        case CorrectMinutes() as command:
            yield from meetings.correct(meeting, command, actor, at)
        case _:
            raise refuse("workflow", "this cannot be done to a meeting", 422)


def on_item(item: Item, asked: Asked, ground: Ground, around: Around) -> Iterator[Said]:
    require(
        not item.is_over or isinstance(asked.command, JudgeDissent),
        "workflow",
        f"the item is {item.stage}; what was said stands",
    )
    actor, at, command = asked.actor, asked.at, asked.command
    match command:
        case Prepare(act=act):
            said = prepare(item, act, actor, at, ground, effect_on_item)
            would_take_effect(item, said, ground, at, effect_on_item)
            yield said
        case Approve(hash=hash):
            yield from approve(item, hash, actor, at, ground, effect_on_item)
        case Object(hash=hash, reason=reason):
            yield from object_to(item, hash, reason, actor, at)
        case Admit():
            yield from items.admit(item, actor, at)
        case AskDeferral():
            yield from items.defer(item, command, actor, at, ground)
        case Withdraw():
            yield from items.withdraw(item, command, actor, at)
        case Commit():
            yield from scoring.commit(item, command, actor, at)
        case Reveal():
            yield from scoring.reveal(item, command, actor, at, ground, around.sealed)
        case _:
            yield from on_advice(item, command, actor, at, ground)


def on_advice(
    item: Item, command: Command, actor: Actor, at: datetime, ground: Ground
) -> Iterator[Said]:
    """What lines and bodies say of advice, each for itself."""
    match command:
        case ChallengeDraft():
            yield from drafting.challenge(item, command, actor, at)
        case TakePosition():
            yield from positions.take(item, command, actor, at)
        case Decide():
            yield from decisions.decide(item, command, actor, at, ground)
        case Follow():
            yield from decisions.follow_up(item, command, actor, at)
        case JudgeDissent():
            yield from decisions.judge_dissent(item, command, actor, at)
        case _:
            yield from on_disagreement(item, command, actor, at)


def on_disagreement(
    item: Item, command: Command, actor: Actor, at: datetime
) -> Iterator[Said]:
    """What the lines disagree about, and how they mark the success factors."""
    match command:
        case OpenDisagreement():
            yield from disagreements.open_one(item, command, actor, at)
        case NarrowDisagreement():
            yield from disagreements.narrow(item, command, actor, at)
        case CloseDisagreement():
            yield from disagreements.settle(item, command, actor, at)
        case Assess():
            yield from disagreements.assess(item, command, actor, at)
        case Propose():
            raise refuse("what_is_said_stands", "the item was proposed before")
        case _:
            raise refuse("workflow", "this cannot be done to an item", 422)


ITEM_EFFECTS = {
    "scoring": scoring.opening,
    "paper": items.prepared,
    "draft": drafting.drafted,
    "issue": drafting.issued,
    "close": items.closed,
}


def effect_on_item(
    item: Item, waiting: Pending, ground: Ground, at: datetime
) -> Iterator[Said]:
    """What the act gives rise to in the arena's name once it takes effect."""
    items.not_deferred(item, at)
    if waiting.is_approved_by_both or is_by_time(waiting, at):
        yield from ITEM_EFFECTS[waiting.kind](item, waiting, ground, at)
    else:
        # raises what hinders it; it has no effect yet
        list(ITEM_EFFECTS[waiting.kind](item, waiting, ground, at))


def effect_on_meeting(around: Around) -> Effect:
    """The same for a meeting, which rests on the items of its agenda."""

    def effect(
        meeting: Meeting, waiting: Pending, ground: Ground, at: datetime
    ) -> Iterator[Said]:
        said = list(meeting_effect(meeting, waiting, ground, at, around))
        if waiting.is_approved_by_both or is_by_time(waiting, at):
            yield from said

    return effect


def meeting_effect(
    meeting: Meeting, waiting: Pending, ground: Ground, at: datetime, around: Around
) -> Iterator[Said]:
    match waiting.kind:
        case "schedule":
            before = around.scheduled
            return meetings.scheduled(meeting, waiting, ground, at, before)
        case "agenda":
            return meetings.agenda(meeting, waiting, around.items, at)
        case "held":
            return meetings.held(meeting, waiting, around.items, at)
        case _:
            text = around.minutes_hash
            return meetings.minutes_approved(meeting, waiting, text, at)


def is_by_time(waiting: Pending, at: datetime) -> bool:
    ends = waiting.window_ends
    return ends is not None and ends <= at and not waiting.objections


def would_take_effect(
    board: Board, said: Said, ground: Ground, at: datetime, effect: Effect
) -> None:
    """What could never take effect is not prepared either. Raises a refusal."""
    kind: ActKind = said.data.kind  # type: ignore[attr-defined]
    after = evolve(board, said)
    list(effect(after, after.pending[kind], ground, at))
