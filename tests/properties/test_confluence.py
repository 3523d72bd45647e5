"""`facts.md` §5: for a fixed set of records, any order of topics and any batch cut."""

from services.registry.rules import evolve, fold
from services.registry.state import State, to_bytes

from .cases import Case, holds
from .taking import bytes_of, everybodys, folded, taken


@holds
def test_the_same_stands_and_is_available_however_the_topics_are_read_and_cut(
    case: Case,
) -> None:
    subject = case.story.teller.subject

    usual = taken(subject, case.one_by_one)
    again = taken(subject, case.again)

    assert again.outcomes == usual.outcomes
    assert bytes_of(again) == bytes_of(usual)
    assert everybodys(again) == everybodys(usual)


@holds
def test_what_is_folded_a_batch_at_a_time_is_what_all_of_it_leaves(case: Case) -> None:
    services = taken(case.story.teller.subject, case.again)

    whole = folded(services.subject, sorted(services.facts, key=lambda a: a.offset))

    assert to_bytes(services.state) == to_bytes(whole)


@holds
def test_what_takes_no_effect_changes_nothing(case: Case) -> None:
    """Refused, or said before, with other words or the same: as if it were not."""
    teller = case.story.teller

    everything = taken(teller.subject, case.one_by_one)
    told = fold(teller.subject, [(told.fact, told.offset) for told in teller.told])

    assert to_bytes(everything.state) == to_bytes(told)


@holds
def test_each_record_is_judged_as_the_contract_says(case: Case) -> None:
    teller = case.story.teller
    services = taken(teller.subject, case.again)

    expected = {(each.topic, each.offset): "fact" for each in teller.told}
    expected |= {(each.topic, each.offset): each.reason for each in teller.unwanted}

    assert services.outcomes == expected


@holds
def test_without_what_names_a_fact_one_after_another_is_the_whole_fold(
    case: Case,
) -> None:
    """Ordinary facts go through `evolve` one by one, in any order of the topics."""
    told = [each for each in case.story.teller.told if each.fact.named is None]
    read = [each for batch in case.again for each in batch]
    order = {(each.topic, each.offset): n for n, each in enumerate(read)}
    state = State(case.story.teller.subject)
    for each in sorted(told, key=lambda each: order[each.topic, each.offset]):
        state = evolve(state, each.fact, each.offset)

    whole = fold(state.subject, [(each.fact, each.offset) for each in told])

    assert to_bytes(state) == to_bytes(whole)
