"""The databases of the simulation, for mistakes in the guarantees."""

from tests.simulation.conftest import delivery, kit, loop

__all__ = ["delivery", "kit", "loop"]
