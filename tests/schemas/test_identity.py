"""Identity: who said it, of which initiative, under which id. And what an id may be."""

from itertools import combinations

import pytest

from schemas.fact import Refusal
from schemas.identity import mark

from .said import DIGDIR, KS, NAV, example, fact
from .test_admission import judged
from .test_strict_json import national_ids

IDENTITIES = [
    (f"{NAV}:a", f"urn:orgnr:{NAV}:x", "1"),
    (f"{NAV}:b", f"urn:orgnr:{NAV}:x", "1"),
    (f"{NAV}:a", f"urn:orgnr:{KS}:x", "1"),
    (f"{NAV}:a", f"urn:orgnr:{NAV}:y", "1"),
    (f"{NAV}:a", f"urn:orgnr:{NAV}:x", "2"),
    # the same signs, parted elsewhere
    (f"{NAV}:a", f"urn:orgnr:{NAV}:x1", "1"),
    (f"{NAV}:a", f"urn:orgnr:{NAV}:x", "11"),
]


@pytest.mark.parametrize(("one", "other"), list(combinations(IDENTITIES, 2)))
def test_what_differs_in_initiative_source_or_id_is_another_fact(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert mark(*one) != mark(*other)


def test_nothing_but_initiative_source_and_id_makes_the_identity() -> None:
    event = example("response.submitted")
    other = event | {"time": "2026-01-01T00:00:00Z", "visibility": "own"}
    other["data"] = event["data"] | {"text": "noe annet"}

    assert fact(other).mark == fact(event).mark
    assert fact(other).ref == fact(event).ref


def with_local(local: str) -> set[str]:
    """Under which codes an initiative with this local id is refused."""
    verdict = judged(example("initiative.registered") | {"subject": f"{NAV}:{local}"})
    return {f.code for f in verdict.faults} if isinstance(verdict, Refusal) else set()


@pytest.mark.parametrize("local", ["a", "0", "k7v2qd9x", "a.b_c-d", "9" + "z" * 63])
def test_a_local_id_of_small_letters_digits_and_three_signs_is_taken(
    local: str,
) -> None:
    assert with_local(local) == set()


@pytest.mark.parametrize(
    "local", ["", ".a", "-a", "_a", "A", "æ", "a b", "a:b", "a/b", "a" * 65, "a\n"]
)
def test_any_other_local_id_is_refused(local: str) -> None:
    assert with_local(local) == {"subject"}


def test_a_national_id_is_no_local_id_however_it_stands_there() -> None:
    number = national_ids()[0]

    for local in (number, f"sak-{number}", f"{number}.b"):
        assert with_local(local) == {"national_id"}
    # a longer number is another number
    assert with_local("7" + number) == set()


def test_the_owner_is_the_first_half_and_the_speaker_the_sources_number() -> None:
    said = fact(example("response.submitted"))

    assert said.owner == NAV
    assert said.speaker == KS
    assert DIGDIR not in (said.owner, said.speaker)
