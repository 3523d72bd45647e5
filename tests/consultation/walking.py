"""A random walk through the arena: what is asked of it, and what comes of that.

What can be asked is listed from the state, plausible and implausible alike; whoever
walks chooses by numbers. The list depends on the asker's own line and the other's,
never on which of them is the state.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

from schemas.advice import Advice, Amount, FundingAdvice, Share, Source
from schemas.arena import Affected, AgendaEntry, Attendance
from schemas.rulesets import oslo_day
from schemas.topics import Line
from services.consultation.policies import criteria
from services.consultation.rules import (
    Actor,
    Around,
    Asked,
    Ground,
    Item,
    Meeting,
    Refusal,
    Said,
    commands,
    deadlines,
    decide,
    evolve,
    fire,
)
from services.consultation.rules.commitments import commitment
from services.consultation.rules.state import Board, Card

from .ground import COUNCIL, OTHER, PAIRS, actor

BEGINS = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
ITEMS = ("item:nav:1-26", "item:nav:2-26")
MEETINGS = ("meeting:nav:1-26", "meeting:nav:2-26")
INITIATIVES = ("810059605:felles", "810059613:felles")
WHO = ("central", "central", "central", "central", "affected", "central", "reads")
WAITS = (1, 20, 24 * 3, 24 * 8, 24 * 23, 24 * 60)
SCHEDULED = "arena.meeting.scheduled"
BANDS = ("now", "next", "later", "not")
NO_SUCH_HASH = "0" * 64
Step = tuple[int, int, int, int]


@dataclass
class Walk:
    """The boards, every fact so far, what was refused, and the sealed scorecards."""

    ground: Ground
    # the line that plays the part of the first in the steps
    first: Line = "state"
    now: datetime = BEGINS
    boards: dict[str, Board] = field(default_factory=dict)
    facts: list[Said] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    sealed: dict[str, dict[Line, Card]] = field(default_factory=dict)
    # the boards as they were before each fact
    before: list[Board | None] = field(default_factory=list)
    asked: list[Asked | None] = field(default_factory=list)

    def items(self) -> dict[str, Item]:
        return {k: v for k, v in self.boards.items() if isinstance(v, Item)}

    def take(self, step: Step) -> None:
        """One step: time passes, or somebody asks for something."""
        what, who, which, wait = step
        if what % 4 == 0:
            self.pass_time(timedelta(hours=WAITS[wait % len(WAITS)]))
            return
        asker = self.asker(who)
        wanted = list(self.wanted(asker, which))
        if what % 4 > 1:
            # half of what is asked would be taken, so that walks come far
            wanted = [each for each in wanted if self.would_be_taken(*each, asker)]
        if wanted:
            subject, command = wanted[what // 4 % len(wanted)]
            self.ask(subject, command, asker)
        self.now += timedelta(minutes=7)

    def would_be_taken(
        self, subject: str, command: commands.Command, asker: Actor
    ) -> bool:
        """Taken, and not only another way of stopping the item."""
        if isinstance(command, commands.Withdraw):
            return False
        asked = self.asked_for(subject, command, asker)
        board, around = self.boards.get(subject), self.around(subject)
        return not isinstance(decide(board, asked, self.ground, around), Refusal)

    def asked_for(self, subject: str, command: commands.Command, asker: Actor) -> Asked:
        board = self.boards.get(subject)
        version = 0 if board is None else board.version
        return Asked(subject, command, asker, self.now, version)

    def asker(self, who: int) -> Actor:
        line = self.first if who % 2 == 0 else OTHER[self.first]
        return actor(WHO[who // 2 % len(WHO)], line)

    def ask(
        self, subject: str, command: commands.Command, asker: Actor
    ) -> tuple[Said, ...] | Refusal:
        asked = self.asked_for(subject, command, asker)
        board = self.boards.get(subject)
        answer = decide(board, asked, self.ground, self.around(subject))
        if isinstance(answer, Refusal):
            self.refused.append(answer)
            return answer
        if isinstance(command, commands.Reveal):
            card = Card(nonce=command.nonce, scorecard=command.scorecard)
            self.sealed.setdefault(subject, {})[asker.line] = card
        for said in answer:
            self.apply(said, asked)
        return answer

    def apply(self, said: Said, asked: Asked | None) -> None:
        was = self.boards.get(said.subject)
        self.before.append(was)
        self.asked.append(asked)
        self.boards[said.subject] = evolve(was, said)
        self.facts.append(said)
        if said.name == "arena.scoring.opened":
            self.sealed.pop(said.subject, None)

    def around(self, subject: str) -> Around:
        scheduled = [each for each in self.facts if each.name == SCHEDULED]
        sealed = self.sealed.get(subject, {})
        return Around(self.items(), sealed, None, len(scheduled))

    def pass_time(self, wait: timedelta) -> None:
        """Time passes, and the tracker looks at every deadline that has."""
        self.now += wait
        for subject in sorted(self.boards):
            self.fire_all(subject)

    def fire_all(self, subject: str) -> None:
        for _ in range(20):
            board = self.boards[subject]
            for deadline in deadlines(board, self.ground):
                said = fire(
                    board, deadline, self.ground, self.around(subject), self.now
                )
                if said:
                    for each in said:
                        self.apply(each, None)
                    break
            else:
                return
        raise AssertionError("deadlines go on firing")

    def wanted(
        self, asker: Actor, which: int
    ) -> Iterator[tuple[str, commands.Command]]:
        """What this asker might ask for, of one of the items or meetings."""
        if which % 4 == 3:
            subject = MEETINGS[which // 4 % len(MEETINGS)]
            yield from self.of_meeting(subject, which)
            return
        subject = ITEMS[which % len(ITEMS)]
        board = self.boards.get(subject)
        if not isinstance(board, Item):
            yield subject, PROPOSAL
            return
        yield from ((subject, command) for command in of_item(board, asker, which))

    def of_meeting(
        self, subject: str, which: int
    ) -> Iterator[tuple[str, commands.Command]]:
        board = self.boards.get(subject)
        today = oslo_day(self.now)
        if not isinstance(board, Meeting):
            calling = commands.ScheduleMeeting(
                arena="nav", day=today + timedelta(days=1)
            )
            yield subject, commands.Call(act=calling)
            return
        for waiting in (*board.pending.values(),):
            yield subject, commands.Approve(hash=waiting.hash)
            if which % 5 == 0:
                yield subject, commands.Object(hash=waiting.hash, reason="Ikke nå")
        ready = tuple(
            name
            for name, item in sorted(self.items().items())
            if item.stage != "proposed"
        )
        entries = tuple(AgendaEntry(item=name) for name in ready)
        on_agenda = tuple(each.item for each in board.agenda)
        for act in (
            commands.PublishAgenda(entries=entries),
            commands.HoldMeeting(
                heard=on_agenda, attendance=Attendance(state=2, municipal=2)
            ),
            commands.ApproveMinutes(hash=sha256(subject.encode()).hexdigest()),
        ):
            yield subject, commands.PrepareForMeeting(act=act)
        yield subject, commands.CorrectMinutes(text="Saken ble drøftet, ikke avgjort.")


PROPOSAL = commands.Propose(
    arena="nav", initiatives=INITIATIVES, question="Hva bør prioriteres?"
)


def of_item(item: Item, asker: Actor, which: int) -> Iterator[commands.Command]:
    """What may be asked of an item: much of it out of its time, or not one's own."""
    for waiting in item.pending.values():
        yield commands.Approve(hash=waiting.hash)
        if which % 5 == 0:
            yield commands.Object(hash=waiting.hash, reason="Ikke nå")
    yield commands.Admit()
    if which % 5 == 1:
        until = oslo_day(item.proposed) + timedelta(days=30)
        yield commands.AskDeferral(until=until, reason="Vi trenger tid")
        yield commands.Withdraw(reason="Ikke aktuelt lenger")
    for act in acts_on(item, which):
        yield commands.Prepare(act=act)
    yield from on_scores(item, asker, which)
    yield from on_advice(item, asker, which)
    yield from on_disagreement(asker, which)


