"""While a word of the owner is parked, nothing of its initiative goes out to others."""

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from schemas import tracker
from schemas.fact import Fact
from schemas.policy import reader_for
from schemas.topics import TRACKER
from services.delivery import handlers
from services.delivery.rules import Initiative, Said
from services.delivery.sequencer import Sequencer
from services.kit import checkpoint, parked
from services.kit.batch import Arrived
from services.kit.checkpoint import Checkpoint
from services.kit.db import Connection, transaction
from services.kit.parked import Cause, Parked
from services.kit.redrive import redrive
from services.kit.search import MOST_IN_A_ROW, TooMany
from services.kit.set_aside import note
from tests.histories import Story, Told, story_of
from tests.schemas.said import KS, NARVIK, NAV, NOW

from .conftest import Desk
from .test_sequencer import announce, positions, said, standing

CAUSE = Cause("KeyError", "services/delivery/handlers.py:17 on_facts")


@pytest.fixture(autouse=True)
async def emptied(desk: Desk) -> None:
    await desk.pool.execute("TRUNCATE parked, set_aside, late, closed")


async def park(desk: Desk, *told: Told) -> None:
    """What the inbox does when the first of these makes the code fail."""
    arrivals = [desk.arrived(each) for each in told]
    ends = {a.place: Checkpoint(a.offset + 1, a.appended) for a in arrivals}
    causes = [CAUSE, *(None for _ in told[1:])]
    async with transaction(desk.pool) as conn:
        await checkpoint.create(conn, handlers.GROUP, list(ends))
        was = await checkpoint.lock(conn, handlers.GROUP, list(ends))
        found = [Parked(a, c) for a, c in zip(arrivals, causes, strict=True)]
        await parked.add(conn, handlers.GROUP, found)
        await checkpoint.move(conn, handlers.GROUP, was, ends)


async def redriven(desk: Desk, story: Story) -> None:
    key = (story.owner, story.teller.told[0].fact.subject)
    await redrive(desk.pool, handlers.GROUP, handlers.on_facts, key, "mended")


async def aside(desk: Desk, fact: Fact) -> None:
    """The tracker says so, and delivery reads it."""
    said_ = tracker.set_aside(
        "delivery", fact.subject, (fact.ref, fact.type.name), "r", NOW, 1
    )
    teller = story_of(NAV, fact.subject.partition(":")[2]).teller
    teller.put(TRACKER.name, said_[1])
    async with transaction(desk.pool) as conn:
        await note(conn, handlers.GROUP, [desk.arrived(teller.told[-1])])


async def fed(desk: Desk, orgnr: str, path: str = "/feed") -> tuple[list[str], str]:
    """What an organisation is given, by identity, and the next page's address."""
    answer = await desk.get(path, reader_for(orgnr))
    assert answer.status_code == 200
    link = answer.headers["Link"].partition(">")[0].removeprefix("<")
    found = orjson.loads(answer.content)
    return [f"{event['subject']} {event['id']}" for event in found], link


def name_of(told: Told) -> str:
    return f"{told.fact.subject} {told.fact.id}"


def names_of(*told: Told) -> set[str]:
    return {name_of(each) for each in told}


def shared(local: str) -> tuple[Story, Fact]:
    """An initiative that is announced and shared with the municipal line."""
    story = story_of(NAV, local)
    announce(story)
    return story, story.teller.told[1].fact


def end(story: Story, grant: Fact) -> Told:
    named = {"source": grant.source, "id": grant.id}
    story.teller.say(NAV, "share.ended", {"grant": named, "reason": "r"})
    return story.teller.told[-1]


def amend(story: Story, text: str = "endret") -> Told:
    story.teller.say(NAV, "initiative.amended", {"changes": {"summary": text}})
    return story.teller.told[-1]


def hear(story: Story) -> Told:
    """Another party says something of it."""
    data = {"reader_role": "digitaliseringssjef"}
    story.teller.say(NARVIK, "initiative.acknowledged", data)
    return story.teller.told[-1]


