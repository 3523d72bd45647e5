"""Acting: decide, record, announce; in one transaction, once for each command."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from asyncpg.exceptions import UniqueViolationError

from schemas.identity import canonical
from schemas.policy import may_read_initiative, reader_for
from schemas.rulesets import NEWEST, oslo_day, ruleset
from schemas.topics import Line
from services.kit import outbox
from services.kit.db import Connection, Pool, transaction

from . import recording, store
from .minutes import minutes_hash
from .rules import (
    Actor,
    Around,
    Asked,
    Board,
    Ground,
    Item,
    Meeting,
    Refusal,
    Said,
    commands,
    deadlines,
    decide,
    evolve,
)
from .rules.ground import refuse
from .rules.scoring import open_round
from .rules.state import Card
from .sealing import Seal
from .store import Done, Kept


@dataclass(frozen=True, slots=True)
class Wanted:
    """A command as it came in; without a subject it begins an item or a meeting."""

    id: UUID
    subject: str | None
    command: commands.Command
    actor: Actor
    at: datetime
    seen: int
    line: Line | None = None

    @property
    def content(self) -> bytes:
        """What is asked, for "the same id for something else"."""
        asked = [self.subject, self.seen, self.line, self.actor.line]
        said = self.command.model_dump(mode="json")
        return sha256(canonical([*asked, said])).digest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state after a command, and the facts that it gave, by their turns."""

    board: Board
    turns: Sequence[int]
    known: bool = False


class Refused(Exception):
    """A rule refuses the command; with the state that stands, if there is one."""

    def __init__(self, refusal: Refusal, board: Board | None = None) -> None:
        super().__init__(refusal.rule)
        self.refusal = refusal
        self.board = board


@dataclass(frozen=True)
class Office:
    """What acting needs."""

    pool: Pool
    ground: Ground
    seal: Seal
    wake_relay: Callable[[], None]


async def act(office: Office, wanted: Wanted, *, dry_run: bool = False) -> Outcome:
    """Take a command, or raise `Refused`. The same command again is answered alike."""
    try:
        outcome = await once(office, wanted, dry_run=dry_run)
    except UniqueViolationError:
        # the same command was taken meanwhile: now it is known
        outcome = await once(office, wanted, dry_run=dry_run)
    if not dry_run:
        office.wake_relay()
    return outcome


class DryRun(Exception):
    """Nothing of it is kept."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.outcome = outcome


async def once(office: Office, wanted: Wanted, *, dry_run: bool) -> Outcome:
    try:
        async with transaction(office.pool) as conn:
            outcome = await taken(conn, office, wanted)
            keep(outcome, dry_run=dry_run)
            return outcome
    except DryRun as tried:
        return tried.outcome


def keep(outcome: Outcome, *, dry_run: bool) -> None:
    """Let it be kept, or raise `DryRun`, so that nothing is."""
    if dry_run:
        raise DryRun(outcome)


async def taken(conn: Connection, office: Office, wanted: Wanted) -> Outcome:
    done = await store.command(conn, wanted.actor.orgnr, wanted.id)
    if done is not None:
        return await again(conn, wanted, done)
    subject = wanted.subject or await begun(conn, wanted)
    held = await store.boards(conn, {subject, *named_in(wanted)}, lock=True)
    held |= await on_agenda(conn, held.get(subject))
    board = held.get(subject)
    # asked anew under the lock: the same command may have been taken before us
    done = await store.command(conn, wanted.actor.orgnr, wanted.id)
    if done is not None:
        return await again(conn, wanted, done)
    await may_read_all(conn, wanted, board)
    around = await around_of(conn, office, wanted, board, held)
    asked = Asked(
        subject, wanted.command, wanted.actor, wanted.at, wanted.seen, wanted.line
    )
    answer = decide(board, asked, office.ground, around)
    if isinstance(answer, Refusal):
        raise Refused(answer, board)
    ids = [f"{wanted.id}-{n}" for n in range(len(answer))]
    try:
        after = await record(conn, office.ground, held, answer, ids)
    except recording.NotAdmitted as error:
        if not error.faults:
            raise
        # as a national identity number in a text
        fault = error.faults[0]
        told = refuse(fault.code, f"{fault.pointer}: {fault.detail}", 422)
        raise Refused(told.refusal, board) from None
    if isinstance(wanted.command, commands.Reveal) and isinstance(board, Item):
        await keep_sealed(conn, office, wanted.command, wanted.actor.line, board)
    turns = [turn for of, turn in after.turns if of == subject]
    kept = Done(wanted.content, subject, turns)
    await store.add_command(conn, wanted.actor.orgnr, wanted.id, kept, wanted.at)
    return Outcome(after.boards[subject], turns)


async def again(conn: Connection, wanted: Wanted, done: Done) -> Outcome:
    """What it was answered with before. Raises `Refused` for another command."""
    board = (await store.boards(conn, [done.subject]))[done.subject]
    if done.content != wanted.content:
        detail = "this command id was used for something else; take a new one"
        raise Refused(refuse("id_reused", detail).refusal, board)
    return Outcome(board, done.turns, known=True)


async def begun(conn: Connection, wanted: Wanted) -> str:
    """The id of a new item or meeting: the next number of its arena and year."""
    kind, arena = "item", ""
    if isinstance(wanted.command, commands.Propose):
        arena = wanted.command.arena
    elif isinstance(wanted.command, commands.Call):
        kind, arena = "meeting", wanted.command.act.arena
    year = oslo_day(wanted.at).year % 100
    number = await store.next_number(conn, arena, kind, year)
    return f"{kind}:{arena}:{number}-{year:02}"


def named_in(wanted: Wanted) -> Sequence[str]:
    """Items that a command on a meeting names."""
    act = getattr(wanted.command, "act", None)
    if isinstance(act, commands.PublishAgenda):
        return [entry.item for entry in act.entries]
    return act.heard if isinstance(act, commands.HoldMeeting) else []


async def on_agenda(conn: Connection, board: Board | None) -> dict[str, Board]:
    """The items of a meeting's agenda, and of one that is prepared: in sorted order."""
    if not isinstance(board, Meeting):
        return {}
    names = {entry.item for entry in board.agenda}
    waiting = board.pending.get("agenda")
    if waiting is not None:
        names |= {entry["item"] for entry in waiting.content["entries"]}
    return await store.boards(conn, names, lock=True)


