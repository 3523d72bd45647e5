"""An emitter with an outbox of its own, before an intake that does as it is told."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from schemas.client import Emitter, Said, backoff
from schemas.initiative import InitiativeStopped

from .scripted import IntakeOnPaper, Scripted, scripted

NAV = "889640782"
ONE, OTHER = f"{NAV}:en", f"{NAV}:annen"
TOKEN = "et-token"
SOURCE = f"urn:orgnr:{NAV}:saksys"
Make = Callable[..., Emitter]


@pytest.fixture(autouse=True)
def in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits are short, and still those of the client."""
    monkeypatch.setattr(backoff, "FIRST", 0.01)
    monkeypatch.setattr(backoff, "LONGEST", 0.05)


@pytest.fixture
def paper() -> IntakeOnPaper:
    return IntakeOnPaper()


@pytest.fixture
def intake(paper: IntakeOnPaper) -> Iterator[Scripted]:
    with scripted(paper) as server:
        yield server


@pytest.fixture
def make(intake: Scripted, tmp_path: Path) -> Iterator[Make]:
    """Makes emitters on one outbox, and closes them."""
    with ExitStack() as opened:

        def emitter(token: Any = TOKEN, **options: Any) -> Emitter:
            given = {"source": SOURCE, "outbox": tmp_path / "ut.db", **options}
            return opened.enter_context(Emitter(intake.url, token, **given))

        yield emitter


def say(emitter: Emitter, subject: str = ONE, **options: Any) -> Said:
    return emitter.say(
        InitiativeStopped(reason="Slått sammen."), subject=subject, **options
    )
