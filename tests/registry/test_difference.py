"""What differs between two moments or two readers, who said it and when."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.difference import changes
from services.registry.policies import phase_policy
from services.registry.rules import project
from tests.histories import READERS, Told, histories
from tests.schemas.said import AID, KS, NARVIK, NAV

from .conftest import Desk, Json
from .hand import Hand, announced_and_shared, hand, oslo
from .test_api import PROBLEM, problem_of
from .test_rules import folded

JANUARY = "2026-01-20T09:00:00+01:00"
MARCH = "2026-03-20T09:00:00+01:00"


def story() -> Hand:
    told = announced_and_shared()
    told.amended("2026-02-01T09:00:00", "nytt navn")
    told.locked("2026-09-01")
    data = {"key": "k", "position": "neutral", "text": "svar"}
    told.another_says(NARVIK, "2026-02-02T09:00:00", "response.submitted", data)
    told.moment = oslo("2026-04-01T09:00:00")
    told.decided("approved", "2026-04-01", gate="BP1", key="bp1")
    return told


async def differing(desk: Desk, orgnr: str, **params: str) -> dict[str, Json]:
    path = f"/initiatives/{NAV}:a/difference"
    found = await desk.read(path, orgnr, params=params)
    return {each["field"]: each for each in found["changes"]}


async def test_between_two_moments_each_field_tells_who_said_it_and_when(
    desk: Desk,
) -> None:
    told = story()
    await desk.tell(*told.told)

    found = await differing(desk, KS, from_as_of=JANUARY, as_of=MARCH)

    assert {name: each["change"] for name, each in found.items()} == {
        "description/title": "changed",
        "lock/k": "added",
        f"{NARVIK}/response/k": "added",
    }
    title = found["description/title"]
    assert (title["before"]["value"], title["after"]["value"]) == ("t", "nytt navn")
    assert title["after"]["by"]["orgnr"] == NAV
    assert title["after"]["said"]["accepted"] == "2026-02-01T08:00:00.000000Z"
    assert title["after"]["said"]["fact"]["id"] == told.told[3].fact.id
    answer = found[f"{NARVIK}/response/k"]
    assert (answer["before"], answer["after"]["by"]["orgnr"]) == (None, NARVIK)


async def test_until_now_with_the_phase_that_follows(desk: Desk) -> None:
    await desk.tell(*story().told)

    found = await differing(desk, KS, from_as_of=MARCH)

    assert found.keys() == {"gate/bp1", "phase"}
    phase = found["phase"]
    assert (phase["before"]["value"], phase["after"]["value"]) == ("idea", "concept")
    assert phase["after"]["by"] is None


async def test_backwards_what_was_added_is_gone(desk: Desk) -> None:
    await desk.tell(*story().told)

    found = await differing(desk, KS, from_as_of=MARCH, as_of=JANUARY)

    assert found["lock/k"]["change"] == "gone"
    assert found["lock/k"]["after"] is None


async def test_between_two_readers(desk: Desk) -> None:
    told = story()
    told.amended("2026-05-01T09:00:00", "internt", visibility="own")
    await desk.tell(*told.told)

    found = await differing(desk, NAV, from_seen_by=KS)

    assert found.keys() == {"description/title"}
    assert found["description/title"]["before"]["value"] == "nytt navn"
    assert found["description/title"]["after"]["value"] == "internt"


async def test_from_before_there_was_anything_all_is_added(desk: Desk) -> None:
    await desk.tell(*story().told)

    found = await differing(desk, KS, from_as_of="2026-01-01T09:00:00Z")

    assert {each["change"] for each in found.values()} == {"added"}
    assert {"phase", "description/title", "readable/municipal"} <= found.keys()


async def test_what_is_closed_is_absent_however_one_asks(desk: Desk) -> None:
    secret = hand()
    secret.registered("2026-01-05T09:00:00")
    await desk.tell(*secret.told)

    for params in ({"from_as_of": JANUARY}, {"from_seen_by": NAV}):
        paths = [f"/initiatives/{NAV}:{local}/difference" for local in ("a", "ikke")]
        found = [await desk.get(path, AID, params=params) for path in paths]
        assert [each.status_code for each in found] == [404, 404]
        assert found[0].content == found[1].content


async def test_one_says_what_to_compare_with(desk: Desk) -> None:
    found = await desk.get(f"/initiatives/{NAV}:a/difference", KS)

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")
    assert "from_as_of" in found.json()["detail"]


@settings(max_examples=150, deadline=None)
@given(histories().filter(bool), st.sampled_from(sorted(READERS)), st.data())
def test_nothing_differs_from_itself_and_swapped_sides_swap_the_difference(
    history: list[Told], name: str, data: st.DataObject
) -> None:
    now = folded(history)
    cut = data.draw(st.integers(0, len(history)))
    then = folded(history[:cut], now.subject)
    was, is_ = (project(each, READERS[name], now) for each in (then, now))
    phases = phase_policy()

    there, back = changes(was, is_, phases), changes(is_, was, phases)

    assert changes(is_, is_, phases) == []
    assert [(e.field, e.before, e.after) for e in there] == [
        (e.field, e.after, e.before) for e in back
    ]
    swapped = {"added": "gone", "gone": "added", "changed": "changed"}
    assert [e.kind for e in there] == [swapped[e.kind] for e in back]


@pytest.mark.parametrize("orgnr", [KS, NAV])
async def test_each_side_says_how_it_was_asked(desk: Desk, orgnr: str) -> None:
    await desk.tell(*story().told)
    params = {"from_as_of": JANUARY, "from_seen_by": NARVIK}

    path = f"/initiatives/{NAV}:a/difference"
    found = await desk.read(path, orgnr, params=params)

    assert found["from"]["as_seen_by"] == NARVIK
    assert found["to"] is None
