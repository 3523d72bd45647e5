"""A registry to which much has been said, whose views are made anew."""

import pytest

from services.registry import milestones
from services.registry.indexing import make_some_findable
from services.registry.rebuilding import stretches
from tests.histories.arena import Floor
from tests.registry.conftest import Desk
from tests.schemas.said import NAV

from .views import stories


@pytest.fixture(autouse=True)
def short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Milestones and stretches that short histories reach."""
    monkeypatch.setattr(milestones, "EVERY", 3)
    monkeypatch.setattr(stretches, "FACTS", 4)


@pytest.fixture
async def told(desk: Desk) -> Desk:
    """25 facts about three initiatives, all of it findable; two of an item."""
    for story in stories():
        for n in range(0, len(story.told), 5):
            await desk.tell(*story.told[n : n + 5])
    floor = Floor([f"{NAV}:lang"])
    floor.say("arena.item.proposed")
    floor.say("advice.drafted")
    await desk.tell(*floor.told)
    await make_findable(desk)
    return desk


async def make_findable(desk: Desk) -> None:
    while await make_some_findable(desk.pool):
        pass
