"""KS's system: follows its feed, keeps the facts and then the cursor."""

from dataclasses import dataclass, field
from time import monotonic

from schemas.identity import is_of_arena

from .asking import Asking
from .says import KS, Identity, Json, identity_of

PAGE = 100
WAIT_MS = 2_000


@dataclass
class Reader:
    """A client of the feed; the next page's link is all that it has to remember."""

    delivery: Asking
    orgnr: str = KS
    link: str = f"/feed?limit={PAGE}"
    facts: dict[Identity, Json] = field(default_factory=dict)

    @property
    def received(self) -> set[Identity]:
        """What parties have said of initiatives; neither what the tracker observed is
        counted, nor what was said in the arena.
        """
        return {
            identity
            for identity, event in self.facts.items()
            if not event["source"].startswith("urn:tidlig:")
            and not is_of_arena(event["subject"])
        }

    def read(self, wanted: set[Identity], seconds: float = 30) -> bool:
        """Follow the feed until all that is wanted has come, or the time is up.

        Goes on to the end of the feed, so that what should not be there is seen too.
        """
        deadline = monotonic() + seconds
        while monotonic() < deadline:
            if not self.read_page() and wanted <= self.received:
                return True
        return wanted <= self.received

    def read_page(self) -> int:
        """One page: its facts first, then the link to the next. Returns how many."""
        answer = self.delivery.get(f"{self.link}&timeout={WAIT_MS}", self.orgnr)
        events: list[Json] = answer.raise_for_status().json()
        for event in events:
            self.facts[identity_of(event)] = event
        self.link = answer.links["next"]["url"]
        return len(events)
