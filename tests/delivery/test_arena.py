"""What the joint arena says is available to each who may read it."""

from collections import Counter
from itertools import chain

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.identity import Ref
from schemas.policy import ANYBODY, Reader, reader_for
from schemas.rulesets import NEWEST, ruleset
from schemas.topics import ARENA
from schemas.tracker import InitiativeReadable, InitiativeReceived
from services.delivery import handlers, items, judging
from tests.histories import Story, cut, interleaved, story_of
from tests.histories.arena import ITEM, Floor, advised
from tests.mistakes.named import failing
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN

from .arena import standing_by_policy
from .conftest import Desk, empty
from .test_closing import amend, end, park, redriven
from .test_sequencer import FEW, announce, positions, said, standing

BEFORE_ISSUE = {
    "arena.item.proposed",
    "advice.drafted",
    "advice.challenged",
    "advice.position.recorded",
}


def shared(owner: str = NAV, audience: str = "municipal") -> Story:
    story = story_of(owner, "tiltak")
    announce(story, audience)
    return story


async def feed(desk: Desk, reader: Reader | str) -> list[dict[str, str]]:
    """The arena's facts that a reader is given, in their order."""
    who = reader_for(reader) if isinstance(reader, str) else reader
    answer = await desk.get("/feed?limit=1000", who)
    assert answer.status_code == 200, answer.text
    return [each for each in answer.json() if each["subject"] == ITEM]


async def heard(desk: Desk, reader: Reader | str) -> Counter[str]:
    """Which types of fact, the tracker's about readers left out."""
    names = Counter(each["type"][10:-3] for each in await feed(desk, reader))
    del names["arena.readable"], names["arena.received"]
    return names


def about(story: Story) -> list[str]:
    return [story.teller.subject]


def test_delivery_reads_the_arenas_topic() -> None:
    assert ARENA in handlers.TOPICS
    assert "delivery" in ARENA.consumers


async def test_who_takes_part_is_given_what_is_about_what_it_may_read(
    desk: Desk,
) -> None:
    story = shared()
    floor = Floor(about(story))
    for name in sorted(BEFORE_ISSUE):
        floor.say(name)

    await desk.tell([*story.teller.told, *floor.told])

    assert set(await heard(desk, KS)) == BEFORE_ISSUE
    assert set(await heard(desk, NAV)) == BEFORE_ISSUE, "the owner takes part itself"
    # it may not read the initiative: number and state are no fact; its own words are
    mine = {e.fact.name for e in floor.told if e.fact.speaker == AID}
    assert set(await heard(desk, AID)) == mine != BEFORE_ISSUE
    for reader in (NARVIK, DIGDIR, ANYBODY):
        assert await feed(desk, reader) == []


async def test_a_later_grant_gives_it_then_and_an_end_gives_no_more(desk: Desk) -> None:
    story = shared()
    floor = Floor(about(story))
    floor.say("arena.item.proposed")
    floor.say("advice.drafted")
    await desk.tell([*story.teller.told, *floor.told])
    before = await heard(desk, AID)

    story.teller.say(NAV, "initiative.shared", {}, audience=f"org:{AID}")
    grant = story.teller.told[-1]
    await desk.tell([grant])
    covered = await heard(desk, AID)
    await desk.tell([end(story, grant.fact)])
    ended = await heard(desk, AID)
    await desk.tell([floor.say("advice.issued")])
    after = await heard(desk, AID)
    story.teller.say(NAV, "initiative.shared", {}, audience="arena")
    await desk.tell([story.teller.told[-1]])

    assert before == ended == after == Counter({"arena.item.proposed": 1})
    assert covered == Counter({"arena.item.proposed": 1, "advice.drafted": 1})
    assert await heard(desk, AID) == covered + Counter({"advice.issued": 1})
    lines = await desk.fetch(
        "SELECT channel, mark FROM available WHERE subject = $1", ITEM
    )
    twice = [n for n in Counter(map(tuple, lines)).values() if n > 1]
    # the draft came a second time, under a new cover
    assert twice == [2]


async def test_a_grant_to_the_arena_is_one_to_each_that_takes_part(desk: Desk) -> None:
    """On their own channels: that a reader could read is said of one, not of all."""
    story = shared(DIGDIR, "arena")

    await desk.tell(story.teller.told)

    marks = {told.fact.mark for told in story.teller.told}
    channels = {channel for channel, mark in await standing(desk) if mark in marks}
    members = {f"org:{each}" for each in ruleset(NEWEST).having("arena")}
    assert {f"org:{each}" for each in (AID, KS, NAV)} < members
    assert channels == members | {f"org:{DIGDIR}"}
    readable = [f for f in await said(desk) if isinstance(f.data, InitiativeReadable)]
    assert {f.data.channel for f in readable} == members  # type: ignore[attr-defined]
    for orgnr, there in ((KS, 2), (AID, 2), (NARVIK, 0), (RIKSREVISJONEN, 0)):
        answer = await desk.get("/feed", reader_for(orgnr))
        assert len(answer.json()) == there


