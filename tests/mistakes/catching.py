"""Runs a property under a mistake that was made on purpose, and wants it to fail."""

import traceback
from collections.abc import Callable
from random import Random

import pytest

from tests.histories import Choices
from tests.properties import (  # noqa: F401  # their properties are kept as they are read
    test_as_of,
    test_confluence,
    test_mirror,
    test_oracle,
    test_secrets,
)
from tests.properties.cases import BYTES, PROPERTIES, Case, case_of

# as many as each property sees in `make test`
HISTORIES = 500
SEED = 20_261_231
Mistake = Callable[[pytest.MonkeyPatch], None]


def caught(property_: str, mistake: Mistake) -> int:
    """After how many histories the property, and nothing else, fails for the mistake.

    The history is told without it, and without it the property holds of that history.
    """
    random = Random(SEED)  # noqa: S311  # no secret is made of it
    for tried in range(1, HISTORIES + 1):
        case = case_of(Choices(random.randbytes(BYTES)))
        if fails(property_, case, mistake):
            PROPERTIES[property_](case)
            print(f"{mistake.__name__}: history {tried} fails {property_}")
            return tried
    pytest.fail(f"{mistake.__name__} is not caught by {property_}")


def fails(property_: str, case: Case, mistake: Mistake) -> bool:
    """Whether an assertion of the property itself fails; other errors are raised."""
    with pytest.MonkeyPatch.context() as patch:
        mistake(patch)
        try:
            PROPERTIES[property_](case)
        except AssertionError as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            assert last.name == property_, f"failed in {last.name}, not in {property_}"
            return True
    return False