def acts_on(item: Item, which: int) -> Iterator[Any]:
    affected = Affected(municipalities=(COUNCIL,), state_bodies=(PAIRS["affected"][0],))
    yield commands.PreparePaper(
        summary="Saken gjelder felles løsning.", affected=affected
    )
    yield commands.OpenScoring(criteria="criteria-1")
    yield commands.DraftAdvice(advice=advice(BANDS[which % 4], item.proposer))
    if item.draft is not None:
        yield commands.IssueAdvice(hash=item.draft.hash)
    yield commands.CloseItem()


def advice(band: Any, first: Line) -> Advice:
    """A text in which a line's share stands first."""
    total = Amount(low=100, high=200)
    funding = FundingAdvice(
        budget_year=2028,
        total=total,
        price_year=2026,
        sources=(Source(source="state_budget", low=100, high=200),),
        split=(
            Share(line=first, year=2028, low=50, high=100),
            Share(line=OTHER[first], year=2028, low=50, high=100),
        ),
    )
    return Advice(band=band, text="Arenaen råder til felles løsning.", funding=funding)


def card_of(line: Line, first: Line, which: int) -> dict[str, int]:
    """A line's scorecard; the mirror image of a line has the same one."""
    names = criteria("criteria-1").weights
    shift = 1 if line == first else 3
    return {name: (n * which + shift) % 5 for n, name in enumerate(names)}


