"""The two scenarios, as one schedule after another runs them."""

from functools import partial

from . import availability_holds, path_holds
from .availability import Availability
from .database import Database
from .path import Path
from .running import runs
from .schedules import Run


def path(kit: Database) -> Run:
    """A fact from its writer's transaction to its effect."""
    return partial(runs, Path, path_holds.holds, kit)


def availability(delivery: Database) -> Run:
    """Facts, grants, ends and openings, from different replicas."""
    return partial(runs, Availability, availability_holds.holds, delivery)
