"""`facts.md` §4: the policy is asked before any fold, and secrets leave no trace."""

from dataclasses import replace

from msgspec import structs

from schemas.policy import Reader, may_read
from services.registry.rules import everything, fold, project
from services.registry.state import State
from tests.histories import Told, named_in

from . import table
from .cases import Case, holds
from .taking import shown, taken


def may_be_read(told: list[Told], state: State, reader: Reader) -> list[Told]:
    named = named_in(told)
    return [
        each
        for each in told
        if may_read(each.fact, reader, state.grants, named(each.fact))
    ]


def without_gaps(told: list[Told]) -> list[Told]:
    """The same, as if nothing else lay between: each topic's offsets from 0."""
    ends: dict[str, int] = {}
    moved = []
    for each in sorted(told, key=lambda each: (each.topic, each.offset)):
        moved.append(replace(each, offset=ends.get(each.topic, 0)))
        ends[each.topic] = moved[-1].offset + 1
    return moved


@holds
def test_each_reader_sees_the_fold_of_what_it_may_read_and_no_trace_of_the_rest(
    case: Case,
) -> None:
    teller = case.story.teller
    state = taken(teller.subject, case.again).state

    for name, reader in table.READERS.items():
        seen = project(state, reader)
        mine = without_gaps(may_be_read(teller.told, state, reader))
        alone = fold(teller.subject, [(each.fact, each.offset) for each in mine])
        naive = structs.replace(
            everything(alone), partial=seen.partial, whole=seen.whole
        )
        assert shown(seen) == shown(naive), name


@holds
def test_an_initiative_is_there_for_whoever_may_read_any_fact_of_it(case: Case) -> None:
    teller = case.story.teller
    state = taken(teller.subject, case.again).state

    for name, reader in table.READERS.items():
        mine = may_be_read(teller.told, state, reader)
        assert project(state, reader).empty == (not mine), name


@holds
def test_whoever_reads_a_fact_reads_it_as_its_speaker_has_put_it_right(
    case: Case,
) -> None:
    """What is corrected, withdrawn or set aside is so for everybody who reads it."""
    teller = case.story.teller
    state = taken(teller.subject, case.again).state
    words = {
        each.ref: each.value
        for reader in table.READERS.values()
        for each in project(state, reader).standing.values()
        if each.speaker == reader.orgnr and each.family != "description"
    }

    for name, reader in table.READERS.items():
        for each in project(state, reader).standing.values():
            if each.ref in words:
                assert each.value == words[each.ref], name
