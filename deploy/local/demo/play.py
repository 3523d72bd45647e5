"""The demonstration, in order: from nothing, on a stack of its own, to nothing."""

import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL
from time import monotonic

import httpx
import stamina
from rich.console import Console

from deploy.local import jars, lag, tokens
from deploy.local.down import down
from deploy.local.stack import Stack, read_stack
from deploy.local.up import up
from deploy.local.waiting import until

from . import arena, roadmap, sets, table
from .arena import QUESTIONS, Meeting, NotTaken
from .asking import Asking, Away
from .emitter import Emitter
from .importer import Imported, NotImported, import_list
from .reader import Reader
from .says import KS, NAV, Identity, Json, Saying
from .story import Story

SCOPES = "tidlig:events.publish tidlig:initiatives.read tidlig:operations"
PATIENCE = 30.0
EMBARGO = timedelta(seconds=4)
OK, FAILED = 0, 1
# where the output is no terminal there is no width to fit
WIDE = 150


class Failed(Exception):
    """Something did not come about; the text says what."""


def demo(folder: Path, *, supervisor: str) -> int:
    """Play it on a fresh stack in `folder`, and leave no process. The exit status."""
    # what is tried again is shown when it is in vain
    stamina.instrumentation.set_on_retry_hooks([])
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    # the jars are shared with other stacks of the checkout
    os.environ["TIDLIG_JARS"] = str(jars.folder())
    down(folder)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        if up(folder, detach=True, supervisor=supervisor) != OK:
            return FAILED
        return Demonstration(read_stack(folder), console).play()
    finally:
        down(folder)


