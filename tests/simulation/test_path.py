"""A fact from its writer's transaction to its effect, in hundreds of schedules."""

from .database import Database
from .scenarios import path
from .schedules import hold

SCHEDULES = 750
FAULTS = {
    *("killed", "stopped", "paused", "refused", "taken, unheard"),
    *("connection lost before it was done", "connection lost after it was done"),
    *("garbage", "replay", "clock", "offsets", "made anew", "restored"),
}


def test_whatever_goes_wrong_every_fact_takes_effect_once_and_in_order(
    kit: Database,
) -> None:
    wrongs = hold(path(kit), range(SCHEDULES))

    assert set(wrongs) == FAULTS, "not every kind of fault came"
