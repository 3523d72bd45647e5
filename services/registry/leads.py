"""How early each initiative was, remembered for a reader until more is said of it.

The figures rest on what the reader may read, so each reader has its own; what is
remembered is the same as what would be computed, for an initiative's version tells of
every fact, and of a state that was put right.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.policy import Reader
from services.kit.db import Connection, Pool, snapshot

from . import finding, store
from .asked import Asked
from .earliness import Earliness, basis_on, earliness
from .figures import Counted
from .finding import Version
from .policies import EarlinessPolicy
from .queries import BEFORE_ALL, STRETCH, all_of, unless_empty
from .rules import Projection, project
from .surprise import Known, known_of

# of all readers together; one takes about 400 bytes
MOST = 200_000


@dataclass(frozen=True, slots=True)
class Lead:
    """What is counted of an initiative; None where the reader gets no figure of it."""

    counted: Counted | None = None
    known: Known | None = None


# an initiative's version, and what is counted of it then
Mine = dict[str, tuple[Version, Lead]]


@dataclass
class Leads:
    """What is remembered, by reader; whoever asked longest ago is forgotten first."""

    by_reader: OrderedDict[Reader, Mine] = field(default_factory=OrderedDict)

    def of(self, reader: Reader) -> Mine:
        mine = self.by_reader.setdefault(reader, {})
        self.by_reader.move_to_end(reader)
        while len(self.by_reader) > 1 and self.count() > MOST:
            self.by_reader.popitem(last=False)
        return mine

    def count(self) -> int:
        return sum(len(each) for each in self.by_reader.values())


async def all_leads(
    pool: Pool, leads: Leads, asked: Asked, policy: EarlinessPolicy, at: datetime
) -> tuple[list[Counted], list[Known]]:
    """What is counted of every initiative that the reader gets figures for, and what
    counts of those that were learnt of.
    """
    async with snapshot(pool) as conn:
        if asked.plainly:
            mine = leads.of(asked.reader)
            found = await as_it_stands(conn, mine, asked.reader, policy, at)
        else:
            found = [
                lead_of(seen, asked.reader, policy, at)
                async for _, seen in all_of(conn, asked)
            ]
    figures = [
        replace(each, basis=None if each.lock is None else basis_on(each.lock, at))
        for each in (lead.counted for lead in found)
        if each is not None
    ]
    return figures, [lead.known for lead in found if lead.known is not None]


async def as_it_stands(
    conn: Connection, mine: Mine, reader: Reader, policy: EarlinessPolicy, at: datetime
) -> list[Lead]:
    """What is remembered, and what of it has to be made anew."""
    after, found = BEFORE_ALL, []
    while True:
        rows = await finding.versions(conn, reader.channels, after, STRETCH)
        changed = {
            subject: version
            for _, subject, version in rows
            if subject not in mine or mine[subject][0] != version
        }
        await make_anew(conn, mine, changed, reader, policy, at)
        found += [mine[subject][1] for _, subject, _ in rows if subject in mine]
        if len(rows) < STRETCH:
            return found
        after = rows[-1][0]


async def make_anew(
    conn: Connection,
    mine: Mine,
    changed: Mapping[str, Version],
    reader: Reader,
    policy: EarlinessPolicy,
    at: datetime,
) -> None:
    if not changed:
        return
    for subject, kept in (await store.kept(conn, list(changed))).items():
        seen = unless_empty(project(kept.state, reader))
        found = Lead() if seen is None else lead_of(seen, reader, policy, at)
        mine[subject] = (changed[subject], found)


def lead_of(
    seen: Projection, reader: Reader, policy: EarlinessPolicy, at: datetime
) -> Lead:
    """What counts of an initiative; of one between others the reader knows no times."""
    found = earliness(seen, policy, at)
    if found is None:
        return Lead(None, known_of(seen, None))
    is_party = seen.owner == reader.orgnr or found.to_line in reader.channels
    tells = is_party or found.first is not None
    return Lead(counted(found) if tells else None, known_of(seen, found))


def counted(found: Earliness) -> Counted:
    return Counted(
        found.from_line,
        None if found.first is None else found.first.since,
        None if found.lock is None else found.lock.date,
        found.basis,
        found.lead_days,
        found.lead_class,
    )
