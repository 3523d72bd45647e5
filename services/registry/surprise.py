"""How often one line learns of the other's initiatives without being told. Pure.

Surprise rate: discovered, and not shared before, of all that is known and touches the
line (the baseline of 2018 counted what had been discussed with KS). Where only one side
says that two entries are the same it is a claim, and the rate is a range. What was
imported from a list is counted beside it: nobody wrote it as learnt.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from schemas.identity import owner_of
from schemas.rulesets import NEWEST, oslo_day, ruleset
from schemas.topics import Line

from .earliness import Earliness
from .rules import DESCRIPTION, Projection


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of one entry, as far as it counts here.

    `shared` is the day from which the other line could read it; `learnt` the day on
    which its owner learnt of another's; `matched` are the entries that it names.
    """

    subject: str
    shared: date | None
    learnt: date | None
    imported: bool
    matched: tuple[str, ...]

    @property
    def line(self) -> Line | None:
        return ruleset(NEWEST).line_of(owner_of(self.subject))


@dataclass(frozen=True, slots=True)
class Count:
    """So many were a surprise, of so many that are known."""

    surprises: int
    known: int


@dataclass(frozen=True, slots=True)
class Surprise:
    """What one line has learnt of the other, with every n.

    `least` counts claimed matches as true, `most` as not; they are equal where every
    match is said by both sides.
    """

    of_line: Line
    to_line: Line
    n_discovered: int
    n_imported: int
    least: Count
    most: Count


def known_of(seen: Projection, found: Earliness | None) -> Known | None:
    """What counts of an entry as a reader sees it; None where nothing does."""
    described = seen.owners(DESCRIPTION)
    learnt = described.get("learnt") if seen.discovered else None
    first = None if found is None else found.first
    matched = tuple(seen.owners("matched"))
    if learnt is None and first is None and not matched:
        return None
    return Known(
        seen.subject,
        None if first is None else oslo_day(first.since),
        None if learnt is None else date.fromisoformat(learnt.value),
        learnt is not None and "imported" in described,
        matched,
    )


def surprise(known: Sequence[Known], to_line: Line) -> Surprise:
    """What `to_line` has learnt of the other line's initiatives."""
    mine = [each for each in known if each.learnt is not None and each.line == to_line]
    told = [each for each in mine if not each.imported]
    shared = {
        each.subject: each.shared
        for each in known
        if each.shared is not None and each.line not in (to_line, None)
    }
    naming = named_by(known)
    return Surprise(
        of_line="municipal" if to_line == "state" else "state",
        to_line=to_line,
        n_discovered=len(told),
        n_imported=len(mine) - len(told),
        least=count(told, shared, naming, claims_hold=True),
        most=count(told, shared, naming, claims_hold=False),
    )


def named_by(known: Iterable[Known]) -> dict[str, set[str]]:
    """Which entries name each."""
    found: dict[str, set[str]] = defaultdict(set)
    for each in known:
        for subject in each.matched:
            found[subject].add(each.subject)
    return found


def count(
    told: Iterable[Known],
    shared: Mapping[str, date],
    naming: Mapping[str, set[str]],
    *,
    claims_hold: bool,
) -> Count:
    surprises, unmatched = 0, 0
    for each in told:
        said, heard = set(each.matched), naming.get(each.subject, set())
        same = (said | heard) if claims_hold else (said & heard)
        since = [shared[subject] for subject in same if subject in shared]
        surprises += not any(
            day <= each.learnt for day in since if each.learnt is not None
        )
        unmatched += not since
    return Count(surprises, len(shared) + unmatched)
