"""Short names that two initiatives have: for people, never a key."""

from itertools import count

import pytest

from services.registry.indexing import make_some_findable
from services.registry.short_names import short_name
from tests.schemas.said import KS, NARVIK, NAV

from .conftest import Desk
from .hand import announced_and_shared
from .test_api import ids, shared_with


def alike() -> tuple[str, str]:
    """Two local ids of one owner that give the same short name."""
    seen: dict[str, str] = {}
    for local in (f"tiltak-{n}" for n in count()):
        name = short_name(f"{NAV}:{local}")
        if name in seen:
            return seen[name], local
        seen[name] = local
    raise AssertionError("there are only so many names")


@pytest.fixture(scope="module")
def two() -> tuple[str, str]:
    return alike()


@pytest.mark.parametrize("indexed", [True, False])
async def test_two_with_one_short_name_are_both_found(
    desk: Desk, two: tuple[str, str], *, indexed: bool
) -> None:
    stories = [shared_with("municipal", local=local) for local in (*two, "annet")]
    for story in stories:
        await desk.tell(*story.told)
    if indexed:
        await make_some_findable(desk.pool)
    name = short_name(stories[0].subject)

    found = await ids(desk, KS, f"?short_name={name.replace('*', '%2A')}")

    assert short_name(stories[1].subject) == name
    assert sorted(found) == sorted(story.subject for story in stories[:2])


async def test_a_short_name_is_no_address(desk: Desk) -> None:
    story = announced_and_shared()
    await desk.tell(*story.told)

    answer = await desk.get(f"/initiatives/{short_name(story.subject)}", KS)

    assert answer.status_code == 400
    assert (await desk.get(f"/initiatives/{story.subject}", KS)).status_code == 200


def test_it_rests_on_the_id_alone() -> None:
    """No counter: it is there before anything is said, and whatever else is said."""
    before = [short_name(f"{NAV}:t{n}") for n in range(20)]

    assert [short_name(f"{NAV}:t{n}") for n in reversed(range(20))] == before[::-1]
    assert len(set(before)) == 20
    assert short_name(f"{NARVIK}:t1").rpartition("-")[2] != before[1].rpartition("-")[2]
