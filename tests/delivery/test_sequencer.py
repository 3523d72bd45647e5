"""The sequencer on a real database: no gap, and no line twice."""

import asyncio
from collections.abc import Sequence

import asyncpg
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.admission import admit
from schemas.fact import Fact
from schemas.policy import may_read
from schemas.topics import TRACKER
from schemas.tracker import InitiativeReadable
from services.delivery.making_again import make_again
from services.delivery.sequencer import Sequencer
from tests.histories import READERS, Story, Told, cut, histories, interleaved, story_of
from tests.schemas.said import KS, NAV

from .conftest import Desk, empty
from .log import logged

FEW = settings(
    max_examples=40,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


async def standing(desk: Desk) -> set[tuple[str, bytes]]:
    rows = await desk.fetch(
        "SELECT channel, mark FROM available WHERE void_step IS NULL"
    )
    return {(row["channel"], row["mark"]) for row in rows}


async def positions(desk: Desk) -> list[int]:
    rows = await desk.fetch("SELECT position FROM available ORDER BY position")
    return [row["position"] for row in rows]


async def said(desk: Desk) -> list[Fact]:
    """What the tracker has said and not yet sent."""
    rows = await desk.fetch("SELECT key, value FROM outbox ORDER BY seq")
    facts = [admit(row["value"], (), TRACKER.name, row["key"]) for row in rows]
    assert all(isinstance(fact, Fact) for fact in facts)
    return [fact for fact in facts if isinstance(fact, Fact)]


@FEW
@given(st.data())
async def test_the_log_holds_what_the_policy_opens_without_a_gap(
    desk: Desk, data: st.DataObject
) -> None:
    history = data.draw(histories())
    await empty(desk)

    for batch in cut(data.draw, interleaved(data.draw, history)):
        await desk.tell(batch)

    assert await standing(desk) == logged([[told] for told in history]).standing
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))


def many_initiatives(number: int) -> list[Told]:
    """One announced and shared initiative after another."""
    told: list[Told] = []
    for n in range(number):
        story = story_of(NAV, f"tiltak-{n}")
        announce(story)
        told += story.teller.told
    return told


def announce(story: Story, audience: str = "municipal") -> None:
    story.teller.say(
        story.owner,
        "initiative.registered",
        {"title": "t", "problem": "p", "contact_role": "r"},
    )
    story.teller.say(story.owner, "initiative.shared", {}, audience=audience)


async def test_six_sequencers_at_once_leave_no_gap_and_write_no_line_twice(
    desk: Desk,
) -> None:
    """Beside a transaction that stays open, and while the log is made again."""
    told = many_initiatives(60)
    replicas = [Sequencer(desk.pool, url=desk.url, seal=desk.seal) for _ in range(6)]
    half = asyncio.Event()

    async def steps(replica: Sequencer) -> None:
        for _ in range(20):
            await replica.step()

    async def consumer() -> None:
        for n in range(0, len(told), 6):
            await desk.consume(told[n : n + 6])
            if n > len(told) // 2:
                half.set()

    async def rebuild() -> None:
        await half.wait()
        await make_again(desk.pool, "under load")

    idle = await asyncpg.connect(desk.url, server_settings={"search_path": "delivery"})
    try:
        async with idle.transaction():
            await idle.execute("INSERT INTO received VALUES ('idle', 'idle')")
            await asyncio.gather(consumer(), rebuild(), *map(steps, replicas))
            await desk.sequencer.take_all()
    finally:
        await idle.close()

    found = await positions(desk)
    assert found == list(range(found[0], found[0] + len(found)))
    assert len(await standing(desk)) == len(found) == 4 * 60
    assert {channel for channel, _ in await standing(desk)} == {
        "municipal",
        f"org:{NAV}",
    }
    named = [
        (fact.data.channel, ref.id, fact.subject)
        for fact in await said(desk)
        if isinstance(fact.data, InitiativeReadable)
        for ref in fact.data.facts
    ]
    assert len(named) == len(set(named)) == 2 * 60


async def test_an_idle_open_transaction_holds_nothing_up(desk: Desk) -> None:
    conn = await asyncpg.connect(desk.url, server_settings={"search_path": "delivery"})
    try:
        async with conn.transaction():
            await conn.execute("INSERT INTO received VALUES ('idle', 'idle')")
            await desk.tell(many_initiatives(3))

            assert len(await standing(desk)) == 12
    finally:
        await conn.close()


async def test_records_that_were_refused_leave_nothing_to_take(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))
    await desk.pool.execute("UPDATE checkpoint SET next = next + 5")

    assert await desk.sequencer.step() is False


