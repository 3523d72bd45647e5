"""The stage of the drill: a running stack, the parties around it, and their account."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local import lag, tokens
from deploy.local.demo import sets
from deploy.local.demo.asking import Asking
from deploy.local.demo.emitter import Emitter
from deploy.local.demo.says import Identity
from deploy.local.stack import Stack, read_stack
from deploy.local.waiting import until

from . import asked
from .parties import Emitting, Following, Story
from .proof import Proof
from .told import Telling

SCOPES = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"
# an idle machine needs seconds
PATIENCE, IN_VAIN = 120.0, 15.0
CONSUMERS = ("registry", "delivery")
# so many of each owner
INITIATIVES = 4


class Failed(Exception):
    """Something did not come about; the text says what."""


@dataclass
class Stage:
    """The stack in `folder`, the parties, and what they know so far.

    `broken` leaves one fact out of what is written to Kafka again.
    """

    folder: Path
    telling: Telling
    broken: bool = False
    story: Story = field(default_factory=Story)
    # when Postgres or Kafka was lost, on a clock that never goes back
    lost_at: float = 0.0
    # acknowledged, and on no disk but the one that was lost
    nowhere_else: set[Identity] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.owners = Emitting(Emitter(self.asking("intake")))
        self.ks = Following(self.asking("delivery"))
        self.copies = self.folder / "backup"
        self.copies.mkdir()

    @property
    def stack(self) -> Stack:
        """As it is now: what was started again has another process."""
        return read_stack(self.folder)

    def asking(self, service: str) -> Asking:
        return Asking(self.stack.service_urls[service], self.token)

    def token(self, orgnr: str) -> str:
        return tokens.sign(self.folder, orgnr, SCOPES)

    def all_arrive(self, *, strictly: bool = True) -> None:
        """Everywhere, and nobody is behind. Where not strictly, a count will tell."""
        seconds = PATIENCE if strictly else IN_VAIN
        came = (
            until(self.is_archived, seconds, 0.2),
            self.ks.read(self.owners.expected, seconds),
            until(lambda: lag.caught_up(self.stack), seconds, 0.2),
        )
        if strictly and not all(came):
            raise Failed(f"not everything arrived: {self.proof().faults}")

    def is_archived(self) -> bool:
        stack = self.stack
        archived = set(sets.archived(stack.database_urls["registry"]))
        return self.owners.accepted <= archived & self.delivered()

    def delivered(self) -> set[Identity]:
        return asked.identities(asked.ask(self.stack, asked.DELIVERED, sets.TOPICS))

    def all_are_sent(self) -> bool:
        return not asked.ask(self.stack, asked.UNSENT)

    def proof(self) -> Proof:
        stack = self.stack
        ((wrong,),) = asked.ask(stack, asked.WRONG_TURNS)
        return Proof(
            sets.Sets(
                self.owners.accepted,
                sets.in_kafka(stack.bootstrap),
                sets.archived(stack.database_urls["registry"]),
                self.ks.received,
                self.owners.expected,
            ),
            self.delivered(),
            asked.identities(asked.ask(stack, asked.RECEIPTS)),
            asked.identities(asked.ask(stack, asked.READABLE)),
            wrong,
            self.ks.given_twice,
        )

    def reads_anew(self, why: str) -> None:
        """KS goes on with its cursor: it has to be told that it is gone."""
        before = len(self.ks.resumed)

        def told() -> bool:
            self.ks.read_page()
            return len(self.ks.resumed) > before

        if not until(told, 30.0):
            raise Failed(f"{why}, and KS's cursor was not answered 410")

    def wait(self, what: str, met: Callable[[], bool]) -> None:
        if not until(met, PATIENCE, 0.1):
            raise Failed(f"waited {PATIENCE:.0f} s for {what}")