async def test_advice_that_is_given_opens_itself_and_the_positions_on_it(
    desk: Desk,
) -> None:
    story = shared(audience=f"org:{AID}")
    floor = advised(about(story), "arena municipal")

    await desk.tell([*story.teller.told, *floor.told])

    opened = Counter(["advice.issued", "advice.position.recorded", "silence.noted"])
    own = Counter({"advice.challenged": 1})
    for reader, heard_there in ((NARVIK, opened), (KS, opened + own)):
        assert await heard(desk, reader) == heard_there
        texts = orjson.dumps(await feed(desk, reader)).decode()
        assert "kanari-dissens" in texts
        for secret in ("kanari-sak", "kanari-eldre"):
            assert secret not in texts
    assert await feed(desk, DIGDIR) == await feed(desk, ANYBODY) == []
    assert "public" not in {channel for channel, _ in await standing(desk)}


async def test_what_is_given_to_everybody_needs_no_token(desk: Desk) -> None:
    story = shared()
    floor = advised(about(story), "arena public")

    await desk.tell([*story.teller.told, *floor.told])

    assert (await heard(desk, ANYBODY))["advice.issued"] == 1
    assert (await heard(desk, DIGDIR))["advice.issued"] == 1
    assert (await heard(desk, ANYBODY))["advice.drafted"] == 0


async def test_the_owner_is_given_the_question_and_what_is_issued(desk: Desk) -> None:
    """It takes no part in the arena."""
    story = shared(DIGDIR, "arena")
    floor = advised(about(story))

    await desk.tell([*story.teller.told, *floor.told])

    assert await heard(desk, DIGDIR) == Counter(
        {
            "arena.item.proposed": 1,
            "advice.issued": 1,
            "advice.position.recorded": 1,
            "silence.noted": 1,
            "duty.overdue": 1,
        }
    )


async def test_a_duty_is_told_to_who_has_it_and_to_the_owner(desk: Desk) -> None:
    story = shared(DIGDIR, "arena municipal state")
    floor = advised(about(story), "arena municipal state")

    await desk.tell([*story.teller.told, *floor.told])

    told = [
        r
        for r in (AID, DIGDIR, KS, NAV, NARVIK)
        if (await heard(desk, r))["duty.overdue"]
    ]
    assert told == [AID, DIGDIR]


async def test_of_several_initiatives_one_must_be_able_to_read_every_one(
    desk: Desk,
) -> None:
    one, other = shared(NAV, f"org:{KS}"), shared(DIGDIR, "municipal")
    floor = Floor([*about(one), *about(other)])
    floor.say("advice.drafted")
    await desk.tell([*one.teller.told, *other.teller.told, *floor.told])

    assert (await heard(desk, KS))["advice.drafted"] == 1
    assert await feed(desk, NAV) == [], "it may not read the other one"
    other.teller.say(DIGDIR, "initiative.shared", {}, audience=f"org:{NAV}")
    await desk.tell([other.teller.told[-1]])

    assert (await heard(desk, NAV))["advice.drafted"] == 1
    assert await feed(desk, DIGDIR) == []


async def test_meetings_are_for_those_who_take_part(desk: Desk) -> None:
    floor = Floor([], "meeting:nav:2-26")
    floor.say("arena.meeting.held")

    await desk.tell(floor.told)

    channels = {channel for channel, _ in await standing(desk)}
    assert {f"org:{each}" for each in (AID, KS, NAV)} <= channels
    assert len(channels) == 4


async def test_it_is_said_to_be_readable_to_whom_it_is_and_to_nobody_else(
    desk: Desk,
) -> None:
    story = shared()
    floor = advised(about(story))

    await desk.tell([*story.teller.told, *floor.told])

    spoken = [f for f in await said(desk) if f.subject == ITEM]
    named = {
        (fact.data.channel, Ref(ref.source, ref.id))
        for fact in spoken
        if isinstance(fact.data, InitiativeReadable)
        for ref in fact.data.facts
    }
    facts = {told.fact.mark: told.fact for told in floor.told}
    lines = {
        (channel, facts[mark].ref)
        for channel, mark in await standing(desk)
        if mark in facts
        and facts[mark].type.group != "tracker"
        and channel != f"org:{facts[mark].speaker}"
    }
    assert named == lines
    assert len(spoken) == len({channel for channel, _ in named})
    assert all(fact.recipients == (fact.data.channel,) for fact in spoken)  # type: ignore[attr-defined]


