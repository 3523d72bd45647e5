"""Covers that begin, end and begin anew; and what the tracker says of them."""

from datetime import UTC, datetime

import orjson
import pytest

from schemas import tracker
from schemas.identity import Ref
from schemas.policy import reader_for
from schemas.topics import TRACKER
from tests.histories import Story, Told, story_of
from tests.schemas.said import KS, NARVIK, NAV

from .conftest import Desk
from .log import logged
from .test_feed import ids, received
from .test_sequencer import announce, positions, said

AS_KS, AS_NAV = reader_for(KS), reader_for(NAV)
PAST = {"not_before": "2026-01-01T08:00:00Z"}
AHEAD = {"not_before": "2099-01-01T08:00:00Z"}


def share(story: Story, audience: str = "municipal", **data: str) -> Told:
    story.teller.say(NAV, "initiative.shared", data, audience=audience)
    return story.teller.told[-1]


def end(story: Story, grant: Told) -> Told:
    named = {"source": grant.fact.source, "id": grant.fact.id}
    story.teller.say(NAV, "share.ended", {"grant": named, "reason": "r"})
    return story.teller.told[-1]


def registered(local: str) -> Story:
    story = story_of(NAV, local)
    announce(story)
    story.teller.told.pop()
    return story


async def openings(desk: Desk) -> list[Ref]:
    await desk.sequencer.say_due()
    found = [f for f in await said(desk) if f.type.name == "share.opened"]
    return [fact.grant for fact in found if fact.grant is not None]


async def test_an_embargo_that_has_ended_is_never_opened(desk: Desk) -> None:
    story = registered("angret")
    grant = share(story, **PAST)
    end(story, grant)
    await desk.tell(story.teller.told)

    assert await openings(desk) == []


async def test_an_embargo_is_postponed_by_its_end_and_a_new_share(desk: Desk) -> None:
    story = registered("utsatt")
    first = share(story, **PAST)
    end(story, first)
    later = share(story, **AHEAD)
    await desk.tell(story.teller.told)

    assert await openings(desk) == []
    assert later.fact.ref != first.fact.ref
    assert (await desk.get("/feed", AS_KS)).json() == []


async def test_an_embargo_whose_time_has_not_come_is_not_opened(desk: Desk) -> None:
    story = registered("enna-ikke")
    share(story, **AHEAD)
    due = share(story, f"org:{KS}", **PAST)
    await desk.tell(story.teller.told)

    assert await openings(desk) == [due.fact.ref]
    assert await openings(desk) == [due.fact.ref]


async def test_the_trackers_words_have_a_place_in_the_log_and_nothing_is_said_of_them(
    desk: Desk,
) -> None:
    story = story_of(NAV, "sporet")
    announce(story)
    at = datetime(2026, 11, 24, tzinfo=UTC)
    story.teller.put(TRACKER.name, tracker.received(story.teller.subject, KS, at)[1])
    await desk.tell(story.teller.told)
    told = story.teller.told[-1].fact

    given = {}
    for name, reader in (("ks", AS_KS), ("nav", AS_NAV), ("n", reader_for(NARVIK))):
        given[name] = (told.subject, told.id) in ids(await desk.get("/feed", reader))
    named = [ref.id for f in await said(desk) for ref in getattr(f.data, "facts", ())]

    assert given == {"ks": True, "nav": True, "n": False}
    assert told.id not in named
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))


def test_the_id_of_readable_is_made_of_channel_and_position_alone() -> None:
    def id_of(channel: str, position: str, fact: str, hour: int) -> str:
        at = datetime(2026, 11, 24, hour, tzinfo=UTC)
        facts = [(Ref(f"urn:orgnr:{NAV}:x", fact), "initiative.registered")]
        value = tracker.readable(f"{NAV}:a", channel, facts, position, at)[1]
        return str(orjson.loads(value)["id"])

    first = id_of("municipal", "A" * 22, "1", 9)

    assert id_of("municipal", "A" * 22, "2", 10) == first
    assert id_of("state", "A" * 22, "1", 9) != first
    assert id_of("municipal", "B" * 22, "1", 9) != first
    assert f"{NAV}" not in first


def test_the_id_of_an_opening_is_made_of_its_grant() -> None:
    def id_of(grant: str, hour: int) -> str:
        at = datetime(2026, 11, 24, hour, tzinfo=UTC)
        value = tracker.share_opened(f"{NAV}:a", Ref("s", grant), at)[1]
        return str(orjson.loads(value)["id"])

    assert id_of("1", 9) == id_of("1", 10) != id_of("2", 9)


async def test_readable_and_the_lines_it_is_about_are_written_together(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    story = story_of(NAV, "sammen")
    announce(story)
    await desk.consume(story.teller.told)

    async def fail(*_: object) -> None:
        raise ConnectionResetError

    with monkeypatch.context() as patched:
        patched.setattr("services.delivery.sequencer.outbox.append", fail)
        with pytest.raises(ConnectionResetError):
            await desk.sequencer.step()
    without_word = await positions(desk)
    await desk.sequencer.take_all()

    assert without_word == []
    assert await positions(desk) != []
    assert len(await said(desk)) == 1


def test_while_one_grant_lives_on_the_cover_is_unbroken() -> None:
    """A line is void when the last of the grants that opened it ends, not before."""
    story = registered("dekket")
    first, second = share(story), share(story, "municipal state")
    end(story, first)
    mark = story.teller.told[0].fact.mark

    def lines() -> list[tuple[bool, int]]:
        log = logged([[told] for told in story.teller.told])
        of_fact = [r for r in log.lines if r.said.mark == mark]
        return [(r.void, r.position or 0) for r in of_fact if r.channel == "municipal"]

    unbroken = lines()
    end(story, second)
    broken = lines()
    share(story)
    anew = lines()

    assert [void for void, _ in unbroken] == [False]
    assert [void for void, _ in broken] == [True]
    assert [void for void, _ in anew] == [True, False]
    assert anew[1][1] > anew[0][1]


async def test_a_fact_is_given_at_its_lowest_line_that_is_not_void(desk: Desk) -> None:
    story = registered("lavest")
    alone, others = share(story, f"org:{KS}"), registered("mellom")
    share(others, f"org:{KS}")
    await desk.tell(story.teller.told)
    await desk.tell(others.teller.told)
    share(story, "municipal")
    await desk.tell(story.teller.told[-1:])
    before = ids(await desk.get("/feed", AS_KS))

    end(story, alone)
    await desk.tell(story.teller.told[-1:])
    after = ids(await desk.get("/feed", AS_KS))

    first = story.teller.told[0].fact
    mine, theirs = (first.subject, first.id), others.teller.told[0].fact
    between = (theirs.subject, theirs.id)
    assert before.count(mine) == after.count(mine) == 1
    assert before.index(mine) < before.index(between)
    assert after.index(mine) > after.index(between)


async def test_what_came_after_the_page_was_made_is_not_acknowledged(
    desk: Desk,
) -> None:
    """A cursor proves what was readable at its step, not what is when it is used."""
    first, later = story_of(NAV, "med"), story_of(NAV, "etter")
    announce(first)
    announce(later)
    await desk.tell(first.teller.told)
    page = await desk.get("/feed", AS_KS)
    await desk.tell(later.teller.told)

    await desk.get(page.links["next"]["url"], AS_KS)

    assert await received(desk) == {(first.teller.subject, KS)}
