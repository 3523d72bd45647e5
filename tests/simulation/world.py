"""The world of one schedule: processes, what may happen next, and the faults.

A schedule is a row of bytes: each decides one step. Of zeros nothing goes wrong and
everything comes in turn; where the bytes have run out the world is calm, and has to
heal.
"""

import asyncio
from collections.abc import Callable, Collection, Sequence
from contextvars import Context
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from tests.histories import Choices

from .database import Database
from .loop import NOBODYS, Loop
from .process import Event, Process, Works, kept, settle

if TYPE_CHECKING:
    from .listening import Listener

# of 256: so many rolls let time pass though something else could happen, or go wrong
TIME_PASSES = 16
GOES_WRONG = 12
PAUSES = (12.0, 17.0, 0.5)
BEGUN_AGAIN = 0.5
HEALS_WITHIN = 180.0
MOST_STEPS = 20_000

BEGAN = datetime(2026, 6, 1, 7, 59, 57, tzinfo=UTC)

Fault = Callable[[], bool]


class NotHealed(AssertionError):
    """The faults are over, and still not everything is done."""


class Scenario(Protocol):
    """What goes on in the world, and when everything is done."""

    def begin(self, world: "World") -> None:
        """Start the processes."""

    def faults(self) -> Sequence[Fault]:
        """What may go wrong here besides; each says whether it did."""

    def mend(self) -> None:
        """The faults are over: mend what does not heal by itself."""

    def is_quiet(self) -> bool:
        """Whether, as far as can be seen from outside, nothing is left to do."""

    async def is_done(self) -> bool:
        """The same, asked of Postgres."""