def nonce_of(item: str, line: Line, number: int) -> str:
    return sha256(f"{item} {line} {number}".encode()).hexdigest()[:32]


def on_scores(item: Item, asker: Actor, which: int) -> Iterator[commands.Command]:
    for begun in item.rounds[-1:]:
        nonce = nonce_of(item.id, asker.line, begun.number)
        card = card_of(asker.line, item.proposer, begun.number)
        bound = commitment(
            nonce, asker.line, item.id, begun.criteria, begun.number, card
        )
        yield commands.Commit(round=begun.number, hash=bound)
        yield commands.Reveal(round=begun.number, nonce=nonce, scorecard=card)
        if which % 3 == 0:
            for copied in begun.commitments.values():
                yield commands.Commit(round=begun.number, hash=copied)
            wrong = {**card, "reach": (card["reach"] + 1) % 5}
            yield commands.Reveal(round=begun.number, nonce=nonce, scorecard=wrong)


def on_advice(item: Item, asker: Actor, which: int) -> Iterator[commands.Command]:
    hashes = [each.hash for each in (item.draft,) if each is not None]
    hashes += [each.hash for each in item.voided[-1:]] or [NO_SUCH_HASH][: which % 2]
    for each in hashes:
        yield commands.ChallengeDraft(hash=each, text="Kostnadene er for lave.")
        yield commands.TakePosition(hash=each, position="endorse")
        yield commands.TakePosition(hash=each, position="dissent", text="Vi er uenige.")
    for given in item.issued[-2:]:
        yield commands.Decide(
            hash=given.hash,
            outcome=("adopted", "not_adopted")[which % 2],
            reason="Behandlet i egen linje.",
            decided=oslo_day(given.issued),
            body="Ledermøtet",
        )
        yield commands.Follow(
            hash=given.hash,
            outcome=("followed", "pending", "partly")[which % 3],
            reason="Slik gikk det.",
        )
        yield commands.JudgeDissent(
            hash=given.hash,
            dissent=OTHER[asker.line],
            outcome="proved_right",
            kind="cost",
            evidence="Regnskapet viser det.",
        )


def on_disagreement(asker: Actor, which: int) -> Iterator[commands.Command]:
    if which % 5 != 2:
        return
    yield commands.OpenDisagreement(
        key="kostnad", topic="cost", text="Vi er uenige om drift.", procedure="Fagmøte"
    )
    yield commands.NarrowDisagreement(key="kostnad", text="Bare drift gjenstår.")
    yield commands.CloseDisagreement(key="kostnad", outcome="Enige om anslaget.")
    yield commands.Assess(
        initiative=f"{asker.orgnr}:felles",
        gate="BP2",
        factor="initiator",
        mark=("met", "missing")[which % 2],
        evidence="Etter samtaler i begge linjer.",
    )
