"""Bringing a list in: look at what was said, say what is new, look again if it was not.

Nothing is kept on disk. Intake decides which version of a row is next, the registry
tells what the last one said; so it can be stopped anywhere and begun anew, anywhere.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Protocol

import httpx

from schemas.envelope import BATCH_MEDIA_TYPE
from services.intake.sending import ask, batches, faults_at
from services.kit.clock import Clock, utc_now

from . import known
from .known import Json, Refused, body_of, why
from .mapping import Mapping
from .planning import Change, Known, Speaker, plan
from .rows import Bad
from .wanting import Left, Sorted, Wanted

# two events a row, and an answer names a hundred faults at most
MOST_ROWS = 50
# so long a registry may lag behind what intake has accepted
PATIENCE = timedelta(seconds=60)
PAUSE = 0.2


class Progress(Protocol):
    """Is told how many rows there are, and of each that it has been settled."""

    def begin(self, what: str, total: int) -> None: ...
    def step(self) -> None: ...


@dataclass
class Brought:
    """What became of a list's rows; `gone` were imported before and have left it."""

    changes: list[Change] = field(default_factory=list)
    left: list[Left] = field(default_factory=list)
    bad: list[Bad] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    receipts: list[Json] = field(default_factory=list)


@dataclass
class Importer:
    """A client of intake and registry, both asked with the importing body's token."""

    intake: httpx.AsyncClient
    registry: httpx.AsyncClient
    mapping: Mapping
    speaker: Speaker
    progress: Progress
    dry_run: bool = False
    patience: timedelta = PATIENCE
    clock: Clock = utc_now

    async def bring(self, rows: Sorted) -> Brought:
        """Say what is new in the rows. Raises `Refused`, `NotAllowed`, or as `ask`."""
        found = Brought(left=rows.left, bad=list(rows.bad))
        before = await known.imported_before(self.registry, self.speaker)
        found.gone = sorted(before - rows.locals)
        told = await self.look({each.local for each in rows.wanted} & before)
        self.progress.begin("importing", len(rows.wanted))
        stale = await self.say(rows.wanted, told, found)
        deadline = monotonic() + self.patience.total_seconds()
        while stale:
            # somebody has said more of these than we knew, or than the registry shows
            moved = await self.moved(stale, told)
            if not moved and monotonic() > deadline:
                found.bad += [behind(each) for each in stale]
                break
            if moved:
                deadline = monotonic() + self.patience.total_seconds()
                again = [each for each in stale if each.local in moved]
                stale = [each for each in stale if each.local not in moved]
                stale += await self.say(again, told, found)
            else:
                await asyncio.sleep(PAUSE)
        found.changes.sort(key=lambda each: each.row.local)
        return found

    async def look(self, locals: Iterable[str]) -> dict[str, Known]:
        wanted = list(locals)
        self.progress.begin("looking", len(wanted))
        return await known.known_of(
            self.registry, wanted, self.speaker, self.progress.step
        )

    async def moved(self, stale: Sequence[Wanted], told: dict[str, Known]) -> set[str]:
        """Rows of which the registry now shows more; `told` is brought up to date."""
        now = await known.known_of(
            self.registry, [each.local for each in stale], self.speaker, lambda: None
        )
        moved = {each for each in now if now[each] != told.get(each, Known())}
        told.update({each: now[each] for each in moved})
        return moved

    async def say(
        self, rows: Sequence[Wanted], told: dict[str, Known], found: Brought
    ) -> list[Wanted]:
        """Say what is new; rows of which more was said before than we knew."""
        changes: list[Change] = []
        for row in rows:
            known_now = told.get(row.local, Known())
            planned = plan(row, known_now, self.mapping, self.speaker, self.clock())
            if isinstance(planned, Bad):
                found.bad.append(planned)
                self.progress.step()
            else:
                changes.append(planned)
        stale = []
        for really in (True, False):
            some = [each for each in changes if bool(each.events) == really]
            for batch in batches(some, size, MOST_ROWS):
                stale += await self.say_batch(batch, found)
        return stale

    async def say_batch(self, batch: list[Change], found: Brought) -> list[Wanted]:
        """Say a batch, without those of its rows that intake points at."""
        stale: list[Wanted] = []
        while batch:
            answer = await self.post(batch)
            told = body_of(answer)
            if answer.is_success:
                self.settle(batch, told, found)
                return stale
            pointed = faulty(batch, told)
            if not pointed:
                raise Refused(f"intake answers {answer.status_code}: {why(told)}")
            for change, faults in pointed:
                if answer.status_code == httpx.codes.CONFLICT:
                    stale.append(change.row)
                else:
                    row = change.row
                    found.bad.append(Bad(row.place, faults, row.key, row.local))
                    self.progress.step()
            batch = [c for c in batch if all(c is not each for each, _ in pointed)]
        return stale

    async def post(self, batch: Sequence[Change]) -> httpx.Response:
        """Nothing is kept on a dry run, nor of rows that do not change."""
        texts = [text for change in batch for text in sent(change)]
        return await ask(
            self.intake,
            "POST",
            "/events",
            content=b"[" + b",".join(texts) + b"]",
            headers={"Content-Type": BATCH_MEDIA_TYPE},
            params={"dry_run": self.dry_run or not batch[0].events},
        )

    def settle(self, batch: Sequence[Change], told: Json, found: Brought) -> None:
        found.changes += batch
        found.receipts += told.get("receipts", [])
        for _ in batch:
            self.progress.step()


def sent(change: Change) -> tuple[bytes, ...]:
    return change.events or (change.probe,)


def size(change: Change) -> int:
    return sum(len(text) + 1 for text in sent(change))


def faulty(batch: Sequence[Change], problem: Json) -> list[tuple[Change, str]]:
    """The changes that an answer points at, each with what it says."""
    found = []
    n = 0
    for change in batch:
        faults = [
            f"{pointer.removeprefix('/data').strip('/') or 'row'}: {detail}"
            for place in range(n, n + len(sent(change)))
            for pointer, detail in faults_at(problem, place)
        ]
        n += len(sent(change))
        if faults:
            found.append((change, "; ".join(faults)))
    return found


def behind(row: Wanted) -> Bad:
    reason = (
        "intake has taken more of it than the registry shows; import again once the "
        "registry has caught up"
    )
    return Bad(row.place, reason, row.key, row.local)
