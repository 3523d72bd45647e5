"""As of when and as whom, over HTTP: lists, one initiative, history, figures."""

import pytest
from msgspec.structs import replace

from schemas.channels import organisation
from services.registry.indexing import make_some_findable
from services.registry.state import from_bytes, to_bytes
from tests.schemas.said import AID, KS, NARVIK, NAV

from .conftest import Desk
from .hand import Hand, announced_and_shared, hand, oslo
from .test_api import ids, problem_of, shared_with

PROBLEM = "application/problem+json"
BEFORE = "2026-01-20T09:00:00+01:00"


def renamed() -> Hand:
    """Shared with the municipal line in January, and renamed in February."""
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00", "nytt navn")
    story.readable("2026-02-01T09:00:01", "municipal")
    story.locked("2026-09-01")
    return story


async def test_before_a_change_the_old_is_shown(desk: Desk) -> None:
    story = renamed()
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}"

    then = await desk.read(path, KS, params={"as_of": BEFORE})
    now = await desk.read(path, KS)

    assert then["description"]["title"] == "t"
    assert now["description"]["title"] == "nytt navn"
    assert then["locks"] == []
    assert then["asked"] == {
        "as_of": "2026-01-20T08:00:00.000000Z",
        "as_seen_by": None,
        "complete": False,
    }
    assert "asked" not in now


async def test_the_answer_then_is_the_answer_now_as_of_then(desk: Desk) -> None:
    """What was answered at a moment is answered again, when it is asked as of that."""
    story = renamed()
    early, late = story.told[:3], story.told[3:]
    desk.now[0] = oslo("2026-01-20T09:00:00")
    routes = ["/initiatives", f"/initiatives/{story.subject}", "/earliness"]
    routes.append(f"/initiatives/{story.subject}/history")
    await desk.tell(*early)
    snapshot = [await desk.read(route, KS) for route in routes]
    desk.now[0] = oslo("2026-06-01T09:00:00")
    await desk.tell(*late)

    replay = [await desk.read(route, KS, params={"as_of": BEFORE}) for route in routes]

    for each in replay:
        del each["asked"]
    assert replay == snapshot
    # and it is not what is answered now
    assert [await desk.read(route, KS) for route in routes] != snapshot


async def test_what_stays_so_is_complete(desk: Desk) -> None:
    story = renamed()
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}"

    async def complete(**params: str) -> object:
        return (await desk.read(path, NAV, params=params))["asked"]["complete"]

    assert await complete(as_of=BEFORE) is False
    upto = oslo("2026-01-20T09:00:00")
    await desk.pool.execute("INSERT INTO horizon (upto) VALUES ($1)", upto)
    assert await complete(as_of=BEFORE) is True
    assert await complete(as_of="2026-01-20T09:00:00.1+01:00") is False
    # the tracker says a moment later what was readable
    assert await complete(as_of=BEFORE, as_seen_by=KS) is False
    assert await complete(as_of="2026-01-20T08:59:00+01:00", as_seen_by=KS) is True
    assert await complete(as_seen_by=KS) is None


async def test_before_it_was_said_there_is_nothing(desk: Desk) -> None:
    story = renamed()
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}"
    params = {"as_of": "2026-01-04T09:00:00Z"}

    unknown = await desk.get(f"/initiatives/{NAV}:finnes-ikke", KS, params=params)
    for route in (path, f"{path}/history"):
        found = await desk.get(route, KS, params=params)
        assert (found.status_code, found.content) == (404, unknown.content)
    assert (await desk.read("/initiatives", KS, params=params))["initiatives"] == []


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("as_of", "2026-06-01T12:00:01+02:00", "ahead"),
        ("as_of", "2022-12-31T23:59:59+01:00", "before the log"),
        ("from_as_of", "2026-06-01T12:00:01+02:00", "ahead"),
        ("as_of", "2026-01-20T09:00:00", ""),
        ("as_seen_by", "alle", ""),
        ("as_seen_by", "123456789", ""),
        ("from_seen_by", "971032147", ""),
    ],
)
async def test_a_moment_or_a_reader_that_cannot_be_is_refused(
    desk: Desk, name: str, value: str, says: str
) -> None:
    path = f"/initiatives/{NAV}:a/difference"
    params = {"from_as_of": BEFORE, name: value}

    found = await desk.get(path, KS, params=params)

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")
    assert says in found.json()["detail"]


async def test_the_log_begins_with_the_first_agreement(desk: Desk) -> None:
    params = {"as_of": "2023-01-01T00:00:00+01:00"}

    assert (await desk.get("/initiatives", KS, params=params)).status_code == 200


