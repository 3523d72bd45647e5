"""A history while it is told: who owns the initiative, which grants there are."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from schemas.fact import Fact
from schemas.identity import Ref

from .cast import REAL, Cast
from .choices import Choices
from .telling import Data, Teller

ANY = ("own", "named", "shared", "public")
OPEN = ("shared", "public")
# a claim about a time so long before that it is shown to be back-dated
LONG_AGO = timedelta(days=30)


@dataclass
class Story:
    """What has been told, and who is in it."""

    owner: str
    teller: Teller
    grants: list[Ref]
    embargoed: list[Ref] = field(default_factory=list)
    cast: Cast = REAL

    @property
    def others(self) -> list[str]:
        return [each for each in self.cast.speakers if each != self.owner]

    @property
    def facts(self) -> list[Fact]:
        return [told.fact for told in self.teller.told]

    @property
    def said_by_parties(self) -> list[Fact]:
        """What can be put right: no grant, end or correction, no tracker's word."""
        return [
            fact
            for fact in self.facts
            if fact.readers in ("party", "tie") and fact.speaker in self.cast.speakers
        ]

    def owner_says(
        self, of: Choices, name: str, data: Data, allowed: Sequence[str] = ANY
    ) -> Ref:
        return self.says(of, self.owner, name, data, allowed)

    def another_says(
        self, of: Choices, name: str, data: Data, allowed: Sequence[str] = ANY
    ) -> Ref:
        return self.says(of, of.pick(self.others), name, data, allowed)

    def party_says(
        self, of: Choices, name: str, data: Data, allowed: Sequence[str] = ANY
    ) -> Ref:
        """Said by any of them, the owner too."""
        return self.says(of, of.pick(self.cast.speakers), name, data, allowed)

    def says(
        self,
        of: Choices,
        speaker: str,
        name: str,
        data: Data,
        allowed: Sequence[str] = ANY,
        **attributes: Any,
    ) -> Ref:
        """Two speakers may use one id, and one may claim to have spoken long ago."""
        mine = sum(1 for fact in self.facts if fact.speaker == speaker)
        teller = self.teller
        attributes = {"id": f"nr-{mine}", **attributes}
        if of.one_in(12):
            attributes["time"] = (teller.now - LONG_AGO).isoformat()
        attributes |= self.visibility(of, allowed)
        return teller.say(speaker, name, data, **attributes)

    def visibility(self, of: Choices, allowed: Sequence[str]) -> dict[str, str]:
        """A visibility, with recipients where it needs them; often none is said."""
        chosen = of.pick(["", *allowed])
        if not chosen:
            return {}
        if chosen != "named":
            return {"visibility": chosen}
        named = sorted(of.some(self.cast.speakers, 3))
        return {"visibility": chosen, "recipients": " ".join(named)}


def story_of(owner: str, local: str, cast: Cast = REAL) -> Story:
    """A history that has not begun."""
    unknown = Ref(f"urn:orgnr:{owner}:system", "never-said")
    return Story(owner, Teller(f"{owner}:{local}", []), [unknown], cast=cast)


def ref_json(ref: Ref) -> dict[str, str]:
    return {"source": ref.source, "id": ref.id}
