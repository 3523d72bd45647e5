"""`facts.md` §5, the mirror: swap the lines in a history, and all that comes of it is
swapped. What law makes unequal is declared with its citation."""

from dataclasses import asdict
from typing import Any

import pytest

from schemas.policy import ANYBODY, Reader, reader_for
from schemas.topics import Line
from services.registry.earliness import earliness
from services.registry.figures import figures
from services.registry.rules import project
from services.registry.store import place_in_lists
from tests.histories import Lying, Story

from . import asymmetries, mirror, table
from .cases import Case, holds
from .mirror import PARTNER, mirrored, normal
from .taking import AT, Services, taken

LINES, POLICY = table.LINES, table.POLICY


def mirror_image(story: Story) -> list[Lying]:
    return mirror.of_records(story.teller.lying)


def both(case: Case) -> tuple[Services, Services]:
    """What comes of a history, and of its image."""
    subject, lying = case.story.teller.subject, case.story.teller.lying
    turned = mirror_image(case.story)
    services = taken(subject, [[each] for each in lying])
    return services, taken(mirrored(subject), [[each] for each in turned])


@holds
def test_swapped_lines_are_shown_and_counted_swapped_for_every_reader(
    case: Case,
) -> None:
    services, image = both(case)
    times = mirror.accepted_in(case.story.teller.lying)

    for name, reader in table.READERS.items():
        found = image.shown(partner_of(name))
        expected = mirrored(services.shown(reader))
        assert normal(found, times) == normal(expected, times), name
        counted = reports(image, partner_of(name), LINES[::-1])
        assert counted == mirrored(reports(services, reader, LINES)), name


def partner_of(name: str) -> Reader:
    return ANYBODY if name == "public" else reader_for(PARTNER.get(name, name))


def reports(services: Services, reader: Reader, lines: tuple[Line, ...]) -> list[Any]:
    """The report of each line: what it shared with the other."""
    lead = earliness(project(services.state, reader), POLICY, AT)
    leads = [] if lead is None else [lead]
    return [asdict(figures(leads, line, POLICY)) for line in lines]


@holds
def test_swapped_lines_are_judged_alike_and_given_the_same(case: Case) -> None:
    services, image = both(case)

    outcomes = {(mirrored(t), n): v for (t, n), v in services.outcomes.items()}
    assert image.outcomes == outcomes
    steps = [said_in(step, turn=True) for step in services.log.steps]
    assert [said_in(step) for step in image.log.steps] == steps
    said = {(mirrored(c), *mirrored(ref_of(ref))) for c, ref in services.log.said}
    assert {(c, *ref_of(ref)) for c, ref in image.log.said} == said


def ref_of(ref: Any) -> tuple[str, str]:
    return ref.source, ref.id


def said_in(step: list[Any], *, turn: bool = False) -> set[tuple[Any, ...]]:
    """What one step made available: in itself it has no order."""
    found = {(row.channel, *ref_of(row.said.ref), row.void) for row in step}
    return {tuple(mirrored(list(each))) for each in found} if turn else found


def test_swapped_lines_are_listed_in_the_same_order() -> None:
    owners = table.PAIRS["owner"]
    ids = [f"{owners[n % 2]}:tiltak-{n}" for n in range(30)]

    listed = sorted(ids, key=place_in_lists)

    assert sorted(map(mirrored, ids), key=place_in_lists) == list(map(mirrored, listed))


def test_the_mirror_is_a_bijection_that_undoes_itself() -> None:
    rules = table.RULES[max(table.RULES)]

    for orgnr, organisation in rules.organisations.items():
        partner = rules.organisations[PARTNER.get(orgnr, orgnr)]
        assert PARTNER.get(partner.orgnr, partner.orgnr) == orgnr
        assert partner.role == organisation.role
        assert mirrored(partner.line) == organisation.line
    assert set(PARTNER) == {e.orgnr for e in rules.organisations.values() if e.line}


def test_what_only_one_line_has_is_declared_and_nothing_else_is() -> None:
    found = asymmetries.one_sided(asymmetries.vocabulary())

    assert found == set(asymmetries.declared())


def test_each_declaration_cites_what_makes_the_lines_unequal() -> None:
    assert all(len(citation) > 20 for citation in asymmetries.declared().values())


@pytest.mark.parametrize("word", ["municipal_veto", "parliament_bill", "state"])
def test_a_word_of_one_line_that_nobody_declared_is_found(word: str) -> None:
    vocabulary = asymmetries.vocabulary()
    vocabulary["a type to come"] = {"note", word}

    found = asymmetries.one_sided(vocabulary)

    assert found - set(asymmetries.declared()) == {word}


def test_a_declaration_that_nothing_uses_any_more_is_found() -> None:
    vocabulary = asymmetries.vocabulary()
    for words in vocabulary.values():
        words.discard("law_on_hearing")

    left = set(asymmetries.declared()) - asymmetries.one_sided(vocabulary)

    assert left == {"law_on_hearing"}
