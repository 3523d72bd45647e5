"""`as_of`: what had been said by a moment is what stood then, for all readers.

A record is of its append time (`facts.md` §6); nothing is parked, and no moment lies
beyond what has been read.
"""

from collections.abc import Iterable, Iterator

from services.registry.as_seen import Placed, projection
from services.registry.asked import Asked
from services.registry.rules import fold, project
from services.registry.state import State, to_bytes
from tests.histories import Lying, Told

from . import table
from .cases import Case, holds
from .naive import seeing
from .naive.reading import readable
from .naive.said import Id, Said, said
from .naive.standing import standing
from .taking import Services, shown


def by_moment(lying: list[Lying]) -> Iterator[list[Lying]]:
    """The records of each append time."""
    for moment in sorted({each.appended for each in lying}):
        yield [each for each in lying if each.appended == moment]


def placed(told: list[Told]) -> list[Placed]:
    return [Placed(each.fact, each.offset, each.appended) for each in told]


@holds
def test_the_fold_of_what_had_been_appended_is_the_state_that_was_kept_then(
    case: Case,
) -> None:
    teller = case.story.teller
    services = Services(teller.subject)

    for batch in by_moment(teller.lying):
        services.take(batch)
        moment = batch[0].appended
        until = [each for each in teller.told if each.appended <= moment]
        again = fold(teller.subject, [(each.fact, each.offset) for each in until])
        assert to_bytes(again) == to_bytes(services.state), moment


@holds
def test_a_reader_is_shown_the_state_of_then_as_far_as_it_may_read_it_now(
    case: Case,
) -> None:
    """By the kept state, by all facts again, and by the oracle."""
    teller = case.story.teller
    states: list[State] = []
    services = Services(teller.subject)
    for batch in by_moment(teller.lying):
        services.take(batch)
        states.append(services.state)
    history, told = [said(each) for each in teller.told], placed(teller.told)
    moments = sorted({each.appended for each in teller.lying})
    middle = slice(len(moments) // 2, len(moments) // 2 + bool(history))

    for then, moment in zip(states[middle], moments[middle], strict=True):
        for name, reader in table.READERS.items():
            kept = project(then, reader, services.state)
            again = projection(teller.subject, told, Asked(reader, as_of=moment))
            expected = seeing.by_the_oracle(history, name, at=moment)
            assert shown(again) == shown(kept), name
            assert seeing.by_the_registry(kept) == expected, name


@holds
def test_as_another_saw_it_shows_only_what_both_may_read(case: Case) -> None:
    """All of it to the owner; to others as far as they know of the other's grants."""
    teller, owner = case.story.teller, case.story.owner
    told, history = placed(teller.told), [said(each) for each in teller.told]
    may = {name: ids(readable(history, name)) for name in table.READERS}

    for asking, other in pairs(list(may), owner):
        asked = Asked(table.READERS[asking], seen_by=table.READERS[other])
        found = seeing.by_the_registry(projection(teller.subject, told, asked))
        shown_ids = {said_as for said_as, _, _ in found["stands"].values()}
        assert shown_ids <= may[asking] & may[other]
        if asking == owner:
            both = [each for each in history if each.id in may[asking] & may[other]]
            expected = standing(both).items()
            assert shown_ids == {each.fact.id for _, each in expected}


def pairs(names: list[str], owner: str) -> Iterator[tuple[str, str]]:
    """The owner asks about each of the others, and each about the next."""
    yield from ((owner, other) for other in names if other != owner)
    yield from zip(names, [*names[1:], names[0]], strict=True)


def ids(facts: Iterable[Said]) -> set[Id]:
    return {each.id for each in facts}
