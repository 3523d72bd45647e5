"""The oracle of `project_*`: the registry's fold agrees, and a spoiled run does not."""

from typing import Any

import pytest
from msgspec.structs import replace

from bench.dataset import POISON, Line, Teller
from bench.oracle import archive_digest, digest, expected, facts_among
from bench.standing import stands_of
from schemas.admission import admit
from schemas.fact import Fact
from services.registry.rules import fold as registrys
from services.registry.state import State, from_bytes, to_bytes

LINES = list(Teller(3_000, 300).lines())


def by_the_registry(lines: list[Line]) -> dict[str, State]:
    """Admitted, first sayings only, folded; as it is kept and read back."""
    facts: dict[str, dict[bytes, tuple[Fact, int]]] = {}
    for n, line in enumerate(lines):
        fact = admit(line.value, (), line.topic, line.key)
        if isinstance(fact, Fact):
            facts.setdefault(fact.subject, {}).setdefault(fact.mark, (fact, n))
    return {
        subject: from_bytes(subject, to_bytes(registrys(subject, found.values())))
        for subject, found in facts.items()
    }


def hashed(states: dict[str, State]) -> str:
    return digest({subject: stands_of(state) for subject, state in states.items()})


def test_the_registrys_fold_leaves_what_the_oracle_says() -> None:
    state, _ = expected(LINES)

    assert hashed(by_the_registry(LINES)) == state


@pytest.mark.parametrize("name", ["entries", "shares"])
def test_a_state_that_lacks_one_thing_is_noticed(name: str) -> None:
    states = by_the_registry(LINES)
    subject = next(s for s, state in states.items() if len(getattr(state, name)) > 1)
    kept: Any = dict(getattr(states[subject], name))
    kept.popitem()
    states[subject] = replace(states[subject], **{name: kept})

    assert hashed(states) != expected(LINES)[0]


def test_a_later_word_that_does_not_stand_is_noticed() -> None:
    turned = list(reversed(LINES))

    assert hashed(by_the_registry(turned)) != expected(LINES)[0]


def test_an_archive_that_lacks_or_doubles_a_fact_is_noticed() -> None:
    values = list(facts_among(LINES))
    right = expected(LINES)[1]

    assert archive_digest(reversed(values)) == right
    assert archive_digest(values[1:]) != right
    assert archive_digest([*values, values[0]]) != right


def test_what_nobody_can_admit_and_what_is_said_twice_is_no_fact() -> None:
    facts = facts_among(LINES)

    assert len(facts) == 3_000 - 3
    assert len(LINES) == 3_000 + 30 + len(POISON)
    assert not facts.keys() & set(POISON)


def test_the_data_set_is_as_the_design_says() -> None:
    lines = list(Teller(20_000, 10_000).lines())
    sizes = sorted(len(line.value) for line in lines)

    assert 780 < sum(sizes) / len(sizes) < 880
    assert 3_500 < sizes[int(0.99 * len(sizes))] < 4_500
    assert len(facts_among(lines)) == 20_000 - 20
    again = Teller(20_000, 10_000).lines()
    assert [next(again) for _ in range(500)] == lines[:500]
