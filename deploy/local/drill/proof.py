"""What is compared in the end: each fact that was acknowledged is there, and once."""

from dataclasses import dataclass

from deploy.local.demo.says import Identity
from deploy.local.demo.sets import Sets


@dataclass(frozen=True, slots=True)
class Proof:
    """Who has which facts of parties, from outside and from within."""

    sets: Sets
    delivered: set[Identity]
    receipts: set[Identity]
    told_readable: set[Identity]
    # states that do not rest on just what the archive has
    wrong_states: int
    # what KS was given twice since it began to read, or began anew
    given_twice: int

    @property
    def lost(self) -> set[Identity]:
        """Acknowledged, and not on Kafka, in the archive, in delivery, in a receipt."""
        missing = self.sets.accepted - (self.delivered & self.receipts)
        return self.sets.lost | missing

    @property
    def twice(self) -> int:
        """Effects that were had twice."""
        return self.sets.twice + self.wrong_states + self.given_twice

    @property
    def untold(self) -> set[Identity]:
        """Given to KS, and their owners cannot prove it."""
        return self.sets.expected - self.told_readable

    @property
    def faults(self) -> list[str]:
        """What does not hold, in words."""
        beyond = (self.delivered | self.receipts) - self.sets.accepted
        named = {
            "lost": self.lost,
            "leaked to KS": self.sets.leaked,
            "never acknowledged": self.sets.out_of_nothing | beyond,
            "not told to be readable": self.untold,
        }
        found = [
            f"{what}: {', '.join(f'{s} {i}' for s, _, i in sorted(which)[:10])}"
            for what, which in named.items()
            if which
        ]
        if self.sets.twice:
            found.append(f"archived twice: {self.sets.twice}")
        if self.wrong_states:
            found.append(f"states that rest on other facts: {self.wrong_states}")
        if self.given_twice:
            found.append(f"given to KS twice: {self.given_twice}")
        return found

    @property
    def counts(self) -> dict[str, int]:
        """The numbers of the last line."""
        return {
            "acknowledged": len(self.sets.accepted),
            "on Kafka": len(set(self.sets.in_kafka)),
            "archived": len(set(self.sets.archived)),
            "in delivery": len(self.delivered),
            "given to KS": len(self.sets.received),
            "told readable": len(self.sets.expected & self.told_readable),
            "lost": len(self.lost),
            "twice": self.twice,
            "leaked": len(self.sets.leaked),
        }
