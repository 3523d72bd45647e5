"""The feed: each reader is given what it may read, and proves what it has received."""

import asyncio
from time import monotonic
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import httpx
import orjson
import pytest

from schemas.policy import ANYBODY, Reader, reader_for
from schemas.tracker import InitiativeReceived
from services.delivery.making_again import make_again
from services.delivery.sealing import Cursor, Seal
from tests.histories import READERS, Teller, story_of
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV

from .conftest import SECRET, Desk
from .test_sequencer import announce, many_initiatives, said

Json = dict[str, Any]
AS_KS, AS_NAV, AS_NARVIK = reader_for(KS), reader_for(NAV), reader_for(NARVIK)


def cursor_of(answer: httpx.Response) -> str:
    query = urlsplit(answer.links["next"]["url"]).query
    return parse_qs(query)["after"][0]


def ids(answer: httpx.Response) -> list[tuple[str, str]]:
    return [(event["subject"], event["id"]) for event in answer.json()]


async def read_all(desk: Desk, reader: Reader, limit: int = 100) -> list[Json]:
    found: list[Json] = []
    path = f"/feed?limit={limit}"
    while True:
        answer = await desk.get(path, reader)
        assert answer.status_code == 200, answer.text
        if not answer.json():
            return found
        found += answer.json()
        path = answer.links["next"]["url"]


async def received(desk: Desk) -> set[tuple[str, str]]:
    """Which initiatives the tracker has said are received, by whom."""
    return {
        (fact.subject, fact.data.body.removeprefix("org:"))
        for fact in await said(desk)
        if isinstance(fact.data, InitiativeReceived)
    }


async def test_a_page_follows_the_page_before_and_none_is_given_twice(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(5))

    whole = await read_all(desk, AS_KS)
    in_pages = await read_all(desk, AS_KS, limit=3)

    assert len(whole) == 10
    assert in_pages == whole


async def test_what_comes_later_follows_the_last_cursor(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))
    first = await desk.get("/feed", AS_KS)
    await desk.tell(many_initiatives(2)[2:])

    after = await desk.get(first.links["next"]["url"], AS_KS)

    assert len(first.json()) == 2
    assert {event["subject"] for event in after.json()} == {f"{NAV}:tiltak-1"}


async def test_the_facts_are_given_byte_for_byte_as_they_were_accepted(
    desk: Desk,
) -> None:
    told = many_initiatives(1)
    await desk.tell(told)

    answer = await desk.get("/feed", AS_KS)

    assert answer.headers["content-type"] == "application/cloudevents-batch+json"
    assert answer.content == b"[" + told[0].value + b"," + told[1].value + b"]"


async def test_a_reader_with_several_channels_is_given_a_fact_once(desk: Desk) -> None:
    story = story_of(NAV, "to-kanaler")
    announce(story)
    story.teller.say(NAV, "initiative.shared", {}, audience=f"org:{KS} public")
    await desk.tell(story.teller.told)

    found = await read_all(desk, AS_KS)

    assert len(found) == 3


async def test_a_cursor_acknowledges_only_when_it_is_used(desk: Desk) -> None:
    await desk.tell(many_initiatives(2))

    first = await desk.get("/feed?limit=2", AS_KS)
    before = await received(desk)
    await desk.get(first.links["next"]["url"], AS_KS)
    once = await received(desk)
    await desk.get(first.links["next"]["url"], AS_KS)

    assert before == set()
    assert once == {(event["subject"], KS) for event in first.json()}
    assert len(once) == 1
    facts = [f for f in await said(desk) if f.type.name == "initiative.received"]
    assert len(facts) == 1
    assert facts[0].recipients == (f"org:{NAV}", f"org:{KS}")


async def test_received_is_said_once_for_each_organisation_and_never_for_the_owner(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(1))

    await asyncio.gather(*(read_all(desk, AS_KS) for _ in range(4)))
    await read_all(desk, AS_NARVIK)
    await read_all(desk, AS_NAV)
    await read_all(desk, ANYBODY)

    facts = [f for f in await said(desk) if f.type.name == "initiative.received"]
    assert sorted(f.id for f in facts) == sorted(f"received-{o}" for o in (KS, NARVIK))


async def test_an_empty_page_and_ones_own_words_acknowledge_nothing(desk: Desk) -> None:
    story = story_of(NAV, "egne-ord")
    story.teller.say(
        KS, "response.submitted", {"key": "k", "position": "neutral", "text": "t"}
    )
    await desk.tell(story.teller.told)

    found = await read_all(desk, AS_KS)
    empty_page = await desk.get("/feed", AS_NARVIK)
    await desk.get(empty_page.links["next"]["url"], AS_NARVIK)

    assert len(found) == 1
    assert await received(desk) == set()


async def test_a_share_that_ended_after_the_page_was_given_is_still_acknowledged(
    desk: Desk,
) -> None:
    story = story_of(NAV, "trukket")
    announce(story)
    await desk.tell(story.teller.told)
    page = await desk.get("/feed", AS_KS)
    share = story.teller.told[-1].fact.ref
    data = {"grant": {"source": share.source, "id": share.id}, "reason": "r"}
    story.teller.say(NAV, "share.ended", data)
    await desk.tell(story.teller.told[-1:])

    await desk.get(page.links["next"]["url"], AS_KS)

    assert await received(desk) == {(f"{NAV}:trukket", KS)}


