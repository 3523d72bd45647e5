"""Short names: said, typed and checked."""

import re

import pytest

from services.registry.short_names import (
    CHECKS,
    SIGNS,
    check_of,
    owner_short,
    short_name,
    signs_for,
    signs_in,
    signs_of,
)
from tests.schemas.said import AID, KS, NARVIK, NAV


def test_it_is_the_owners_name_five_signs_and_a_check_sign() -> None:
    name = short_name(f"{NARVIK}:felles-mottak")

    assert re.fullmatch(rf"Narvik-[{SIGNS}]{{5}}[{re.escape(CHECKS)}]", name)
    assert short_name(f"{NARVIK}:felles-mottak") == name
    assert short_name(f"{NARVIK}:felles-mottak2") != name


@pytest.mark.parametrize(
    ("orgnr", "short"),
    [(NAV, "Nav"), (AID, "AID"), (KS, "KS"), (NARVIK, "Narvik"), ("1", "1")],
)
def test_owners_are_called_what_they_call_themselves(orgnr: str, short: str) -> None:
    assert owner_short(orgnr) == short


@pytest.mark.parametrize(
    ("number", "signs", "check"),
    # by Crockford's page: 1234 is 16J, and its check sign is D
    [
        (1234, "0016J", "D"),
        (0, "00000", "0"),
        (2**25 - 1, "ZZZZZ", None),
        (36, "00014", "U"),
    ],
)
def test_signs_are_crockfords(number: int, signs: str, check: str | None) -> None:
    assert signs_for(number) == signs
    assert check in (None, check_of(signs))


@pytest.mark.parametrize("subject", [f"{NAV}:{n}" for n in range(50)])
def test_it_is_read_as_people_write_it(subject: str) -> None:
    name, signs = short_name(subject), signs_of(subject)
    last = name.rpartition("-")[2]

    for written in (name, name.lower(), last, f" {last} "):
        assert signs_in(written) == signs
    assert signs_in(last.replace("0", "O").replace("1", "l")) == signs


def test_any_sign_that_is_mistyped_is_noticed() -> None:
    last = short_name(f"{NAV}:a").rpartition("-")[2]

    for place in range(5):
        for sign in set(SIGNS) - {last[place]}:
            with pytest.raises(ValueError, match="mistyped"):
                signs_in(last[:place] + sign + last[place + 1 :])


def test_two_that_change_places_are_noticed() -> None:
    last = short_name(f"{NAV}:a").rpartition("-")[2]
    places = [n for n in range(4) if last[n] != last[n + 1]]

    assert places
    for n in places:
        swapped = last[:n] + last[n + 1] + last[n] + last[n + 2 :]
        with pytest.raises(ValueError, match="mistyped"):
            signs_in(swapped)


@pytest.mark.parametrize("name", ["", "Nav", "Nav-1234", "Nav-1234U6", "12345678"])
def test_what_is_no_short_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="check sign"):
        signs_in(name)
