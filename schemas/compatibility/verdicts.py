"""A change, what it does to whom, and the order in which to roll it out."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

# today's writer form, the released one (what is gone today), or the type table
Where = Literal["today", "released", "table"]


class Verdict(StrEnum):
    """What a change does. All but the first need a new major version."""

    COMPATIBLE = "compatible"
    # what was said under the release is refused by today's readers
    BACKWARD = "backward-breaking"
    # what is said today is refused by the release's readers
    FORWARD = "forward-breaking"
    BOTH = "both-breaking"
    # nobody refuses anything, and somebody understands it wrongly
    MEANING = "meaning"


@dataclass(frozen=True)
class Change:
    """One place that differs from a release.

    `pointer` (RFC 6901) leads into the document that `where` names. `rules` name what
    differs there, `details` say it in words.
    """

    pointer: str
    verdict: Verdict
    rules: tuple[str, ...]
    details: tuple[str, ...]
    where: Where = "today"

    @property
    def breaks(self) -> bool:
        return self.verdict is not Verdict.COMPATIBLE

    @property
    def advice(self) -> str:
        """How to roll it out, in words."""
        if self.breaks:
            return BREAKING[self.verdict]
        found = [ADVICE[rule] for rule in self.rules if rule in ADVICE]
        return found[0] if found else "In any order: nobody is refused."


NEW_MAJOR = (
    "Needs a new major version (`.v2` after `.v1`) and an upcast. Upgrade consumers "
    "first, so that they read both; then writers; say both until the old one's sunset."
)
BREAKING = {
    Verdict.BACKWARD: "The log is kept for ever and holds what is now refused, so no "
    f"order of upgrades helps. {NEW_MAJOR}",
    Verdict.FORWARD: "Consumers that are not upgraded refuse it, and they are not ours "
    f"to upgrade. {NEW_MAJOR}",
    Verdict.BOTH: f"Neither side takes what the other says. {NEW_MAJOR}",
    Verdict.MEANING: "Nobody refuses it, and old and new are read as the same though "
    f"they are not. {NEW_MAJOR}",
}
# for changes that break nobody, but where the order still matters
ADVICE = {
    "removed": "Upgrade writers first: from the new rule set on, intake refuses the "
    "name. Then consumers. The name is never used again.",
    "added": "Upgrade consumers first, then writers: until then the name is ignored.",
    "words-added": "Upgrade consumers first, then writers: until then the new word "
    "reads as `unknown`.",
    "fallback-removed": "For this release nothing changes; words that are added later "
    "will break, so give it back while nobody relies on it.",
    "deprecated": "Upgrade writers: they stop saying it. Consumers still read it.",
    "wording": "In any order. Read both texts: if they mean different things, this "
    "needs a new major version, and no tool can see it.",
    "retired": "Only after the sunset that was announced: intake refuses the old major "
    "from the new rule set on. Old facts are read by the upcast, for ever.",
}


def verdict_of(*, backward: bool, forward: bool, meaning: bool) -> Verdict:
    if backward and forward:
        return Verdict.BOTH
    if backward or forward:
        return Verdict.BACKWARD if backward else Verdict.FORWARD
    return Verdict.MEANING if meaning else Verdict.COMPATIBLE


def overall(changes: list[Change]) -> Verdict:
    """The verdict on several changes together."""
    found = {change.verdict for change in changes}
    return verdict_of(
        backward=bool(found & {Verdict.BACKWARD, Verdict.BOTH}),
        forward=bool(found & {Verdict.FORWARD, Verdict.BOTH}),
        meaning=Verdict.MEANING in found,
    )
