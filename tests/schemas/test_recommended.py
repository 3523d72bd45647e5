"""What the contract recommends, and no check can ask for."""

from pathlib import Path

import pytest

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.mark.parametrize("page", ["README.md", "WHEEL.md"])
def test_integrators_are_told_to_choose_random_local_ids(page: str) -> None:
    """A descriptive one tells something to whoever sees the id (`facts.md` §1)."""
    said = " ".join((SCHEMAS / page).read_text("utf-8").lower().split())

    assert "local id" in said
    assert "random" in said
    assert "descriptive" in said