async def test_the_list_is_of_what_had_been_said_and_of_what_both_may_read(
    desk: Desk,
) -> None:
    january, march = shared_with("municipal", local="a"), hand(NAV, "b")
    march.registered("2026-03-01T09:00:00")
    march.shared("2026-03-01T09:00:00", organisation(KS))
    await desk.tell(*january.told, *march.told)

    assert await ids(desk, KS, "?as_of=2026-02-01T09:00:00Z") == [january.subject]
    assert set(await ids(desk, KS)) == {january.subject, march.subject}
    assert await ids(desk, KS, f"?as_seen_by={NARVIK}") == [january.subject]
    assert await ids(desk, NAV, f"?as_seen_by={AID}") == []
    query = f"?as_seen_by={KS}&as_of=2026-02-01T09:00:00Z"
    assert await ids(desk, NAV, query) == [january.subject]


async def test_a_phase_is_that_of_then(desk: Desk) -> None:
    story = announced_and_shared()
    story.moment = oslo("2026-02-01T09:00:00")
    story.decided("approved", "2026-02-01", gate="BP1", key="bp1")
    await desk.tell(*story.told)
    await make_some_findable(desk.pool)
    then = f"&as_of={BEFORE.replace('+', '%2B')}"

    assert await ids(desk, KS, "?phase=concept") == [story.subject]
    assert await ids(desk, KS, "?phase=idea") == []
    assert await ids(desk, KS, f"?phase=idea{then}") == [story.subject]
    assert await ids(desk, KS, f"?phase=concept{then}") == []


async def test_history_is_of_then_and_a_page_leads_to_the_next(desk: Desk) -> None:
    story = renamed()
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}/history"

    async def told(**params: str) -> list[str]:
        found: list[str] = []
        following: dict[str, str] | None = {}
        while following is not None:
            page = await desk.read(
                path, NAV, params={"limit": "1", **params, **following}
            )
            found += [each["event"]["id"] for each in page["facts"]]
            following = {"next": page["next"]} if "next" in page else None
        return found

    def of(stories: list[int]) -> list[str]:
        return [story.told[n].fact.id for n in stories]

    # of what came at once the owner's word is first
    assert await told() == of([0, 1, 2, 3, 5, 4])
    assert await told(as_of=BEFORE) == of([0, 1, 2])
    assert await told(as_seen_by=KS) == of([0, 1, 2, 3, 5, 4])


async def test_a_page_of_then_follows_no_fact_that_came_later(desk: Desk) -> None:
    story = renamed()
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}/history"
    page = await desk.read(path, NAV, params={"limit": 5})

    found = await desk.get(path, NAV, params={"next": page["next"], "as_of": BEFORE})

    assert problem_of(found) == (400, PROBLEM, "invalid_parameter")


async def test_figures_are_of_then_and_remembered_figures_are_never_old(
    desk: Desk,
) -> None:
    story = renamed()
    await desk.tell(*story.told)

    async def days(**params: str) -> object:
        found = await desk.read("/earliness", KS, params=params)
        (state,) = [d for d in found["directions"] if d["from_line"] == "state"]
        return (state["n"], state["n_without_lock"], state["forecast"]["median"])

    assert await days() == (1, 0, 239)
    assert await days() == (1, 0, 239)
    assert await days(as_of=BEFORE) == (1, 1, None)
    assert await days(as_of="2026-01-04T09:00:00Z") == (0, 0, None)
    again = Hand(story.subject, [], moment=story.moment)
    again.locked("2026-08-31", key="k2", id="ny")
    await desk.tell(*again.told)
    assert await days() == (1, 0, 238)


async def test_figures_follow_a_state_that_a_rebuild_has_put_right(desk: Desk) -> None:
    """The turn is the same then: the state rests on the same facts."""
    story = renamed()
    await desk.tell(*story.told)
    (right,) = await desk.fetch("SELECT body FROM initiative")
    spoiled = to_bytes(replace(from_bytes(story.subject, right["body"]), readable={}))

    async def median(body: bytes) -> object:
        await desk.pool.execute("UPDATE initiative SET body = $1", body)
        found = await desk.read("/earliness", KS)
        (state,) = [d for d in found["directions"] if d["from_line"] == "state"]
        return state["forecast"]["median"]

    assert await median(spoiled) is None
    assert await median(right["body"]) == 239


async def test_each_reader_has_figures_of_its_own(desk: Desk) -> None:
    await desk.tell(*renamed().told)

    async def n(orgnr: str | None) -> int:
        found = await desk.read("/earliness", orgnr)
        return sum(each["n"] for each in found["directions"])

    assert [await n(each) for each in (KS, AID, None, NAV, KS)] == [1, 0, 0, 1, 1]


async def test_whoever_asked_longest_ago_is_forgotten_first(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.tell(*renamed().told)
    leads = desk.registry.leads
    leads.by_reader.clear()
    monkeypatch.setattr("services.registry.leads.MOST", 0)

    for orgnr in (KS, NARVIK, KS):
        await desk.read("/earliness", orgnr)

    assert [reader.orgnr for reader in leads.by_reader] == [KS]
