"""Whoever emits and reads in the drill, and their own account of what was acknowledged.

The account lies outside the system: it is what all of it is held against in the end.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count

from deploy.local.demo.emitter import Emitter
from deploy.local.demo.reader import PAGE, Reader
from deploy.local.demo.says import AID, NARVIK, NAV, Identity, Saying, System

FROM_THE_BEGINNING = f"/feed?limit={PAGE}"
FIRST_LOCK = date(2030, 1, 1)


@dataclass
class Story:
    """Synthetic initiatives of three owners; all but one of each is shared with KS."""

    systems: tuple[System, ...] = field(
        default_factory=lambda: (
            System(NAV, "portefolje"),
            System(AID, "saksys"),
            System(NARVIK, "acos"),
        )
    )
    days: "count[int]" = field(default_factory=count)

    def announcements(self, number: int) -> Iterator[Saying]:
        """So many initiatives of each owner, each announced, shared and with a lock."""
        for system in self.systems:
            for n in range(number):
                name = f"ovelse-{n}"
                title = f"Øvelsestiltak {n}"
                yield system.announces(name, title, "Bare en øvelse.", for_ks=True)
                yield system.shares(name, "municipal state", for_ks=True)
            yield system.announces(
                "ikke-delt", "Meldt, men ikke delt", "Bare en øvelse.", for_ks=False
            )
        yield from self.changes(number)

    def changes(self, number: int, initiatives: int | None = None) -> Iterator[Saying]:
        """The first `initiatives` of each owner get a new day of their lock, in turn,
        `number` facts an owner.
        """
        for system in self.systems:
            for n in range(number):
                day = (FIRST_LOCK + timedelta(days=next(self.days))).isoformat()
                name = f"ovelse-{n % (initiatives or number)}"
                yield system.locks(name, "contract", day, for_ks=True)


@dataclass
class Emitting:
    """The owners' systems: they keep what they said, to send it again if need be."""

    emitter: Emitter
    said: list[tuple[datetime, Saying]] = field(default_factory=list)

    def emit(self, sayings: Iterable[Saying]) -> set[Identity]:
        """Emit, and keep; what was acknowledged now."""
        told = list(sayings)
        self.said += [(datetime.now(UTC), each) for each in told]
        self.emitter.emit(told)
        return {each.identity for each in told}

    def emit_again(self, since: datetime) -> int:
        """All that was said since then, as it was said. Returns how much that is."""
        told = [saying for at, saying in self.said if at >= since]
        return self.emitter.emit(told)

    @property
    def accepted(self) -> set[Identity]:
        return set(self.emitter.accepted)

    @property
    def expected(self) -> set[Identity]:
        """What KS has to be given."""
        return self.emitter.expected_by_ks

    @property
    def owners(self) -> list[str]:
        return sorted({source.split(":")[2] for _, source, _ in self.accepted})


@dataclass
class Following(Reader):
    """KS' system: begins anew where its cursor is gone, and counts what it is given."""

    given: "Counter[Identity]" = field(default_factory=Counter)
    # how it was told to resume, each time
    resumed: list[str] = field(default_factory=list)

    def read_page(self) -> int:
        asked = self.delivery.get(f"{self.link}&timeout=500", self.orgnr)
        if asked.status_code == 410:
            self.resumed.append(asked.json()["detail"])
            self.link = FROM_THE_BEGINNING
            self.given.clear()
            return 1
        events = asked.raise_for_status().json()
        for event in events:
            identity = (event["subject"], event["source"], event["id"])
            self.facts[identity] = event
            self.given[identity] += 1
        self.link = asked.links["next"]["url"]
        return len(events)

    @property
    def given_twice(self) -> int:
        """Facts that came twice since it began, or began anew."""
        return sum(1 for times in self.given.values() if times > 1)
