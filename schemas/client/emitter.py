"""The emitter: what is said is kept first, then sent until it is answered."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from time import sleep
from typing import Self
from uuid import uuid4

from pydantic import BaseModel

from ..envelope import Visibility
from ..fact import content_hash
from . import speech
from .background import Background
from .backoff import Patience
from .errors import IdReused, NotSent, TokenRefused
from .intake import SECONDS, Intake
from .outbox_file import OutboxFile, Said
from .sending import send_round
from .service import Away, Token

FLUSH_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush settled; `refused` are told by `Emitter.refused()`."""

    accepted: int
    refused: int


class Emitter:
    """Says facts of one organisation's system, and sees that intake has them.

    Safe to use from several threads. Several processes may share an outbox: they
    may send the same event, which intake takes once.
    """

    def __init__(
        self,
        url: str,
        token: Token,
        *,
        source: str,
        outbox: Path | str,
        seconds: float = SECONDS,
    ) -> None:
        """`url` is intake's; `source` is `urn:orgnr:<your orgnr>:<your system>`.

        `token` may be a callable: it is asked before every request. `outbox` is a
        file on a local disk, made where it is not. `seconds` an answer may take.
        Raises `WrongFile`, OSError, or ValueError for a URL that is no https.
        """
        self.source = source
        self.intake = Intake(url, token, seconds=seconds)
        self.outbox = OutboxFile(Path(outbox))
        self.one_at_a_time = Lock()
        self.background: Background | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def say(
        self,
        data: BaseModel,
        *,
        subject: str,
        audience: str | Iterable[str] = (),
        recipients: str | Iterable[str] = (),
        visibility: Visibility | None = None,
        id: str | None = None,
        time: datetime | None = None,
        **others: str,
    ) -> Said:
        """Keep a fact in the outbox, durably, and return at once.

        `data` is a model of the contract; its class tells the type. `subject` is the
        initiative's id. With an `id` of your own, saying the same again changes
        nothing. `others` are further attributes, such as `correlationid`.
        Raises `NotSayable` or `IdReused`; nothing is kept then.
        """
        chosen = id or str(uuid4())
        while True:
            first = self.outbox.find(subject, self.source, chosen)
            meant = time or (datetime.now(UTC) if first is None else first.time)
            text = speech.event(
                data,
                subject=subject,
                source=self.source,
                id=chosen,
                time=meant,
                visibility=visibility,
                audience=audience,
                recipients=recipients,
                others=others,
            )
            if first is not None:
                if content_hash(first.text) != content_hash(text):
                    raise IdReused(chosen)
                return first
            if said := self.outbox.add(subject, self.source, chosen, text):
                self.wake()
                return said

    def flush(self, timeout: float | None = FLUSH_SECONDS) -> Flushed:
        """Send what has been said until now, and wait for the answers.

        Trouble on the way is met by trying again, for at most `timeout` seconds (None:
        for ever). Raises `NotSent`, or `TokenRefused` for a token that is fixed.
        """
        upto, patience = self.outbox.last(), Patience(timeout)
        before = self.settled(upto)
        while trouble := self.round(upto):
            pause = patience.pause(trouble.asked)
            if pause is None:
                waiting = self.outbox.count("waiting", upto)
                raise NotSent(waiting, str(trouble)) from trouble
            sleep(pause)
        after = self.settled(upto)
        return Flushed(after.accepted - before.accepted, after.refused - before.refused)

    def settled(self, upto: int) -> Flushed:
        """How much of what was said up to a place is settled by now."""
        return Flushed(
            self.outbox.count("accepted", upto), self.outbox.count("refused", upto)
        )

    def round(self, upto: int | None = None) -> Away | None:
        """Try once to send what waits; the trouble on the way, if there was any."""
        with self.one_at_a_time:
            try:
                send_round(
                    self.outbox,
                    self.intake,
                    self.outbox.last() if upto is None else upto,
                )
            except Away as away:
                return away
            except TokenRefused as refused:
                if not self.intake.renews_its_token:
                    raise
                return Away(str(refused))
        return None

    def start(self) -> Self:
        """Send in the background from now on, whatever happens on the way."""
        if self.background is None:
            self.background = Background(self.round)
        return self

    def wake(self) -> None:
        if self.background is not None:
            self.background.wake()

    def waiting(self) -> int:
        """How many events intake has not answered yet."""
        return self.outbox.count("waiting")

    def refused(self, most: int = 1000) -> list[Said]:
        """Events that intake will not take, with the `problem` that says why."""
        return self.outbox.in_state("refused", most)

    def accepted(self, most: int = 1000) -> list[Said]:
        """The newest events that intake has accepted, with their receipts."""
        return self.outbox.in_state("accepted", most)

    def try_again(self, *events: Said) -> int:
        """Let refused events wait again, with the same id and time; how many.

        For when the reason has passed: the organisation has been added, or the token
        was another's. What must be said otherwise is said anew.
        """
        found = self.outbox.wait_again([each.place for each in events])
        self.wake()
        return found

    def close(self) -> None:
        """End the background's work; what waits stays in the outbox."""
        if self.background is not None:
            self.background.stop()
            self.background = None
        self.intake.close()
        self.outbox.close()
