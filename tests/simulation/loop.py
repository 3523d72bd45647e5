"""An event loop in virtual time: nothing happens at once, and nothing takes time.

While anything can run it runs, in order. Where nothing can, the loop waits for what
Postgres has been asked, and then asks the world what is to happen next; only the world
lets time pass.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from contextvars import Context
from typing import Any, Protocol

# of a real answer, before it is asked whether the statement waits for a lock
PATIENCE = 0.002


class Directing(Protocol):
    """Decides what happens where nothing can go on by itself."""

    @property
    def awaits_answers(self) -> bool:
        """Whether a real server is still to answer."""

    def suspect(self) -> None:
        """No answer for a while: find out why."""

    def next(self, timer: float | None) -> float:
        """Let something happen, or so many seconds pass; `timer` is the next one's."""


class Loop(asyncio.SelectorEventLoop):
    """Reads no clock. Threads are not used: what would block is done at once."""

    def __init__(self) -> None:
        self.now = 0.0
        self.director: Directing | None = None
        super().__init__(Idle(self))

    def time(self) -> float:
        return self.now

    def forget_timers(self) -> None:
        """What was to happen later happens no more."""
        for timer in self._scheduled:  # type: ignore[attr-defined]  # asyncio's own
            timer.cancel()

    def run_in_executor(  # type: ignore[override]  # of no argument's type more is known
        self, _: Any, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        answer = self.create_future()
        answer.set_result(func(*args))
        return answer

    def _write_to_self(self) -> None:
        """Nobody has to be woken: there is one thread."""


class Idle(selectors.BaseSelector):
    """Asked by the loop when it has nothing to do."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.real = selectors.DefaultSelector()

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            # answers are looked at when nothing else is left to do: always in one order
            return []
        director = self.loop.director
        if director is None:
            return self.real.select(1)
        if director.awaits_answers:
            found = self.real.select(PATIENCE)
            if not found:
                director.suspect()
            return found
        self.loop.now += director.next(timeout)
        return []

    def register(
        self, fileobj: Any, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        return self.real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.unregister(fileobj)

    def modify(
        self, fileobj: Any, events: int, data: Any = None
    ) -> selectors.SelectorKey:
        return self.real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self.real.get_map()

    def get_key(self, fileobj: Any) -> selectors.SelectorKey:
        return self.real.get_key(fileobj)

    def close(self) -> None:
        self.real.close()


NOBODYS = Context()