@dataclass
class Demonstration:
    """The parties' systems on a running stack, and what they have done so far."""

    stack: Stack
    console: Console
    story: Story = field(default_factory=Story)
    refused: int = 0
    failures: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.registry = self.asking("registry")
        self.intake = self.asking("intake")
        self.emitter = Emitter(self.intake)
        self.ks = Reader(self.asking("delivery"))

    def asking(self, service: str) -> Asking:
        return Asking(self.stack.service_urls[service], self.token)

    def token(self, orgnr: str) -> str:
        return tokens.sign(self.stack.folder, orgnr, SCOPES)

    def play(self) -> int:
        """Play every act; the exit status."""
        began = monotonic()
        try:
            for act in (
                self.announcements,
                self.refusal,
                self.first_reading,
                self.roadmap_with_a_kill,
                self.answers_and_an_end,
                self.meeting_of_the_arena,
                self.embargo_while_ks_is_away,
                self.last_reading,
                self.import_of_a_list,
                self.everything_arrives,
            ):
                act()
        except (Failed, Away, NotImported, NotTaken, httpx.HTTPError) as failure:
            self.failures.append(str(failure))
        self.show_table()
        return self.verdict(monotonic() - began)

    def announcements(self) -> None:
        self.emit("the state announces and shares", self.story.state_announces())
        self.emit("Narvik announces one", self.story.municipality_announces())
        self.emit("Nav shares one with KS alone", self.story.a_share_that_will_end())

    def refusal(self) -> None:
        """A badly formed event is refused, with a pointer to each fault."""
        answer = self.emitter.attempt(self.story.badly_formed())
        if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
            raise Failed(f"a badly formed event got {answer.status_code}, not 422")
        self.refused += 1
        self.say(f"a badly formed event is refused: {answer.status_code}")
        for fault in answer.json()["faults"]:
            self.say(f"  {fault['pointer']}: {fault['detail']}")

    def first_reading(self) -> None:
        self.read("KS reads its feed")

    def roadmap_with_a_kill(self) -> None:
        """In the middle of the load the registry is killed; it comes back by itself."""
        sayings = list(roadmap.sayings())
        half = len(sayings) // 2
        self.emit("Digdir announces half of its roadmap", sayings[:half])
        os.kill(self.process("registry"), SIGKILL)
        self.say("the registry is killed (SIGKILL)")
        self.emit("Digdir announces the rest", sayings[half:])

    def answers_and_an_end(self) -> None:
        self.emit("KS acknowledges and answers", self.story.ks_answers())
        self.emit("Nav ends the share it made", self.story.the_share_ends())

    def meeting_of_the_arena(self) -> None:
        """Advice that binds nobody; and the registry shows it with the initiative."""
        url = self.stack.service_urls["consultation"]
        asking = Asking(url, self.token_in_arena)
        Meeting(asking, self.stack.folder, self.say, self.wait).play()
        subject = QUESTIONS[0][1]
        self.wait("the registry to show advice", lambda: self.advised(subject) == 1)
        self.say(f"the registry shows advice and decisions with {subject}")

    def advised(self, subject: str) -> int:
        answer = self.registry.get(f"/initiatives/{subject}/arena", KS)
        if answer.status_code != httpx.codes.OK:
            return 0
        return sum(len(each["advice"]) for each in answer.json()["items"])

    def token_in_arena(self, orgnr: str) -> str:
        actor = ("secretary", f"demo-{orgnr}")
        return tokens.sign(self.stack.folder, orgnr, arena.SCOPES, actor=actor)

    def embargo_while_ks_is_away(self) -> None:
        """Nobody reads before the time; the leader job opens it when it has come."""
        opens = datetime.now(UTC) + EMBARGO
        sayings = list(self.story.under_embargo(opens))
        self.emit("Nav shares under embargo", sayings)
        subject = sayings[0].event["subject"]
        if self.seen_by(KS, subject) is not None:
            raise Failed("KS could see what is under embargo")
        self.wait("the embargo to pass", lambda: self.opened(subject) is not None)
        late = (self.opened(subject) or opens) - opens
        self.say(f"the embargo opened {late.total_seconds():.2f} s after its time")

    def last_reading(self) -> None:
        self.read("KS comes back and reads on")

    def import_of_a_list(self) -> None:
        """KS imports what no owner has announced: once, and no figure moves."""
        self.all_is_archived()
        figures = self.counted()
        first = self.imported()
        left = "; ".join(f"{n} left out: {why}" for why, n in first.left_out.items())
        self.say(f"KS imports a list: {first.kinds['new']} rows are new; {left}")
        again = self.imported()
        self.say(f"the same list again: {again.kinds['unchanged']} rows unchanged")
        if again.receipts or again.kinds["unchanged"] != first.kinds["new"]:
            raise Failed(f"the same list again changed something: {again.told['rows']}")
        self.read("KS finds its entries in its own feed")
        if self.counted() != figures:
            raise Failed("what was imported has moved the figures")

    def everything_arrives(self) -> None:
        """The archive has all that was accepted, and nobody is behind."""
        self.all_is_archived()
        self.wait("lag to be 0", lambda: lag.caught_up(self.stack))

    # what the acts are made of

    def emit(self, what: str, sayings: Iterable[Saying]) -> None:
        number = self.emitter.emit(sayings)
        self.say(f"{what}: {number} facts, 202")

    def read(self, what: str) -> None:
        before = len(self.ks.received)
        if not self.ks.read(self.emitter.expected_by_ks, PATIENCE):
            left = len(self.emitter.expected_by_ks - self.ks.received)
            raise Failed(f"KS waited {PATIENCE:.0f} s, and {left} facts did not come")
        self.say(f"{what}: {len(self.ks.received) - before} new facts")

    def imported(self) -> Imported:
        """The list, imported; what was accepted is kept, and KS is to be given it."""
        urls = self.stack.service_urls
        found = import_list(urls["intake"], urls["registry"], self.token(KS))
        self.emitter.accepted |= found.receipts
        self.emitter.expected_by_ks |= found.receipts.keys()
        return found

    def counted(self) -> list[int]:
        """How many initiatives stand behind KS's figures, by direction."""
        return [each["n"] for each in table.figures(self.registry, KS)]

    def all_is_archived(self) -> None:
        accepted = set(self.emitter.accepted)
        self.wait("the archive", lambda: accepted <= set(self.archived()))

    def wait(self, what: str, met: Callable[[], bool]) -> None:
        if not until(met, PATIENCE):
            raise Failed(f"waited {PATIENCE:.0f} s for {what}")

    def seen_by(self, orgnr: str, subject: str) -> Json | None:
        answer = self.registry.get(f"/initiatives/{subject}", orgnr)
        return answer.json() if answer.status_code == httpx.codes.OK else None

    def opened(self, subject: str) -> datetime | None:
        """When the tracker said that the share under embargo has opened."""
        seen = self.seen_by(NAV, subject)
        for share in [] if seen is None else seen["shares"]:
            if "opened" in share:
                return datetime.fromisoformat(share["opened"]["accepted"])
        return None

    def process(self, part: str) -> int:
        return read_stack(self.stack.folder).processes[part].pid

    def archived(self) -> list[Identity]:
        return sets.archived(self.stack.database_urls["registry"])

    def say(self, sentence: str) -> None:
        now = f"{datetime.now(UTC):%H:%M:%S}"
        self.console.print(f"{now}  {sentence}", highlight=False)

    # what is shown in the end

    def show_table(self) -> None:
        subjects = dict.fromkeys(subject for subject, _, _ in self.emitter.accepted)
        found = table.initiatives(self.registry, subjects)
        table.show(self.console, found)
        figures = table.figures(self.registry, KS)
        imported = [row for row in found if row.imported]
        table.show_figures(self.console, figures, len(imported))

    def verdict(self, seconds: float) -> int:
        """One line, and what does not agree before it."""
        found = sets.Sets(
            set(self.emitter.accepted),
            sets.in_kafka(self.stack.bootstrap),
            self.archived(),
            self.ks.received,
            self.emitter.expected_by_ks,
        )
        faults = self.failures + found.faults
        if not lag.caught_up(self.stack):
            faults.append("somebody is behind: `make lag` tells who")
        for fault in faults:
            self.console.print(f"[red]{fault}[/red]", soft_wrap=True)
        self.console.print(
            f"demo: {'failed' if faults else 'ok'}",
            self.counts(found),
            f"{seconds:.0f} s",
            highlight=False,
            soft_wrap=True,
        )
        return FAILED if faults else OK

    def counts(self, found: sets.Sets) -> str:
        behind = "0" if lag.caught_up(self.stack) else "not 0"
        numbers = {
            "accepted": len(found.accepted),
            "in Kafka": len(set(found.in_kafka)),
            "archived": len(set(found.archived)),
            "readable": self.readable(),
            "received by KS": len(found.received),
            "refused": self.refused,
            "lost": len(found.lost),
            "lag": behind,
        }
        return ", ".join(f"{what} {number}" for what, number in numbers.items())

    def readable(self) -> int:
        """Facts of which their owners can prove that somebody else could read them."""
        speakers = {source.split(":")[2] for _, source, _ in self.emitter.accepted}
        return sum(self.readable_of(orgnr) for orgnr in speakers)

    def readable_of(self, orgnr: str) -> int:
        answer = self.intake.get("/receipts?limit=1000", orgnr)
        return sum(1 for each in answer.json()["receipts"] if each["readable"])
