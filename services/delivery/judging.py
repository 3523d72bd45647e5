"""The policy asked anew, whenever something is served."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from schemas.arena_policy import GivenTo, given_in, may_read_in_arena
from schemas.policy import Grants, Reader, may_read
from services.kit.db import Connection

from . import closing, store
from .rules import Said, named_by


@dataclass(frozen=True, slots=True)
class Judge:
    """What stands now that the policy asks of some facts.

    `shut` are initiatives of which a word of the owner is parked: it may be the end of
    a grant.
    """

    reader: Reader
    grants: Mapping[str, Grants]
    named: Mapping[bytes, Said]
    # to whom advice was given, by item
    given_to: Mapping[str, GivenTo] = field(default_factory=dict)
    shut: frozenset[str] = frozenset()

    @classmethod
    async def of(cls, conn: Connection, facts: Sequence[Said], reader: Reader) -> Self:
        subjects = {said.subject for said in facts if not said.in_arena}
        subjects |= {name for said in facts for name in said.initiatives}
        shares = await store.shares(conn, list(subjects))
        return cls(
            reader,
            {
                subject: {ref: share.grant for ref, share in found.items()}
                for subject, found in shares.items()
            },
            await store.named(conn, facts),
            await given_on(conn, facts),
            await closing.now_closed(conn, subjects),
        )

    def may_read(self, said: Said) -> bool:
        if said.in_arena:
            given_to = self.given_to.get(said.subject, {})
            return may_read_in_arena(said, self.reader, self.grants, given_to)
        grants = self.grants.get(said.subject, {})
        return may_read(said, self.reader, grants, named_by(said, self.named))

    def is_shut(self, said: Said) -> bool:
        """Whether it is closed to the reader until a word of an owner is redriven."""
        if not said.in_arena:
            return said.subject in self.shut and said.speaker != self.reader.orgnr
        if self.shut.isdisjoint(said.initiatives) or not self.may_read(said):
            return False
        still = {name: g for name, g in self.grants.items() if name not in self.shut}
        given_to = self.given_to.get(said.subject, {})
        return not may_read_in_arena(said, self.reader, still, given_to)


async def given_on(conn: Connection, facts: Sequence[Said]) -> dict[str, GivenTo]:
    """To whom advice was given on the items of these facts."""
    items = {said.subject for said in facts if said.readers == "arena"}
    found: dict[str, list[Said]] = {}
    for said in await store.issued(conn, sorted(items)):
        found.setdefault(said.subject, []).append(said)
    return {item: given_in(said) for item, said in found.items()}
