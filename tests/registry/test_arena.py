"""The arena beside each initiative: archived, and shown under the same policy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.fact import Fact
from schemas.identity import Ref
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.topics import ARENA, TRACKER
from services.registry import arena, arena_view, handlers
from services.registry.arena_view import Rights
from services.registry.as_seen import Placed
from services.registry.asked import Asked
from tests.histories.arena import Floor, advised
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, example, fact, stamped
from tests.schemas.test_arena import shared_with

from .conftest import Desk, Lying, apply
from .hand import hand

INITIATIVE = f"{NAV}:k7v2qd9x"
ITEM = "item:nav:3-26"
GIVEN, DUTY = "advice.issued", "duty.overdue"
SAID = (
    "arena.item.proposed",
    "arena.item.admitted",
    "advice.drafted",
    "advice.position.recorded",
    GIVEN,
    "decision.taken",
    DUTY,
    "advice.followup.recorded",
)
TO_BOTH = {INITIATIVE: shared_with("municipal", "state")}


def told(*names: str) -> list[Fact]:
    return [fact(example(name)) for name in names]


def read(facts: list[Fact], reader: Reader, grants: Any = TO_BOTH) -> Any:
    return shown(facts, INITIATIVE, reader, grants)


def shown(facts: list[Fact], initiative: str, reader: Reader, grants: Any) -> Any:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    said = [Placed(each, n, at) for n, each in enumerate(facts)]
    return arena_view.items(said, initiative, Asked(reader), Rights(grants, grants))


def test_who_takes_part_sees_advice_positions_and_decisions() -> None:
    (found,) = read(told(*SAID), reader_for(KS))

    assert found["number"] == "3/26"
    assert found["state"] == "issued"
    assert found["question"].startswith("Bør felles digital søknad")
    (advice,) = found["advice"]
    assert advice["positions"]["state"]["position"] == "endorse"
    assert found["decisions"][0]["by"]["orgnr"] == AID
    assert found["overdue"] == []


def test_of_a_joint_item_that_one_may_not_read_there_is_number_and_state_alone() -> (
    None
):
    event = example("arena.item.proposed", "odd-several-initiatives")
    facts = [fact(event)]
    own = event["data"]["initiatives"][0]
    grants = {own: shared_with("municipal")}
    aid_reads_one = {own: shared_with(f"org:{AID}")}

    assert shown(facts, own, reader_for(KS), grants)[0]["question"]
    (bare,) = shown(facts, own, reader_for(AID), aid_reads_one) or []
    assert set(bare) == {"item", "number", "state"}


def test_the_owner_sees_the_question_and_what_is_given_and_others_nothing() -> None:
    before = told("arena.item.proposed", "advice.drafted", "advice.position.recorded")
    owned = reader_for(NAV)
    # as if it took no part in the arena
    owner = Reader(owned.channels - {"arena"}, NAV)

    (asked,) = read(before, owner, {})
    assert asked["question"]
    assert asked["advice"] == []
    inside = [
        fact({**example(name), "audience": "arena"}) for name in SAID if name != DUTY
    ]
    (after,) = read(inside, owner, {})
    assert after["advice"][0]["positions"]
    assert after["decisions"] == []
    assert read(told(*SAID), reader_for(DIGDIR), {}) is None
    assert read(told(*SAID), ANYBODY, {}) is None


def test_advice_opens_what_is_given_to_a_line_and_nothing_else() -> None:
    (found,) = read(told(*SAID), reader_for(NARVIK))

    assert found["advice"][0]["positions"]["state"]
    assert found["question"] is None


def test_silence_is_no_position_unless_one_was_said_whichever_is_read_first() -> None:
    event = example(GIVEN)
    of = event["data"]["hash"]
    silence = example("silence.noted")
    silence["data"] |= {"hash": of, "line": "municipal"}
    position = example("advice.position.recorded", "odd-a-dissent")
    assert position["data"]["hash"] == of
    given, noted, said = (fact(each) for each in (event, silence, position))

    for facts in ([given, noted, said], [said, noted, given]):
        found = arena_view.positions(facts, of)
        assert found["municipal"]["position"] == "dissent"
    assert arena_view.positions([given, noted], of)["municipal"] == {
        "position": "no_position",
        "text": None,
    }


def test_a_line_that_has_followed_up_is_not_overdue_whichever_is_read_first() -> None:
    late = example(DUTY)
    word = example("advice.followup.recorded")
    word["data"]["hash"] = late["data"]["hash"]
    late["data"]["line"] = "state"
    facts = [fact(late), fact(word)]

    assert arena_view.overdue(facts) == arena_view.overdue(facts[::-1]) == []
    assert arena_view.overdue(facts[:1]) == ["state"]


async def test_facts_of_the_arena_are_archived_and_are_no_initiative(
    desk: Desk,
) -> None:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    events = [example(name) for name in (*SAID, "silence.noted")]
    at = [0, 0]
    lying: list[Lying] = []
    for event in events:
        tracker = event["type"].split(".")[2] in ("silence", "duty")
        topic = (TRACKER if tracker else ARENA).name
        stamp = round((now + timedelta(seconds=len(lying))).timestamp() * 1000)
        key, value = event["subject"].encode(), stamped(event)
        lying.append(Lying(topic, 0, at[tracker], stamp, key, value))
        at[tracker] += 1

    async with desk.pool.acquire() as conn:
        batch = await apply(conn, lying)
        again = await apply(conn, lying)

    assert len(batch.facts) == len(events)
    assert again.facts == []
    assert await desk.fetch("SELECT subject FROM initiative") == []
    async with desk.pool.acquire() as conn:
        kept = await arena.about(conn, INITIATIVE)
    assert sorted(each.fact.name for each in kept) == sorted((*SAID, "silence.noted"))
    answer = await desk.get(f"/initiatives/{INITIATIVE}/arena", NAV)
    assert answer.status_code == 200
    assert answer.json()["items"][0]["number"] == "3/26"
    for orgnr in (DIGDIR, KS):
        hidden = await desk.get(f"/initiatives/{INITIATIVE}/arena", orgnr)
        absent = await desk.get(f"/initiatives/{NAV}:finnes-ikke/arena", orgnr)
        assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_only_who_is_told_of_a_duty_sees_that_a_line_is_overdue() -> None:
    facts = told("arena.item.proposed", GIVEN, DUTY)

    assert read(facts, reader_for(AID))[0]["overdue"] == ["state"]
    assert read(facts, reader_for(NAV))[0]["overdue"] == ["state"]
    assert read(facts, reader_for(KS))[0]["overdue"] == []


def test_an_owner_is_told_the_question_though_another_initiative_is_closed_to_it() -> (
    None
):
    about = (f"{DIGDIR}:eget", INITIATIVE)
    facts = [each.fact for each in advised(about).told]

    (found,) = shown(facts, about[0], reader_for(DIGDIR), {})

    assert found["question"] == "kanari-sak?"
    assert found["advice"][0]["positions"]["state"]["position"] == "dissent"
    assert found["decisions"] == []


def as_seen(floor: Floor, reader: str, body: str, at: datetime, then: Any) -> Any:
    said = [Placed(each.fact, each.offset, each.appended) for each in floor.told]
    asked = Asked(reader_for(reader), at, reader_for(body))
    return arena_view.items(said, INITIATIVE, asked, Rights(TO_BOTH, then))


def test_as_another_saw_it_is_what_was_readable_to_it_then_and_is_to_me_now() -> None:
    floor = Floor([INITIATIVE])
    asked, given = floor.say("arena.item.proposed"), floor.say("advice.issued")
    word = example("arena.readable")
    facts = [
        {"source": r.source, "id": r.id, "type": n}
        for r, n in ((Ref(asked.fact.source, asked.fact.id), asked.fact.name),)
    ]
    floor.say(
        "arena.readable",
        facts=facts,
        channel=f"org:{KS}",
        position=word["data"]["position"],
    )
    at = floor.told[-1].appended

    (then,) = as_seen(floor, AID, KS, at, TO_BOTH)
    assert then["question"] == asked.fact.data.question  # type: ignore[attr-defined]
    # it lay in Kafka, and was not readable to it yet
    assert (then["state"], then["advice"]) == ("issued", [])
    (own,) = as_seen(floor, KS, AID, at, TO_BOTH)
    # what it said itself it knew
    assert own["question"]
    assert as_seen(floor, AID, KS, at, {}) is None
    (before,) = as_seen(floor, AID, KS, asked.appended, TO_BOTH)
    assert before["state"] == "proposed"
    assert given.fact.name == GIVEN


async def test_as_of_a_moment_the_arena_is_as_it_was_and_an_etag_is_the_readers_own(
    desk: Desk,
) -> None:
    floor = advised([INITIATIVE], "arena municipal")
    await desk.tell(*floor.told)
    path = f"/initiatives/{INITIATIVE}/arena"

    async def at(moment: datetime, orgnr: str = NAV) -> Any:
        options = {"params": {"as_of": moment.isoformat()}}
        return await desk.get(path, orgnr, **options)

    first, last = floor.told[0].appended, floor.told[-1].appended
    proposed, issued = (await at(first)).json(), (await at(last)).json()
    too_early = await at(first - timedelta(seconds=1))
    now = await desk.get(path, NAV)
    same = await desk.get(path, NAV, headers={"If-None-Match": now.headers["etag"]})
    seen = await desk.get(path, NAV, params={"as_seen_by": NAV})

    assert proposed["items"][0]["state"] == "proposed"
    assert proposed["items"][0]["advice"] == []
    assert issued["items"][0]["state"] == "issued"
    assert issued["asked"]["complete"] is False
    assert issued["items"] == now.json()["items"] == seen.json()["items"]
    assert too_early.status_code == 404
    assert (same.status_code, same.content) == (304, b"")
    # nothing that is closed to a reader is seen by it through another's eyes
    for orgnr in (DIGDIR, KS):
        closed = await at(last, orgnr)
        assert closed.status_code == 404
    through = await desk.get(path, NAV, params={"as_seen_by": KS})
    assert through.status_code == 404


async def test_a_grant_to_the_arena_is_read_and_counted_by_its_members(
    desk: Desk,
) -> None:
    """It is early for KS, the central body of its line, from when KS could read."""
    story = hand(local="til-arenaen")
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00", "arena")
    story.readable("2026-01-05T09:00:01", f"org:{KS}")
    story.locked("2026-09-01")
    await desk.tell(*story.told)
    path = f"/initiatives/{story.subject}"

    found = await desk.read(path, KS)
    as_ks = await desk.read(f"{path}?as_seen_by={KS}&as_of=2026-01-06T00:00:00Z", NAV)
    listed = (await desk.read("/initiatives", AID))["initiatives"]

    assert found["earliness"]["class"] == "early"
    assert [e["channel"] for e in found["earliness"]["readable_by"]] == [f"org:{KS}"]
    assert as_ks["description"]["title"]
    assert [each["id"] for each in listed] == [story.subject]
    for orgnr in (NARVIK, DIGDIR, None):
        assert (await desk.get(path, orgnr)).status_code == 404


def test_the_registry_reads_the_arenas_topic() -> None:
    assert ARENA in handlers.READ


@pytest.mark.parametrize("name", SAID)
def test_every_fact_that_is_shown_is_one_of_the_contract(name: str) -> None:
    assert fact(example(name)).initiatives == (INITIATIVE,)