@dataclass(eq=False)
class World:
    """Directs the loop through one schedule."""

    loop: Loop
    choices: Choices
    database: Database
    scenario: Scenario
    events: list[Event] = field(default_factory=list)
    processes: list[Process] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)
    # the kinds of faults that came
    wrongs: list[str] = field(default_factory=list)
    calm_since: float | None = None
    over: bool = False
    looking: "asyncio.Task[None] | None" = None
    looked: float = -1.0
    listeners: "list[Listener]" = field(default_factory=list)
    began: datetime = BEGAN

    def __post_init__(self) -> None:
        self.done = self.loop.create_future()
        # in some worlds nothing goes wrong, and only the turns are chosen
        self.spared = self.choices.one_in(6)
        self.database.world = self

    # -- what the loop asks ----------------------------------------------------------

    @property
    def awaits_answers(self) -> bool:
        return self.database.awaits_answers

    def suspect(self) -> None:
        self.database.look_for_locks()

    def next(self, timer: float | None) -> float:
        if self.over or self.database.hand_over():
            return 0.0
        try:
            return self.decide(timer)
        except Exception as error:  # noqa: BLE001  # whatever it is, the run fails of it
            self.done.set_exception(error)
            self.over = True
            return 0.0

    def decide(self, timer: float | None) -> float:
        roll = self.roll()
        if roll >= 256 - GOES_WRONG and not self.spared and self.goes_wrong():
            return 0.0
        ready = [e for e in self.events if e.process is None or not e.process.paused]
        passes = roll >= 256 - TIME_PASSES - GOES_WRONG and not self.spared
        if ready and not (passes and timer is not None):
            self.happens(ready[roll % len(ready)])
            return 0.0
        if not ready and self.looks_done():
            return 0.0
        if timer is None:
            raise NotHealed("nothing can happen any more")
        return timer

    def roll(self) -> int:
        """What decides the step; zero where it is calm."""
        if self.choices.used >= len(self.choices) and self.calm_since is None:
            self.calm_since = self.loop.now
            self.note("calm from now on")
            self.scenario.mend()
        if len(self.trace) > MOST_STEPS:
            raise NotHealed(f"after {MOST_STEPS} steps it is not done")
        since = self.calm_since
        if since is not None and self.loop.now - since > HEALS_WITHIN:
            raise NotHealed(f"it is not done {HEALS_WITHIN} s after the last fault")
        return self.choices.below(256)

    def happens(self, event: Event) -> None:
        self.events.remove(event)
        self.note(event.label)
        event.run()

    # -- faults ----------------------------------------------------------------------

    def goes_wrong(self) -> bool:
        kinds: list[Fault] = [self.lose, self.kill, self.stop, *[self.pause] * 3]
        kinds += self.scenario.faults()
        return self.choices.pick(kinds)()

    def lose(self) -> bool:
        """A connection to Postgres breaks, before or after what was asked was done."""
        asks = [e for e in self.events if e.ask is not None]
        if not asks:
            return False
        event = self.choices.pick(asks)
        done = self.choices.one_in(2)
        when = "after" if done else "before"
        self.wrong(f"connection lost {when} it was done", event.label)
        self.forget(event)
        if event.ask is not None:
            event.ask.lose(done=done, heard=True)
        return True

    def kill(self) -> bool:
        return self.any_process("killed", Process.kill)

    def stop(self) -> bool:
        return self.any_process("stopped", Process.stop)

    def pause(self) -> bool:
        """Longer than a session lasts, in the midst of something if anybody is."""
        seconds = self.choices.pick(PAUSES)
        busy = {e.process for e in self.events if e.ask is not None}
        return self.any_process("paused", lambda each: each.pause(seconds), busy)

    def any_process(
        self,
        kind: str,
        do: Callable[[Process], None],
        rather: Collection[Process | None] = (),
    ) -> bool:
        able = [each for each in self.processes if not each.paused]
        able = [each for each in able if each in rather] or able
        if not able:
            return False
        process = self.choices.pick(able)
        self.wrong(kind, process.name)
        do(process)
        return True

    # -- processes -------------------------------------------------------------------

    def start(self, name: str, works: Works) -> Process:
        assert not self.over
        process = Process(self, name, works)
        self.processes.append(process)
        return process

    def ended(self, process: Process) -> None:
        self.processes.remove(process)
        if not self.over:
            self.later(BEGUN_AGAIN, self.start, process.name, process.works)

    def tell(self, what: set[str]) -> None:
        """Something of it was committed."""
        for listener in list(self.listeners):
            if listener.channel.rpartition("_")[2] in what:
                listener.told()

    def clock(self) -> str:
        """The time of day, as servers see it."""
        return (self.began + timedelta(seconds=self.loop.now)).isoformat()

    def later(self, seconds: float, do: Callable[..., Any], *args: Any) -> None:
        self.loop.call_later(seconds, do, *args, context=NOBODYS)

    def happens_sometime(
        self, label: str, run: Callable[[], None], process: Process | None = None
    ) -> Event:
        event = Event(label, run, process)
        self.events.append(event)
        return event

    def forget(self, event: Event) -> None:
        if event in self.events:
            self.events.remove(event)

    def wrong(self, kind: str, what: str) -> None:
        """Note a fault."""
        self.wrongs.append(kind)
        self.note(f"! {kind}: {what}")

    def note(self, what: str) -> None:
        self.trace.append(f"{self.loop.now:9.3f}  {what}")

    # -- the end ---------------------------------------------------------------------

    def looks_done(self) -> bool:
        """Ask Postgres, once for each moment, where all looks done from outside."""
        if self.calm_since is None or self.looked == self.loop.now:
            return False
        if any(each.paused for each in self.processes) or not self.scenario.is_quiet():
            return False
        self.looked = self.loop.now
        self.looking = self.loop.create_task(self.look(), context=Context())
        return True

    async def look(self) -> None:
        if await self.database.beside(self.scenario.is_done()):
            settle(self.done)
            self.over = True

    async def run(self) -> None:
        """The whole schedule. Raises `NotHealed`, and leaves no process behind."""
        self.loop.set_task_factory(kept)
        self.loop.director = self
        try:
            self.scenario.begin(self)
            await self.done
        finally:
            self.over = True
            await self.end()
            self.loop.director = None
            self.loop.set_task_factory(None)

    async def end(self) -> None:
        left = [task for process in self.processes for task in process.tasks]
        for process in list(self.processes):
            process.paused = False
            process.kill()
        await asyncio.gather(*left, return_exceptions=True)
        self.loop.director = None
        self.loop.forget_timers()
        await self.database.settle()
        self.events.clear()
