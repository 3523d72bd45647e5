"""The same properties over many more histories: `make test-long`.

`TIDLIG_HISTORIES` says how many for each (100,000 where it is not set).
"""

import os

import pytest
from hypothesis import HealthCheck, given, settings

from . import (  # noqa: F401  # each module's properties are kept as it is read
    test_as_of,
    test_confluence,
    test_mirror,
    test_oracle,
    test_secrets,
)
from .cases import PHASES, PROPERTIES, cases

MANY = int(os.environ.get("TIDLIG_HISTORIES", "100000"))


@pytest.mark.long
@pytest.mark.parametrize("name", sorted(PROPERTIES))
def test_it_holds_over_many_histories(name: str) -> None:
    longer = settings(
        max_examples=MANY,
        deadline=None,
        phases=PHASES,
        suppress_health_check=list(HealthCheck),
    )

    longer(given(cases())(PROPERTIES[name]))()