async def test_a_renewed_share_gives_the_fact_again_with_its_identity(
    desk: Desk,
) -> None:
    story = story_of(NAV, "igjen")
    announce(story)
    await desk.tell(story.teller.told)
    page = await desk.get("/feed", AS_KS)
    share = story.teller.told[-1].fact.ref
    data = {"grant": {"source": share.source, "id": share.id}, "reason": "r"}
    story.teller.say(NAV, "share.ended", data)
    story.teller.say(NAV, "initiative.shared", {}, audience="municipal")
    await desk.tell(story.teller.told[-2:])

    again = await desk.get(page.links["next"]["url"], AS_KS)
    from_the_start = await read_all(desk, AS_KS)

    registered = story.teller.told[0].fact.id
    assert registered in [event["id"] for event in again.json()]
    assert [event["id"] for event in from_the_start].count(registered) == 1


@pytest.mark.parametrize("broken", ["x", "", "A" * 80, "æ", "A" * 2000])
async def test_a_cursor_that_was_not_sealed_here_is_refused(
    desk: Desk, broken: str
) -> None:
    answer = await desk.get(f"/feed?after={broken}", AS_KS)

    assert answer.status_code == 400
    assert answer.json()["type"] == "urn:tidlig:problem:invalid_cursor"
    assert "without `after`" in answer.json()["detail"]


async def test_a_cursor_serves_its_own_reader_alone(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))
    mine = cursor_of(await desk.get("/feed", AS_KS))

    others = [await desk.get(f"/feed?after={mine}", r) for r in (AS_NARVIK, ANYBODY)]

    assert [answer.status_code for answer in others] == [400, 400]
    assert await received(desk) == set()


async def test_when_the_log_was_made_again_old_cursors_say_how_to_go_on(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(1))
    old = cursor_of(await desk.get("/feed", AS_KS))
    await make_again(desk.pool, "the log is not to be trusted")

    answer = await desk.get(f"/feed?after={old}", AS_KS)

    assert answer.status_code == 410
    assert answer.json()["type"] == "urn:tidlig:problem:cursor_gone"
    assert "begin without `after`" in answer.json()["detail"]


def test_neither_the_cursor_nor_its_length_tells_how_much_there_is() -> None:
    seal = Seal(SECRET)
    few = Cursor(KS, UUID(int=1), 0, 9, 1)
    many = Cursor("", UUID(int=1), 999_999, 999_999_999, 999_999)

    sealed = {seal.cursor(few) for _ in range(3)} | {seal.cursor(many)}

    assert len(sealed) == 4
    assert len({len(cursor) for cursor in sealed}) == 1
    assert seal.opened(seal.cursor(many)) == many


async def test_the_etag_is_that_of_the_facts_whatever_the_cursor_is(desk: Desk) -> None:
    await desk.tell(many_initiatives(1))
    first = await desk.get("/feed", AS_KS)

    again = await desk.get("/feed", AS_KS)
    same = await desk.get("/feed", AS_KS, **{"If-None-Match": first.headers["etag"]})
    await desk.tell(many_initiatives(2)[2:])
    more = await desk.get("/feed", AS_KS, **{"If-None-Match": first.headers["etag"]})

    assert first.headers["etag"] == again.headers["etag"]
    assert cursor_of(first) != cursor_of(again)
    assert same.status_code == 304
    assert same.content == b""
    assert same.links["next"]["url"]
    assert more.status_code == 200


async def test_who_waits_is_answered_as_soon_as_something_is_readable(
    desk: Desk,
) -> None:
    last = (await desk.get("/feed", AS_KS)).links["next"]["url"]
    began = monotonic()
    waiting = asyncio.create_task(desk.get(f"{last}&timeout=20000", AS_KS))
    await asyncio.sleep(0.2)
    assert not waiting.done()

    await desk.tell(many_initiatives(1))
    answer = await waiting

    assert len(answer.json()) == 2
    assert monotonic() - began < 10


async def test_who_waits_in_vain_gets_an_empty_page_and_a_cursor_to_go_on(
    desk: Desk,
) -> None:
    began = monotonic()

    answer = await desk.get("/feed?timeout=300", AS_KS)

    assert answer.json() == []
    assert 0.3 <= monotonic() - began < 5
    assert (await desk.get(answer.links["next"]["url"], AS_KS)).status_code == 200


async def test_secrets_of_others_do_not_end_a_wait(desk: Desk) -> None:
    waiting = asyncio.create_task(desk.get("/feed?timeout=1000", AS_KS))
    await asyncio.sleep(0.1)
    story = story_of(NAV, "hemmelig")
    announce(story, audience=f"org:{AID}")
    await desk.tell(story.teller.told)

    answer = await waiting

    assert answer.json() == []


