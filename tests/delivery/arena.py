"""What the policy opens of the arena's facts, asked reader by reader."""

from collections.abc import Sequence

from schemas.arena_policy import given_in, may_read_in_arena
from schemas.channels import organisation
from schemas.policy import reader_for
from schemas.rulesets import NEWEST, ruleset
from services.registry.rules import fold
from tests.histories import Told
from tests.histories.arena import Floor


def standing_by_policy(
    stories: Sequence[Sequence[Told]], floor: Floor
) -> set[tuple[str, bytes]]:
    """Each reader's own channel and each fact that it may read, asked one by one."""
    grants_of = {
        told[0].fact.subject: fold(
            told[0].fact.subject, ((each.fact, each.offset) for each in told)
        ).grants
        for told in stories
    }
    facts = [each.fact for each in floor.told]
    given_to = given_in(facts)
    return {
        (organisation(orgnr), said.mark)
        for orgnr in ruleset(NEWEST).organisations
        for said in facts
        if may_read_in_arena(said, reader_for(orgnr), grants_of, given_to)
    }
