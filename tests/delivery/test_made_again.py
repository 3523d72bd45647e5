"""A log that was lost, or restored from an older backup: all is there and said once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.fact import Fact
from schemas.policy import reader_for
from schemas.topics import TRACKER
from schemas.tracker import InitiativeReadable
from services.delivery import read_back
from services.delivery.making_again import make_again
from tests.histories import Told, cut, histories, interleaved, story_of
from tests.histories.telling import admitted
from tests.schemas.said import KS, NAV

from .conftest import Desk, empty
from .test_covers import end, openings, registered, share
from .test_feed import cursor_of, ids, read_all, received
from .test_sequencer import announce, many_initiatives, positions, said, standing

AS_KS = reader_for(KS)
FEW = settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
# what a backup of delivery's tables holds
TABLES = (
    "checkpoint",
    "fact",
    "sequenced",
    "share",
    "opening_said",
    "available",
    "received",
    "sequence",
    "step",
    "said_before",
)


async def published(desk: Desk) -> list[Told]:
    """What the tracker has said, as it now lies on Kafka."""
    rows = await desk.fetch("DELETE FROM outbox RETURNING seq, value")
    now = datetime.now(UTC)
    return [
        Told(admitted(row["value"], TRACKER.name), TRACKER.name, 0, now, row["value"])
        for row in sorted(rows, key=lambda row: row["seq"])
    ]


async def back_up(desk: Desk) -> None:
    for table in TABLES:
        await desk.pool.execute(f"DROP TABLE IF EXISTS backup_{table}")
        await desk.pool.execute(f"CREATE TABLE backup_{table} AS TABLE {table}")


async def restore(desk: Desk) -> None:
    await desk.pool.execute(f"TRUNCATE outbox, {', '.join(TABLES)}")
    for table in TABLES:
        await desk.pool.execute(f"INSERT INTO {table} TABLE backup_{table}")
    ends = await desk.fetch("SELECT topic, partition, next FROM checkpoint")
    nexts = {(row["topic"], row["partition"]): row["next"] for row in ends}
    for place in desk.next:
        desk.next[place] = nexts.get((place.topic, place.partition), 0)


def readable(facts: Sequence[Fact]) -> list[Fact]:
    return [each for each in facts if isinstance(each.data, InitiativeReadable)]


def pairs(facts: Sequence[Fact]) -> set[tuple[str, str]]:
    """Who was told of what."""
    return {
        (fact.data.channel, ref.id)
        for fact in facts
        if isinstance(fact.data, InitiativeReadable)
        for ref in fact.data.facts
    }


@FEW
@given(st.data())
async def test_a_log_that_was_lost_is_made_again_from_what_was_said(
    desk: Desk, data: st.DataObject
) -> None:
    history = data.draw(histories())
    await empty(desk)
    for batch in cut(data.draw, interleaved(data.draw, history)):
        await desk.tell(batch)
    before = await standing(desk)
    words = await published(desk)

    await empty(desk)
    await desk.consume([*history, *words])
    await desk.sequencer.take_all()

    assert await standing(desk) >= before
    assert readable(await said(desk)) == []
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))


@FEW
@given(st.data())
async def test_a_log_restored_from_an_older_backup_says_the_rest_once_and_leaves_no_gap(
    desk: Desk, data: st.DataObject
) -> None:
    history = data.draw(histories())
    kept = data.draw(st.integers(0, len(history)))
    await empty(desk)
    await desk.tell(history[:kept])
    first = await published(desk)
    await desk.consume(first)
    await back_up(desk)
    for batch in cut(data.draw, interleaved(data.draw, history[kept:])):
        await desk.tell(batch)
    lost = await published(desk)
    before = await standing(desk)

    await restore(desk)
    await desk.consume(lost)
    for batch in cut(data.draw, interleaved(data.draw, history[kept:])):
        await desk.tell(batch)
    again = readable(await said(desk))

    marks = {told.fact.mark for told in history}
    assert {each for each in await standing(desk) if each[1] in marks} == {
        each for each in before if each[1] in marks
    }
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))
    # a word of this log is never taken for one of the log that was lost
    ids_before = {told.fact.id for told in (*first, *lost)}
    assert ids_before.isdisjoint({fact.id for fact in again})
    assert await read_back.difference(desk.pool)() is None


async def test_what_was_told_of_before_the_loss_is_not_told_of_again(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(2))
    await back_up(desk)
    later = many_initiatives(4)[4:]
    await desk.tell(later)
    told = await published(desk)

    await restore(desk)
    await desk.consume(told)
    await desk.tell(later)

    assert len(readable([each.fact for each in told])) == 4
    assert readable(await said(desk)) == []
    # each of the four words has a line for its channel and one for the owner
    assert len(await positions(desk)) == 16 + 2 * 4


async def test_what_nobody_was_told_of_before_the_loss_is_told_of(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))
    await back_up(desk)
    later = many_initiatives(2)[2:]
    await desk.tell(later)
    # committed, and lost with the database before the relay had sent it
    await restore(desk)
    await desk.pool.execute("TRUNCATE outbox")
    await desk.tell(later)

    assert pairs(await said(desk)) == {("municipal", t.fact.id) for t in later}


async def test_a_cursor_from_after_the_backup_is_gone_and_an_older_one_goes_on(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(1))
    old = cursor_of(await desk.get("/feed", AS_KS))
    await back_up(desk)
    await desk.tell(many_initiatives(2)[2:])
    young = cursor_of(await desk.get("/feed", AS_KS))

    await restore(desk)
    at_once = await desk.get(f"/feed?after={young}", AS_KS)
    # other facts now have the places that this reader has passed
    await desk.tell(many_initiatives(4)[4:])
    later = await desk.get(f"/feed?after={young}", AS_KS)
    older = await desk.get(f"/feed?after={old}", AS_KS)

    assert [at_once.status_code, later.status_code] == [410, 410]
    assert "begin without `after`" in later.json()["detail"]
    assert older.status_code == 200
    assert len(ids(older)) == 4
    assert len(await read_all(desk, AS_KS)) == 6


async def test_a_share_renewed_after_the_loss_is_told_of_again(desk: Desk) -> None:
    story = registered("fornyet")
    first = share(story)
    await desk.tell(story.teller.told)
    words = await published(desk)
    await empty(desk)
    await desk.consume([*story.teller.told, *words])
    await desk.sequencer.take_all()
    before = readable(await said(desk))

    ended = end(story, first)
    await desk.tell([ended])
    # its append time is after what was said of the first
    renewed = replace(share(story), appended=datetime.now(UTC))
    await desk.tell([renewed])

    told = (story.teller.told[0], ended, renewed)
    assert before == []
    assert pairs(await said(desk)) == {("municipal", each.fact.id) for each in told}


async def test_what_was_received_or_opened_before_the_loss_is_said_once(
    desk: Desk,
) -> None:
    story = registered("mottatt")
    share(story, not_before="2026-01-01T08:00:00Z")
    await desk.tell(story.teller.told)
    assert len(await openings(desk)) == 1
    opened = await published(desk)
    await desk.tell(opened)
    page = await desk.get("/feed", AS_KS)
    await desk.get(page.links["next"]["url"], AS_KS)
    words = [*opened, *await published(desk)]

    await empty(desk)
    await desk.consume([*words, *story.teller.told])
    await desk.sequencer.take_all()
    await desk.sequencer.say_due()
    page = await desk.get("/feed", AS_KS)
    await desk.get(page.links["next"]["url"], AS_KS)

    assert len(ids(page)) > 0
    assert await received(desk) == set()
    assert await said(desk) == []


async def test_its_own_word_read_back_makes_nothing_available_and_is_borne_out(
    desk: Desk,
) -> None:
    story = story_of(NAV, "lang")
    for n in range(250):
        changes = {"summary": f"utgave {n}"}
        story.teller.say(NAV, "initiative.amended", {"changes": changes})
    announce(story)
    share(story, f"org:{KS}")
    await desk.tell(story.teller.told)
    before = await standing(desk)

    words = await published(desk)
    await desk.tell(words)

    assert len(words) == 4
    of_parties = {told.fact.mark for told in story.teller.told}
    assert {each for each in await standing(desk) if each[1] in of_parties} == before
    assert await read_back.difference(desk.pool)() is None
    assert await desk.fetch("SELECT FROM said_before") == []


async def test_a_line_that_is_not_as_it_was_told_of_is_noticed_until_made_again(
    desk: Desk,
) -> None:
    planted = {
        "gone": "DELETE FROM available WHERE position = {}",
        "another": "UPDATE available SET mark = 'other' WHERE position = {}",
        "elsewhere": "UPDATE available SET channel = 'state' WHERE position = {}",
        "when": "UPDATE available SET at = at - '1 second'::interval"
        " WHERE position = {}",
    }
    for name, sql in planted.items():
        await empty(desk)
        story = registered(f"endret-{name}")
        share(story)
        await desk.tell(story.teller.told)
        before = await standing(desk)
        (position,) = await desk.fetch(
            "SELECT max(position) FROM available WHERE channel = 'municipal'"
        )
        await desk.pool.execute(sql.format(position[0]))
        await desk.tell(await published(desk))

        noticed = await read_back.difference(desk.pool)()
        await make_again(desk.pool, "a line was changed by hand")
        await desk.sequencer.take_all()

        assert noticed is not None, name
        assert "`make-again`" in noticed
        assert await read_back.difference(desk.pool)() is None
        assert before <= await standing(desk)
        assert readable(await said(desk)) == []
