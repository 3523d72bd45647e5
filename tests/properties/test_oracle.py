"""An independent naive fold says the same as the registry, and as delivery."""

from services.registry.rules import project
from tests.histories import Told

from . import table
from .cases import Case, holds
from .naive import reading, seeing
from .naive.said import Said, said
from .taking import taken


def history_of(told: list[Told]) -> list[Said]:
    return [said(each) for each in told]


@holds
def test_each_reader_sees_what_a_naive_reading_of_the_rules_shows(case: Case) -> None:
    teller = case.story.teller
    state = taken(teller.subject, case.again).state
    history = history_of(teller.told)
    if not history:
        return

    for name, reader in table.READERS.items():
        expected = seeing.by_the_oracle(history, name)
        assert seeing.by_the_registry(project(state, reader)) == expected, name


@holds
def test_each_reader_is_given_what_a_naive_reading_of_the_table_opens(
    case: Case,
) -> None:
    teller = case.story.teller
    services = taken(teller.subject, case.again)
    history = history_of(teller.told)
    marks = {said(each).id: each.fact.mark for each in teller.told}

    for name, reader in table.READERS.items():
        expected = {marks[each.id] for each in reading.readable(history, name)}
        assert services.given(reader) == expected, name