async def test_a_step_that_fails_leaves_no_trace_and_is_taken_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await desk.consume(many_initiatives(2))

    async def fail(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr("services.delivery.store.advance", fail)
        with pytest.raises(ConnectionResetError):
            await desk.sequencer.step()
    assert await positions(desk) == []
    assert await said(desk) == []

    await desk.sequencer.take_all()

    assert len(await standing(desk)) == 8
    assert await desk.sequencer.step() is False


async def test_readable_is_said_once_with_a_sealed_position(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))

    (fact,) = await said(desk)

    assert isinstance(fact.data, InitiativeReadable)
    assert fact.data.channel == "municipal"
    assert [named.type for named in fact.data.facts] == [
        "initiative.registered",
        "initiative.shared",
    ]
    assert set(fact.recipients) == {"municipal", f"org:{NAV}"}
    rows = await desk.fetch("SELECT tag FROM step WHERE step = 1")
    assert fact.data.position == desk.seal.position(rows[0]["tag"], 2)
    assert fact.data.position != desk.seal.position(rows[0]["tag"], 3)
    assert desk.seal.opened_position(fact.data.position) == (rows[0]["tag"], 2)


async def test_a_share_of_a_long_history_names_every_fact_in_parts(desk: Desk) -> None:
    story = story_of(NAV, "lang")
    for n in range(450):
        changes = {"summary": f"utgave {n}"}
        story.teller.say(NAV, "initiative.amended", {"changes": changes})
    story.teller.say(NAV, "initiative.shared", {}, audience=f"org:{KS}")

    await desk.tell(story.teller.told)

    named = [len(f.data.facts) for f in await said(desk) if hasattr(f.data, "facts")]
    assert named == [200, 200, 51]
    assert len({fact.id for fact in await said(desk)}) == 3


async def test_the_time_of_readable_never_goes_back(desk: Desk) -> None:
    await desk.pool.execute("UPDATE sequence SET at = clock_timestamp() + '1 hour'")
    await desk.tell(many_initiatives(1))
    await desk.tell(many_initiatives(2)[2:])

    rows = await desk.fetch("SELECT DISTINCT at FROM available")
    await desk.pool.execute("UPDATE sequence SET at = clock_timestamp()")

    assert len(rows) == 1


async def test_what_was_opened_and_closed_between_two_steps_nobody_could_read(
    desk: Desk,
) -> None:
    story = story_of(NAV, "kort")
    announce(story)
    share = story.teller.told[-1].fact.ref
    grant = {"source": share.source, "id": share.id}
    story.teller.say(NAV, "share.ended", {"grant": grant, "reason": "r"})

    await desk.tell(story.teller.told)

    registered = story.teller.told[0].fact
    named = [ref.id for f in await said(desk) for ref in getattr(f.data, "facts", ())]
    assert registered.id not in named
    assert ("municipal", registered.mark) not in await standing(desk)


def all_readers_see(history: Sequence[Told], log: set[tuple[str, bytes]]) -> None:
    grants = logged([[told] for told in history]).initiative.shares
    for reader in READERS.values():
        given_ = {mark for channel, mark in log if channel in reader.channels}
        may = {
            told.fact.mark
            for told in history
            if may_read(told.fact, reader, {r: s.grant for r, s in grants.items()})
        }
        assert given_ == may


async def test_an_embargo_opens_by_the_databases_clock_and_is_said_once(
    desk: Desk,
) -> None:
    story = story_of(NAV, "embargo")
    announce(story)
    story.teller.told.pop()
    story.teller.say(
        NAV,
        "initiative.shared",
        {"not_before": "2026-01-01T08:00:00Z"},
        audience="municipal",
    )
    await desk.tell(story.teller.told)
    before = await standing(desk)

    replica = Sequencer(desk.pool, url=desk.url, seal=desk.seal)
    await asyncio.gather(desk.sequencer.say_due(), replica.say_due())
    opened = [fact for fact in await said(desk) if fact.type.name == "share.opened"]

    assert {channel for channel, _ in before} == {f"org:{NAV}"}
    assert len(opened) == 1
    value = (await desk.fetch("SELECT value FROM outbox"))[0]["value"]
    story.teller.put(TRACKER.name, value)
    await desk.tell(story.teller.told[-1:])
    assert orjson.loads(value)["subject"] == f"{NAV}:embargo"
    all_readers_see(story.teller.told, await standing(desk))
    assert "municipal" in {channel for channel, _ in await standing(desk)}
