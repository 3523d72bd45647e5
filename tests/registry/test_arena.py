"""The arena beside each initiative: archived, and shown under the same policy."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schemas.fact import Fact
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.topics import ARENA, TRACKER
from services.registry import arena, arena_view, handlers
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, example, fact, stamped
from tests.schemas.test_arena import shared_with

from .conftest import Desk, Lying, apply

INITIATIVE = f"{NAV}:k7v2qd9x"
ITEM = "item:nav:3-26"
GIVEN = "advice.issued"
SAID = (
    "arena.item.proposed",
    "arena.item.admitted",
    "advice.drafted",
    "advice.position.recorded",
    GIVEN,
    "decision.taken",
    "duty.overdue",
    "advice.followup.recorded",
)
TO_BOTH = {INITIATIVE: shared_with("municipal", "state")}


def told(*names: str) -> list[Fact]:
    return [fact(example(name)) for name in names]


def read(facts: list[Fact], reader: Reader, grants: Any = TO_BOTH) -> Any:
    return arena_view.items(facts, INITIATIVE, reader, grants)


def test_who_takes_part_sees_advice_positions_and_decisions() -> None:
    (shown,) = read(told(*SAID), reader_for(KS))

    assert shown["number"] == "3/26"
    assert shown["state"] == "issued"
    assert shown["question"].startswith("Bør felles digital søknad")
    (advice,) = shown["advice"]
    assert advice["positions"]["state"]["position"] == "endorse"
    assert shown["decisions"][0]["by"]["orgnr"] == AID
    assert shown["overdue"] == []


def test_of_a_joint_item_that_one_may_not_read_there_is_number_and_state_alone() -> (
    None
):
    event = example("arena.item.proposed", "odd-several-initiatives")
    facts = [fact(event)]
    own = event["data"]["initiatives"][0]
    grants = {own: shared_with("municipal")}
    aid_reads_one = {own: shared_with(f"org:{AID}")}

    assert arena_view.items(facts, own, reader_for(KS), grants)[0]["question"]  # type: ignore[index]
    (bare,) = arena_view.items(facts, own, reader_for(AID), aid_reads_one) or []
    assert set(bare) == {"item", "number", "state"}


def test_the_owner_sees_the_question_and_what_is_given_and_others_nothing() -> None:
    before = told("arena.item.proposed", "advice.drafted", "advice.position.recorded")
    owned = reader_for(NAV)
    # as if it took no part in the arena
    owner = Reader(owned.channels - {"arena"}, NAV)

    (shown,) = read(before, owner, {})
    assert shown["question"]
    assert shown["advice"] == []
    inside = [fact({**example(name), "audience": "arena"}) for name in SAID]
    (after,) = read(inside, owner, {})
    assert after["advice"][0]["positions"]
    assert after["decisions"] == []
    assert read(told(*SAID), reader_for(DIGDIR), {}) is None
    assert read(told(*SAID), ANYBODY, {}) is None


def test_advice_opens_what_is_given_to_a_line_and_nothing_else() -> None:
    (shown,) = read(told(*SAID), reader_for(NARVIK))

    assert shown["advice"][0]["positions"]["state"]
    assert shown["question"] is None


def test_silence_is_no_position_unless_one_was_said_whichever_is_read_first() -> None:
    event = example(GIVEN)
    of = event["data"]["hash"]
    silence = example("silence.noted")
    silence["data"] |= {"hash": of, "line": "municipal"}
    position = example("advice.position.recorded", "odd-a-dissent")
    assert position["data"]["hash"] == of
    given, noted, said = (fact(each) for each in (event, silence, position))

    for facts in ([given, noted, said], [said, noted, given]):
        shown = arena_view.positions(facts, of)
        assert shown["municipal"]["position"] == "dissent"
    assert arena_view.positions([given, noted], of)["municipal"] == {
        "position": "no_position",
        "text": None,
    }


def test_a_line_that_has_followed_up_is_not_overdue_whichever_is_read_first() -> None:
    late = example("duty.overdue")
    word = example("advice.followup.recorded")
    word["data"]["hash"] = late["data"]["hash"]
    late["data"]["line"] = "state"
    facts = [fact(late), fact(word)]

    assert arena_view.overdue(facts) == arena_view.overdue(facts[::-1]) == []
    assert arena_view.overdue(facts[:1]) == ["state"]


async def test_facts_of_the_arena_are_archived_and_are_no_initiative(
    desk: Desk,
) -> None:
    await desk.pool.execute("TRUNCATE arena_fact")
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
    kept = await arena.about(desk.pool, INITIATIVE)
    assert sorted(each.type.name for each in kept) == sorted((*SAID, "silence.noted"))
    answer = await desk.get(f"/initiatives/{INITIATIVE}/arena", NAV)
    assert answer.status_code == 200
    assert answer.json()["items"][0]["number"] == "3/26"
    for orgnr in (DIGDIR, KS):
        hidden = await desk.get(f"/initiatives/{INITIATIVE}/arena", orgnr)
        absent = await desk.get(f"/initiatives/{NAV}:finnes-ikke/arena", orgnr)
        assert (hidden.status_code, hidden.content) == (404, absent.content)


def test_the_registry_reads_the_arenas_topic() -> None:
    assert ARENA in handlers.READ


@pytest.mark.parametrize("name", SAID)
def test_every_fact_that_is_shown_is_one_of_the_contract(name: str) -> None:
    assert fact(example(name)).initiatives == (INITIATIVE,)
