"""The same scenarios in many more schedules: `make test-long`.

`TIDLIG_SCHEDULES` says how many in all (10,000 where it is not set).
"""

import os

import pytest

from .database import Database
from .scenarios import availability, path
from .schedules import hold

MANY = int(os.environ.get("TIDLIG_SCHEDULES", "10000"))
# other seeds than those of every day
FIRST = 1_000_000


@pytest.mark.long
def test_the_path_holds_in_many_schedules(kit: Database) -> None:
    hold(path(kit), range(FIRST, FIRST + MANY * 2 // 3))


@pytest.mark.long
def test_availability_holds_in_many_schedules(delivery: Database) -> None:
    hold(availability(delivery), range(FIRST, FIRST + MANY // 3))
