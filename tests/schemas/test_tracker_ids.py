"""What the tracker says is admitted, whatever digits its derived id begins from."""

from hashlib import sha256
from itertools import count

from schemas import tracker
from schemas.admission import admit
from schemas.fact import Fact
from schemas.identity import Ref
from schemas.national_id import holds_national_id
from schemas.topics import TRACKER

from .said import INITIATIVE, KS, NAV, NOW

FACTS = [(Ref(f"urn:orgnr:{NAV}:system", "nr-1"), "initiative.registered")]


def plain_digest(position: str) -> str:
    return sha256(f"org:{KS}\0{position}".encode()).hexdigest()[:32]


def readable(position: str) -> Fact:
    key, value = tracker.readable(INITIATIVE, f"org:{KS}", FACTS, position, NOW)
    fact = admit(value, (), TRACKER.name, key)
    assert isinstance(fact, Fact), fact
    return fact


def test_a_derived_id_never_holds_what_looks_like_a_national_id() -> None:
    """About one position in thirty thousand would give such an id."""
    positions = (f"{n:022d}" for n in count())
    unlucky = next(p for p in positions if holds_national_id(plain_digest(p)))

    first, again = readable(unlucky), readable(unlucky)

    assert first.id != f"readable-{plain_digest(unlucky)}"
    assert first.id == again.id


def test_other_ids_are_as_they_always_were() -> None:
    """The log has them: said once more, they must be found again."""
    position = f"{7:022d}"

    assert readable(position).id == f"readable-{plain_digest(position)}"