async def test_before_the_sequencer_knows_a_page_ends_before_what_is_closed(
    desk: Desk,
) -> None:
    open_one, _ = shared("apent")
    story, grant = shared("lukket")
    await desk.tell([*open_one.teller.told, *story.teller.told])
    before, _ = await fed(desk, KS)

    await park(desk, end(story, grant))
    closed, link = await fed(desk, KS)
    own, _ = await fed(desk, NAV)
    await redriven(desk, story)
    after, _ = await fed(desk, KS, link)

    mine = names_of(*story.teller.told)
    assert len(before) == 4
    assert not mine & set(closed)
    assert mine - names_of(story.teller.told[-1]) <= set(own)
    # the cursor has passed nothing
    assert set(closed) | set(after) == set(before)


async def test_nothing_is_given_nor_made_available_until_it_is_redriven(
    desk: Desk,
) -> None:
    story, _ = shared("lukket")
    await desk.tell(story.teller.told)
    _, link = await fed(desk, KS)
    changed, follows = amend(story, "en"), amend(story, "to")

    await park(desk, changed, follows)
    await desk.sequencer.take_all()
    heard = hear(story)
    await desk.tell([heard])
    said_while_closed = await said(desk)
    closed = await standing(desk)
    given, link = await fed(desk, KS, link)
    to_its_speaker, _ = await fed(desk, NARVIK)

    await redriven(desk, story)
    await desk.sequencer.take_all()
    again, _ = await fed(desk, KS, link)

    assert {channel for channel, _ in closed} == {f"org:{NAV}", f"org:{NARVIK}"}
    assert given == []
    assert to_its_speaker == [name_of(heard)]
    assert len(said_while_closed) == 1
    assert set(again) == names_of(*story.teller.told)
    found = await positions(desk)
    assert found == list(range(1, len(found) + 1))
    assert await desk.fetch("SELECT * FROM closed") == []
    assert await desk.fetch("SELECT * FROM late WHERE NOT taken") == []


async def test_an_end_that_was_parked_is_taken_before_it_opens_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # so small that what was parked takes several steps
    monkeypatch.setattr("services.delivery.sequencer.STEP_FACTS", 2)
    story, grant = shared("avsluttet")
    await desk.tell(story.teller.told)
    changes = [amend(story, f"nr {n}") for n in range(5)]
    await park(desk, *changes, end(story, grant))
    await desk.sequencer.take_all()
    before = await positions(desk)

    await redriven(desk, story)
    while await desk.sequencer.step(2):
        lines = await desk.fetch(
            "SELECT f.type FROM available JOIN fact AS f USING (mark)"
            " WHERE channel = 'municipal' AND available.position > $1",
            before[-1],
        )
        assert not {row["type"] for row in lines} - {
            "initiative.shared",
            "share.ended",
        }

    assert ("municipal", story.teller.told[0].fact.mark) not in await standing(desk)
    given, _ = await fed(desk, KS)
    assert name_of(changes[0]) not in given


async def test_parked_words_of_others_close_nothing(desk: Desk) -> None:
    story, _ = shared("andres")
    await desk.tell(story.teller.told)

    await park(desk, hear(story))
    await desk.tell([amend(story)])
    given, _ = await fed(desk, KS)

    assert len(given) == 3


async def test_what_is_set_aside_closes_no_more(desk: Desk) -> None:
    story, _ = shared("umulig")
    await desk.tell(story.teller.told)
    bad, follows = amend(story, "umulig"), amend(story, "neste")
    await park(desk, bad, follows)
    await desk.sequencer.take_all()
    closed, _ = await fed(desk, KS)

    await aside(desk, bad.fact)
    await redriven(desk, story)
    await desk.sequencer.take_all()
    given, _ = await fed(desk, KS)

    assert closed == []
    assert set(given) == names_of(*story.teller.told) - names_of(bad)


async def test_no_embargo_opens_while_an_end_may_wait(desk: Desk) -> None:
    story, _ = shared("embargo")
    story.teller.told.pop()
    past = {"not_before": "2026-01-01T08:00:00Z"}
    story.teller.say(NAV, "initiative.shared", past, audience="municipal")
    grant = story.teller.told[-1].fact
    await desk.tell(story.teller.told)
    await park(desk, end(story, grant))

    await desk.sequencer.say_due()
    while_parked = [fact.type.name for fact in await said(desk)]
    await desk.sequencer.take_all()
    await desk.sequencer.say_due()
    while_closed = [fact.type.name for fact in await said(desk)]
    await redriven(desk, story)
    await desk.sequencer.take_all()
    await desk.sequencer.say_due()

    assert while_parked == while_closed == []
    assert [fact.type.name for fact in await said(desk)] == []


