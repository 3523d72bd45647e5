"""Work in the background that goes on until it is stopped, whatever happens."""

import logging
from collections.abc import Callable
from threading import Event, Thread

from .backoff import Patience
from .errors import ClientError
from .service import Away

log = logging.getLogger(__name__)

# another process may have put something into the outbox
LOOK_EVERY_SECONDS = 5.0
GRACE_SECONDS = 10.0


class Background:
    """Does a piece of work again and again: when woken, and when trouble has passed.

    Nothing it does is lost with it, so the thread ends with the process.
    """

    def __init__(self, work: Callable[[], Away | None]) -> None:
        self.work = work
        self.woken = Event()
        self.stopped = Event()
        self.thread = Thread(target=self.run, name="tidlig-emitter", daemon=True)
        self.thread.start()

    def wake(self) -> None:
        self.woken.set()

    def stop(self) -> None:
        self.stopped.set()
        self.woken.set()
        self.thread.join(GRACE_SECONDS)

    def run(self) -> None:
        patience = Patience(None)
        while not self.stopped.is_set():
            self.woken.clear()
            trouble = self.tried()
            if trouble is None:
                patience = Patience(None)
                self.woken.wait(LOOK_EVERY_SECONDS)
            elif not self.stopped.is_set():
                pause = patience.pause(trouble.asked)
                log.warning("not sent yet, again in %.1f s: %s", pause, trouble)
                self.stopped.wait(pause)

    def tried(self) -> Away | None:
        try:
            return self.work()
        except ClientError as error:
            return Away(str(error))
        except Exception as error:
            if not self.stopped.is_set():
                log.exception("the emitter's background work failed; it goes on")
            return Away(f"{type(error).__name__}: {error}")
