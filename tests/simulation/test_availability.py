"""Facts, grants, ends and openings from different replicas, in many schedules."""

from .database import Database
from .scenarios import availability
from .schedules import hold

SCHEDULES = 250
FAULTS = {
    *("killed", "stopped", "paused", "refused", "taken, unheard"),
    *("connection lost before it was done", "connection lost after it was done"),
    *("replay", "clock", "restored"),
}


def test_whatever_goes_wrong_the_log_holds_what_may_be_read_without_a_gap(
    delivery: Database,
) -> None:
    wrongs = hold(availability(delivery), range(SCHEDULES))

    assert set(wrongs) == FAULTS, "not every kind of fault came"
