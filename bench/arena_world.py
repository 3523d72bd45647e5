"""An arena as it is after years: 1,000 scored items, of which 50 are for the agenda.

Every fact comes from the arena's own rules, and is recorded as the service records it.
"""

import random
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256

from schemas.topics import Line as Party
from services.consultation import ground, store
from services.consultation.acting import record
from services.consultation.policies import CRITERIA, criteria
from services.consultation.rules import (
    Actor,
    Around,
    Asked,
    Board,
    Refusal,
    Said,
    commands,
    decide,
    evolve,
)
from services.consultation.rules.commitments import commitment
from services.consultation.rules.ground import LINES
from services.consultation.rules.state import Card
from services.kit.db import Connection, pool_of, transaction

from .dataset import SEED, Line
from .dataset import record as line_of

AID, KS, NAV = "983887457", "971032146", "889640782"
ORGNRS: dict[Party, str] = {"state": AID, "municipal": KS}
ROLE, ID = "secretary", "bench"
SCORED, ON_AGENDA, INITIATIVES = 1_000, 50, 50
ARENA = "nav"
OTHER: dict[Party, Party] = {"state": "municipal", "municipal": "state"}


def initiative(n: int) -> str:
    return f"{NAV}:arena-{n % INITIATIVES}"


def shares() -> Iterator[Line]:
    """Each initiative shared with both lines, as its owner would."""
    for n in range(INITIATIVES):
        audience = {"audience": "municipal state"}
        yield line_of(n, "initiative.shared", NAV, initiative(n), {}, audience)


class Telling:
    """The commands of one item, each taken in its turn."""

    def __init__(self, subject: str, at: datetime) -> None:
        self.subject, self.at = subject, at
        self.board: Board | None = None
        self.said: list[Said] = []
        self.sealed: dict[Party, Card] = {}

    def ask(self, line: Party, command: commands.Command) -> list[Said]:
        """Raises ValueError where a rule refuses it."""
        actor = Actor(ID, ROLE, ORGNRS[line], line)
        seen = 0 if self.board is None else self.board.version
        asked = Asked(self.subject, command, actor, self.at, seen)
        around = Around(sealed=self.sealed)
        answer = decide(self.board, asked, ground.of_today(), around)
        if isinstance(answer, Refusal):
            raise ValueError(f"{command.do}: {answer.detail}")  # noqa: TRY004
        for each in answer:
            self.board = evolve(self.board, each)
        self.said += answer
        return list(answer)

    def by_both(self, line: Party, act: commands.ItemAct) -> None:
        (said,) = self.ask(line, commands.Prepare(act=act))
        prepared = said.data.hash  # type: ignore[attr-defined]
        self.ask(OTHER[line], commands.Approve(hash=prepared))


def scored_item(n: int, subject: str, at: datetime, drawn: random.Random) -> list[Said]:
    """An item that both lines have scored; the first of them have their paper too."""
    telling, line = Telling(subject, at), LINES[n % 2]
    proposal = commands.Propose(
        arena=ARENA,
        initiatives=(initiative(n),),
        question="Bør tiltaket prioriteres i neste budsjett, og hvem betaler hva?",
        synthetic=True,
    )
    telling.ask(line, proposal)
    telling.ask(line, commands.Admit())
    if n < ON_AGENDA:
        paper = commands.PreparePaper(summary="Saken er forberedt av begge. " * 20)
        telling.by_both(line, paper)
    telling.by_both(line, commands.OpenScoring(criteria=CRITERIA))
    by = criteria(CRITERIA)
    for each in LINES:
        points = {name: drawn.randint(by.lowest, by.highest) for name in by.weights}
        nonce = sha256(f"{SEED} {n} {each}".encode()).hexdigest()[:32]
        telling.sealed[each] = Card(nonce=nonce, scorecard=points)
    for each, card in telling.sealed.items():
        bound = commitment(card.nonce, each, subject, CRITERIA, 1, card.scorecard)
        telling.ask(each, commands.Commit(round=1, hash=bound))
    for each, card in telling.sealed.items():
        reveal = commands.Reveal(round=1, nonce=card.nonce, scorecard=card.scorecard)
        telling.ask(each, reveal)
    return telling.said


async def furnish(url: str, scored: int) -> None:
    """Record the items in the database of a consultation."""
    drawn, now = random.Random(SEED), datetime.now(UTC)
    async with pool_of(url, "consultation") as pool:
        for n in range(scored):
            async with transaction(pool) as conn:
                await furnish_one(conn, n, now, drawn)


async def furnish_one(
    conn: Connection, n: int, now: datetime, drawn: random.Random
) -> None:
    number = await store.next_number(conn, ARENA, "item", now.year % 100)
    subject = f"item:{ARENA}:{number}-{now.year % 100:02}"
    said = scored_item(n, subject, now, drawn)
    ids = [f"bench-{number}-{turn}" for turn in range(len(said))]
    await record(conn, ground.of_today(), {}, said, ids)