async def test_everybody_reads_without_a_token_but_cannot_wait(desk: Desk) -> None:
    story = story_of(NAV, "apen")
    announce(story, audience="public")
    await desk.tell(story.teller.told)

    answer = await desk.get("/feed", None)
    waiting = await desk.get("/feed?timeout=100", None)
    broken = await desk.client.get("/feed", headers={"Authorization": "Bearer x"})
    unscoped = desk.issuer.bearer(KS, "tidlig:events.publish")
    without_scope = await desk.client.get("/feed", headers=unscoped)

    assert len(answer.json()) == 2
    assert waiting.status_code == 401
    assert broken.status_code == 401
    assert without_scope.status_code == 403


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=1001", "timeout=-1", "timeout=30001"]
)
async def test_what_cannot_be_asked_is_refused_with_the_parameters_name(
    desk: Desk, query: str
) -> None:
    answer = await desk.get(f"/feed?{query}", AS_KS)

    assert answer.status_code == 400
    name, _, _ = query.partition("=")
    assert name in answer.json()["faults"][0]["pointer"]


def secrets() -> tuple[Teller, dict[str, set[str]]]:
    """An initiative with a canary of each kind, and who may hear each."""
    story = story_of(NAV, "kanarifugler")
    say = story.teller.say
    text = {"problem": "p", "contact_role": "r"}

    def register(canary: str, **attributes: str) -> None:
        say(NAV, "initiative.registered", {"title": canary, **text}, **attributes)

    def respond(speaker: str, canary: str, **attributes: str) -> None:
        data = {"key": canary, "position": "neutral", "text": canary}
        say(speaker, "response.submitted", data, **attributes)

    register("kanari-delt")
    register("kanari-egen", visibility="own")
    register("kanari-navngitt", visibility="named", recipients=NARVIK)
    share = say(
        NAV, "initiative.shared", {"message": "kanari-grant"}, audience=f"org:{KS}"
    )
    say(
        NAV,
        "initiative.shared",
        {"not_before": "2099-01-01T00:00:00Z", "message": "kanari-embargo"},
        audience="municipal",
    )
    respond(KS, "kanari-svar")
    respond(KS, "kanari-svar-egen", visibility="own")
    respond(DIGDIR, "kanari-fremmed")
    short = say(
        NAV, "initiative.shared", {"message": "kanari-kort"}, audience=f"org:{AID}"
    )
    grant = {"source": short.source, "id": short.id}
    say(NAV, "share.ended", {"grant": grant, "reason": "kanari-slutt"})
    assert share != short
    return story.teller, {
        "kanari-delt": {NAV, KS},
        "kanari-egen": {NAV},
        "kanari-navngitt": {NAV, NARVIK},
        "kanari-grant": {NAV, KS},
        "kanari-embargo": {NAV},
        "kanari-svar": {NAV, KS},
        "kanari-svar-egen": {KS},
        "kanari-fremmed": {NAV, DIGDIR},
        "kanari-kort": {NAV, AID},
        "kanari-slutt": {NAV, AID},
    }


async def heard(desk: Desk) -> dict[str, set[str]]:
    """Which canary each reader finds anywhere in what it is answered."""
    _, expected = secrets()
    found: dict[str, set[str]] = {canary: set() for canary in expected}
    for name, reader in READERS.items():
        answer = await desk.get("/feed?limit=1000", reader)
        texts = [event["data"] for event in answer.json()]
        words = set(orjson.dumps(texts).decode().replace('"', " ").split())
        for canary in expected:
            if canary in words or canary in str(answer.headers):
                found[canary].add(name)
    return found


async def test_no_secret_of_any_kind_is_heard_by_any_other_reader(desk: Desk) -> None:
    teller, expected = secrets()

    await desk.tell(teller.told)

    assert await heard(desk) == expected


async def test_the_search_for_secrets_finds_a_planted_leak(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller, expected = secrets()
    monkeypatch.setattr("services.delivery.rules.opens", lambda *_: True)
    monkeypatch.setattr("services.delivery.judging.may_read", lambda *_: True)

    await desk.tell(teller.told)

    assert await heard(desk) != expected


async def test_a_line_that_should_not_be_in_the_log_is_not_served(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    teller, expected = secrets()
    monkeypatch.setattr("services.delivery.rules.opens", lambda *_: True)

    await desk.tell(teller.told)

    assert await heard(desk) == expected


async def test_secrets_change_nothing_in_what_another_reader_is_answered(
    desk: Desk,
) -> None:
    await desk.tell(many_initiatives(2))
    before = await desk.get("/feed?limit=3", AS_NARVIK)
    hidden = story_of(NAV, "skjult")
    announce(hidden, audience=f"org:{AID}")
    await desk.tell(hidden.teller.told)

    after = await desk.get("/feed?limit=3", AS_NARVIK)
    rest = await desk.get(before.links["next"]["url"], AS_NARVIK)

    assert after.content == before.content
    assert after.headers["etag"] == before.headers["etag"]
    assert len(cursor_of(after)) == len(cursor_of(before))
    assert len(rest.json()) == 1