async def may_read_all(conn: Connection, wanted: Wanted, board: Board | None) -> None:
    """Nobody acts on what it may not read. Unknown and unshared are answered alike."""
    named: Sequence[str] = board.initiatives if isinstance(board, Item) else ()
    if isinstance(wanted.command, commands.Propose):
        named = wanted.command.initiatives
    if not await reads_all(conn, wanted.actor.orgnr, named):
        detail = "every initiative that it is about must be one that you may read"
        raise Refused(refuse("may_not_read", detail, 403).refusal)


async def reads_all(
    conn: Connection | Pool, orgnr: str, initiatives: Sequence[str]
) -> bool:
    reader = reader_for(orgnr)
    heard = await store.heard(conn, initiatives)
    return all(
        may_read_initiative(each, reader, heard[each].grants) for each in initiatives
    )


async def around_of(
    conn: Connection,
    office: Office,
    wanted: Wanted,
    board: Board | None,
    held: Mapping[str, Board],
) -> Around:
    items = {name: found for name, found in held.items() if isinstance(found, Item)}
    if isinstance(board, Meeting):
        return await around_meeting(conn, board, items)
    if isinstance(board, Item) and isinstance(wanted.command, commands.Reveal):
        return Around(items, await opened(conn, office, board, wanted.command.round))
    return Around(items)


async def around_meeting(
    conn: Connection, meeting: Meeting, items: Mapping[str, Item]
) -> Around:
    """What a meeting rests on: its items, the text of its minutes, whose turn it is."""
    waits = "schedule" in meeting.pending
    before = await store.scheduled(conn, meeting.arena) if waits else 0
    text = await minutes_hash(conn, meeting)
    return Around(items, minutes_hash=text, scheduled=before)


async def opened(
    conn: Connection, office: Office, item: Item, number: int
) -> dict[Line, Card]:
    """The scorecards of a round that were handed in; they leave this service only in
    `arena.scores.revealed`.
    """
    return {
        line: office.seal.opened(item.id, number, line, card)
        for line, card in (await store.sealed(conn, item.id, number)).items()
    }


async def sealed_in_open_round(
    conn: Connection, office: Office, board: Board
) -> dict[Line, Card]:
    begun_round = open_round(board) if isinstance(board, Item) else None
    if begun_round is None or not isinstance(board, Item):
        return {}
    return await opened(conn, office, board, begun_round.number)


async def keep_sealed(
    conn: Connection, office: Office, command: commands.Reveal, line: Line, item: Item
) -> None:
    card = Card(nonce=command.nonce, scorecard=command.scorecard)
    sealed = office.seal.sealed(item.id, command.round, line, card)
    await store.seal(conn, item.id, command.round, line, sealed)


@dataclass(frozen=True)
class Recorded:
    """The boards after what was said, and the turn of each fact on its own."""

    boards: Mapping[str, Board]
    turns: Sequence[tuple[str, int]]


async def record(
    conn: Connection,
    ground: Ground,
    held: Mapping[str, Board],
    said: Sequence[Said],
    ids: Sequence[str],
) -> Recorded:
    """Keep the facts, the states after them, and what is to be announced."""
    after: dict[str, Board] = dict(held)
    turns: list[tuple[str, int]] = []
    outgoing = []
    rules = ruleset(NEWEST)
    for each, fact_id in zip(said, ids, strict=True):
        value = recording.record_of(each, fact_id, rules)
        recording.admitted(each, value)
        board = evolve(after.get(each.subject), each)
        after[each.subject] = board
        turns.append((each.subject, board.version))
        kept = Kept(each.subject, each.name, board.version, each.at, value)
        await store.add_fact(conn, recording.mark_of(each, fact_id), kept)
        outgoing.append(recording.outgoing(each, value))
    for subject in sorted({each.subject for each in said}):
        running = deadlines(after[subject], ground)
        next_due = min((each.due for each in running), default=None)
        await store.save(conn, after[subject], next_due)
    await outbox.append(conn, outgoing)
    return Recorded(after, turns)