async def test_using_a_cursor_says_once_that_the_item_is_received(desk: Desk) -> None:
    story = shared()
    await desk.tell([*story.teller.told, *advised(about(story)).told])
    answer = await desk.get("/feed?limit=1000", reader_for(KS))

    for _ in range(2):
        await desk.get(answer.links["next"]["url"], reader_for(KS))

    received = [f for f in await said(desk) if isinstance(f.data, InitiativeReceived)]
    assert {f.subject for f in received} == {ITEM, *about(story)}
    assert {f.recipients for f in received if f.subject == ITEM} == {(f"org:{KS}",)}
    assert len(received) == 2


async def test_the_trackers_words_of_an_item_are_for_their_recipients(
    desk: Desk,
) -> None:
    """Read back, they stand in the feed of the one that they concern."""
    story = shared()
    floor = Floor(about(story))
    floor.say("advice.drafted")
    await desk.tell([*story.teller.told, *floor.told])
    words = [f for f in await said(desk) if f.subject == ITEM]
    teller = story_of(NAV, "ord").teller
    for row in await desk.fetch("SELECT value FROM outbox ORDER BY seq"):
        teller.put("tidlig.tracker.v1", row["value"])

    await desk.tell(teller.told)

    about_items = {t.fact.ref for t in teller.told if t.fact.subject == ITEM}
    assert about_items == {each.ref for each in words}
    for orgnr in (KS, NAV):
        types = [each["type"] for each in await feed(desk, orgnr)]
        assert types.count("no.tidlig.arena.readable.v1") == 1
    assert await feed(desk, AID) == []


async def test_while_a_word_of_an_owner_is_parked_nothing_rests_on_its_grants(
    desk: Desk,
) -> None:
    story = shared()
    floor = Floor(about(story))
    floor.say("arena.item.proposed")
    floor.say("advice.drafted")
    await desk.tell([*story.teller.told, *floor.told])

    await park(desk, amend(story))
    at_once = await heard(desk, KS)
    await desk.sequencer.take_all()
    await desk.tell([floor.say("advice.issued", "arena municipal")])
    closed = await heard(desk, KS)
    owned = await heard(desk, NAV)
    await redriven(desk, story)
    await desk.sequencer.take_all()

    assert at_once == Counter()
    # what was given rests on no grant
    assert closed == Counter({"advice.issued": 1})
    assert set(owned) == {"arena.item.proposed", "advice.drafted", "advice.issued"}
    assert set(await heard(desk, KS)) == set(owned)
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))


@FEW
@given(data=st.data())
async def test_in_any_order_and_any_batches_the_log_holds_what_the_policy_opens(
    desk: Desk, data: st.DataObject
) -> None:
    await empty(desk)
    one, other = shared(NAV, "municipal"), shared(DIGDIR, "arena")
    end(one, one.teller.told[1].fact)
    one.teller.say(NAV, "initiative.shared", {}, audience=f"org:{KS} org:{AID}")
    names = data.draw(
        st.sampled_from([about(one), about(other), about(one) + about(other)])
    )
    audience = data.draw(
        st.sampled_from(["arena", "arena municipal", f"arena org:{NARVIK}"])
    )
    floor = advised(names, audience)
    history = sorted(
        chain(one.teller.told, other.teller.told, floor.told), key=lambda t: t.appended
    )

    for batch in cut(data.draw, interleaved(data.draw, history)):
        await desk.tell(batch)

    marks = {told.fact.mark for told in floor.told}
    found = {line for line in await standing(desk) if line[1] in marks}
    stories = [one.teller.told, other.teller.told]
    assert found == standing_by_policy(stories, floor)
    assert len({mark for _, mark in found}) == len(marks)


async def test_a_feed_that_does_not_ask_the_arenas_policy_is_caught(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither when the lines were written nor when they are served."""
    everybody = {f"org:{each}" for each in (KS, NAV, AID, NARVIK, DIGDIR)}
    monkeypatch.setattr(items, "channels_for", lambda *_: everybody)
    monkeypatch.setattr(judging, "may_read_in_arena", lambda *_: True)
    found = test_who_takes_part_is_given_what_is_about_what_it_may_read

    with failing(found):
        await found(desk)


async def test_a_line_that_should_not_be_in_the_log_is_not_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = {f"org:{each}" for each in (KS, NAV, AID, NARVIK, DIGDIR)}
    monkeypatch.setattr(items, "channels_for", lambda *_: everybody)

    await test_who_takes_part_is_given_what_is_about_what_it_may_read(desk)