@pytest.mark.parametrize("before", ["not taken", "taken"])
async def test_what_was_parked_is_taken_once_wherever_the_sequencer_stands(
    desk: Desk, before: str
) -> None:
    story, _ = shared("bak")
    changed = amend(story)
    first = story.teller.told[:2]
    await (desk.tell(first) if before == "taken" else desk.consume(first))
    await park(desk, changed)
    await desk.consume([hear(story)])
    await redriven(desk, story)

    replicas = [Sequencer(desk.pool, url=desk.url, seal=desk.seal) for _ in range(3)]
    await asyncio.gather(*(each.step() for each in replicas))
    await desk.sequencer.take_all()

    lines = await desk.fetch(
        "SELECT channel FROM available WHERE mark = $1 AND void_step IS NULL",
        changed.fact.mark,
    )
    assert sorted(row["channel"] for row in lines) == ["municipal", f"org:{NAV}"]


async def test_a_fact_that_makes_the_sequencer_fail_is_parked_and_closes(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    story, _ = shared("feiler")
    bad, follows = amend(story, "feil"), amend(story, "neste")
    others = [each for n in range(40) for each in shared(f"annet-{n}")[0].teller.told]
    # within a partition the append times never go back
    every = sorted([*others, *story.teller.told], key=lambda each: each.appended)
    await desk.consume(every)
    fails = fails_on(monkeypatch, bad.fact.mark)

    await desk.sequencer.take_all()
    rows = await desk.fetch("SELECT mark, error_class FROM parked ORDER BY n")
    given, _ = await fed(desk, KS, "/feed?limit=1000")
    fails.clear()
    await redriven(desk, story)
    await desk.sequencer.take_all()
    at_last, _ = await fed(desk, KS, "/feed?limit=1000")

    assert [tuple(row) for row in rows] == [
        (bad.fact.mark, "KeyError"),
        (follows.fact.mark, None),
    ]
    assert set(given) == names_of(*others)
    assert set(at_last) == names_of(*others, *story.teller.told)


def fails_on(monkeypatch: pytest.MonkeyPatch, *marks: bytes) -> set[bytes]:
    """The sequencer's rules fail on these facts until they are taken out."""
    take, bad = Initiative.take, set(marks)

    def failing(self: Initiative, each: Said) -> None:
        if each.mark in bad:
            raise KeyError
        take(self, each)

    monkeypatch.setattr(Initiative, "take", failing)
    return bad


async def test_a_sequencer_that_fails_on_every_fact_parks_few_and_says_so(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = [each for n in range(30) for each in shared(f"annet-{n}")[0].teller.told]
    await desk.consume(sorted(told, key=lambda each: each.appended))
    fails = fails_on(monkeypatch, *(each.fact.mark for each in told))

    with pytest.raises(TooMany):
        await desk.sequencer.take_all()
    for _ in range(3):
        with pytest.raises(TooMany):
            await desk.sequencer.take_all()
    sentence = await desk.sequencer.parking.check()
    (count,) = await desk.fetch("SELECT count(*) AS n FROM parked WHERE place <> ''")
    fails.clear()
    await desk.sequencer.take_all()

    assert count["n"] <= MOST_IN_A_ROW
    assert "KeyError" in (sentence or "")
    assert await desk.sequencer.parking.check() is None


async def never(_: Connection, __: Sequence[Arrived]) -> None:
    raise KeyError


async def test_a_redrive_in_vain_leaves_it_closed(desk: Desk) -> None:
    story, _ = shared("fortsatt")
    await desk.tell(story.teller.told)
    await park(desk, amend(story))
    await desk.sequencer.take_all()

    key = (NAV, story.teller.told[0].fact.subject)
    await redrive(desk.pool, handlers.GROUP, never, key, "in vain")
    await desk.sequencer.take_all()

    assert (await fed(desk, KS))[0] == []
