"""A registry to which something has been said, and its commands."""

import pytest

from services.registry.archive_files import checking, exporting, layout
from tests.registry.conftest import Desk
from tests.registry.rebuilding.views import stories


@pytest.fixture(autouse=True)
def short_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of four offsets; the database too is asked so."""
    for module in (layout, checking):
        monkeypatch.setattr(module, "STRETCH", 4)
    for name in ("STRETCHES", "RECORDS"):
        query = getattr(exporting, name).replace(" / 2000)", " / 4)")
        monkeypatch.setattr(exporting, name, query)


@pytest.fixture
async def told(desk: Desk) -> Desk:
    """25 facts about three initiatives."""
    for story in stories():
        await desk.tell(*story.told)
    return desk
