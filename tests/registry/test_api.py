"""Reading: what stands, its history and the figures, for whoever may know them."""

from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from time import time

import httpx
import pytest

from schemas.envelope import stamp
from services.kit.auth import Tokens
from services.kit.callers import Callers
from services.registry.paging import after_fact
from services.registry.store import place_in_lists
from tests.histories import story_of
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN, example
from tests.stack import Stack, running

from .conftest import Desk, Json, app_of
from .hand import Hand, announced_and_shared, hand, oslo

ROUTES = (
    "/initiatives",
    f"/initiatives/{NAV}:a",
    f"/initiatives/{NAV}:a/history",
    "/earliness",
)


def shared_with(audience: str, owner: str = NAV, local: str = "a") -> Hand:
    story = hand(owner, local)
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00", audience)
    for channel in audience.split(" "):
        story.readable("2026-01-05T09:00:01", channel)
    return story


async def ids(desk: Desk, orgnr: str | None, query: str = "") -> list[str]:
    found = await desk.read(f"/initiatives{query}", orgnr)
    return [each["id"] for each in found["initiatives"]]


def problem_of(answer: httpx.Response) -> tuple[int, str, str]:
    return (
        answer.status_code,
        answer.headers["content-type"],
        answer.json()["type"].removeprefix("urn:tidlig:problem:"),
    )


PROBLEM = "application/problem+json"


# -- lists ---------------------------------------------------------------------------


@pytest.mark.parametrize("reader", [KS, None])
async def test_paging_visits_each_once_in_a_fixed_order_that_rests_on_no_orgnr(
    desk: Desk, reader: str | None
) -> None:
    owners = (NAV, NARVIK, KS, AID, DIGDIR)
    stories = [shared_with("public", owners[n % 5], f"t-{n}") for n in range(23)]
    for story in stories:
        await desk.tell(*story.told)

    visited: list[str] = []
    path: str | None = "/initiatives?limit=4"
    while path is not None:
        page = await desk.read(path, reader)
        assert len(page["initiatives"]) <= 4
        visited += [each["id"] for each in page["initiatives"]]
        path = f"/initiatives?limit=4&next={page['next']}" if "next" in page else None

    assert visited == sorted((s.subject for s in stories), key=place_in_lists)
    assert visited == await ids(desk, reader)
    # the local id decides, whoever the owner is
    locals_ = [each.partition(":")[2] for each in visited]
    assert locals_ == sorted(
        locals_, key=lambda local: place_in_lists(f"{NAV}:{local}")
    )


async def test_a_list_reads_on_past_what_the_reader_may_not_see(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.queries.STRETCH", 3)
    for n in range(20):
        story = shared_with(f"org:{KS}", local=f"t-{n}")
        if n % 7:
            # lists find it for KS, who is named; but neither is covered by a share
            story = hand(NAV, f"t-{n}")
            data = {"key": "k", "position": "neutral", "text": "x"}
            story.another_says(
                AID,
                "2026-01-05T09:00:00",
                "response.submitted",
                data,
                visibility="named",
                recipients=KS,
            )
        await desk.tell(*story.told)

    found = await ids(desk, KS)

    assert sorted(found) == [f"{NAV}:t-0", f"{NAV}:t-14", f"{NAV}:t-7"]
    assert await ids(desk, KS, "?limit=2") == found[:2]


async def test_lists_are_filtered_by_owner_line_and_phase(desk: Desk) -> None:
    idea = shared_with("public", NAV, "ide")
    concept = shared_with("public", NARVIK, "konsept")
    concept.decided("approved", "2026-02-01", gate="BP1")
    stopped = shared_with("public", NAV, "stans")
    stopped.owner_says("2026-03-01T09:00:00", "initiative.stopped", {"reason": "r"})
    for story in (idea, concept, stopped):
        await desk.tell(*story.told)

    found = {
        query: set(await ids(desk, KS, query))
        for query in (
            f"?owner={NAV}",
            "?line=municipal",
            "?phase=idea",
            "?phase=stopped",
            f"?owner={NARVIK}&phase=concept&line=municipal",
            f"?owner={NARVIK}&phase=idea",
        )
    }

    assert list(found.values()) == [
        {f"{NAV}:ide", f"{NAV}:stans"},
        {f"{NARVIK}:konsept"},
        {f"{NAV}:ide"},
        {f"{NAV}:stans"},
        {f"{NARVIK}:konsept"},
        set(),
    ]


async def test_of_what_is_partial_for_you_no_phase_is_told_and_none_is_found(
    desk: Desk,
) -> None:
    story = hand()
    story.registered("2026-01-05T09:00:00", visibility="public")
    story.readable("2026-01-05T09:00:01", "public")
    story.owner_says(
        "2026-02-01T09:00:00",
        "initiative.stopped",
        {"reason": "r"},
        visibility="public",
    )
    await desk.tell(*story.told)

    (line,) = (await desk.read("/initiatives", KS))["initiatives"]
    found = {
        phase: await ids(desk, KS, f"?phase={phase}") for phase in ("idea", "stopped")
    }

    assert (line["partial"], line["phase"]) == (True, None)
    assert found == {"idea": [], "stopped": []}
    assert await ids(desk, NAV, "?phase=stopped") == [f"{NAV}:a"]


async def test_after_a_share_has_ended_its_phase_is_not_guessed(desk: Desk) -> None:
    story = shared_with("municipal")
    story.decided("approved", "2026-02-01", gate="BP1")
    (grant,) = story.state.shares
    story.ended("2026-03-01T09:00:00", grant)
    await desk.tell(*story.told)

    found = await desk.read(f"/initiatives/{NAV}:a", KS)

    assert (found["partial"], found["phase"]) == (False, None)
    assert found["shares"][0]["ended"]["reason"] == "r"
    assert await ids(desk, KS, "?phase=idea") == []
    assert await ids(desk, KS) == [f"{NAV}:a"]


# -- one -----------------------------------------------------------------------------


async def test_one_initiative_shows_what_stands_and_how_early_it_was(
    desk: Desk,
) -> None:
    story = announced_and_shared()
    story.locked("2026-06-02")
    story.planned("2026-09-01")
    answer = {"key": "svar", "position": "supports", "text": "Bra."}
    story.another_says(KS, "2026-02-01T09:00:00", "response.submitted", answer)
    await desk.tell(*story.told)

    found = await desk.read(f"/initiatives/{NAV}:a", KS)

    assert found["description"]["title"] == "t"
    assert found["responses"][0]["by"]["name"] == "KS - Kommunesektorens organisasjon"
    assert found["responses"][0]["text"] == "Bra."
    assert found["gateplan"]["BP2"]["date"] == "2026-09-01"
    assert found["earliness"] | {"readable_by": [], "announced": ""} == {
        "direction": {"from": "state", "to": "municipal"},
        "announced": "",
        "first_readable": "2026-01-05T08:00:00.000000Z",
        "readable_by": [],
        "first_lock": {"date": "2026-06-02", "kind": "contract"},
        "basis": "forecast",
        "lead_days": 148,
        "class": "timely",
        "class_by_first_readable": None,
        "open_decisions": None,
        "of_decisions": 8,
        "ended_after_days": None,
        "policy": "earliness-1",
    }


async def test_at_another_moment_the_forecast_is_realised(desk: Desk) -> None:
    story = announced_and_shared()
    story.locked("2026-06-02")
    await desk.tell(*story.told)
    one, all_ = f"/initiatives/{NAV}:a", "/earliness"

    now = await desk.read(one, KS)
    later = await desk.read(one, KS, params={"at": "2026-06-02T00:00:00+02:00"})
    report = await desk.read(all_, KS, params={"at": "2026-06-02T00:00:00+02:00"})
    desk.now[0] += timedelta(days=1)
    by_the_clock = await desk.read(one, KS)

    assert now["earliness"]["basis"] == "forecast"
    assert later["earliness"]["basis"] == "realised"
    assert later["earliness"]["class"] == now["earliness"]["class"]
    assert report["directions"][0]["realised"]["n"] == 1
    assert report["directions"][0]["forecast"]["n"] == 0
    assert by_the_clock == later


async def test_the_report_counts_what_was_shared_with_the_reader_or_is_its_own(
    desk: Desk,
) -> None:
    early = announced_and_shared()
    early.locked("2026-12-01")
    unshared = hand(NAV, "udelt")
    unshared.registered("2026-01-05T09:00:00")
    for story in (early, unshared, shared_with("state", NARVIK)):
        await desk.tell(*story.told)

    counts = {
        reader: [
            (each["from_line"], each["n"], each["n_shared"], each["forecast"]["n"])
            for each in (await desk.read("/earliness", reader))["directions"]
        ]
        for reader in (NAV, KS, RIKSREVISJONEN, None)
    }

    assert counts[NAV] == [("state", 2, 1, 1), ("municipal", 1, 1, 0)]
    assert counts[KS] == [("state", 1, 1, 1), ("municipal", 0, 0, 0)]
    assert counts[RIKSREVISJONEN] == counts[None]
    assert counts[None] == [("state", 0, 0, 0), ("municipal", 0, 0, 0)]


# -- history -------------------------------------------------------------------------


async def test_history_has_each_fact_byte_for_byte_and_when_it_came_to_kafka(
    desk: Desk,
) -> None:
    story = announced_and_shared()
    said = b'{ "title" : "t", "problem":"p",\n "contact_role": "r" }'
    event = example("initiative.registered") | {"subject": story.subject}
    del event["data"]
    spaced = stamp(
        event,
        said,
        line="state",
        accepted=oslo("2026-01-05T10:00:00"),
        agreement="ks-aid-2023-2026",
        ruleset=1,
        salt=b"0123456789abcdef",
    )
    story.moment = oslo("2026-01-05T10:00:00")
    story.put("tidlig.state.v1", spaced)
    await desk.tell(*story.told)

    answer = await desk.get(f"/initiatives/{NAV}:a/history", KS)

    assert all(told.value in answer.content for told in story.told)
    event = answer.json()["facts"][-1]["event"]
    salted = bytes.fromhex(event["datasalt"]) + said
    assert sha256(salted).hexdigest() == event["datahash"]
    assert [set(fact) for fact in answer.json()["facts"]] == [{"event", "appended"}] * 4
    assert [fact["appended"] for fact in answer.json()["facts"]] == [
        "2026-01-05T08:00:00.000000Z",
        "2026-01-05T08:00:00.000000Z",
        "2026-01-05T08:00:00.000000Z",
        "2026-01-05T09:00:00.000000Z",
    ]


async def test_history_comes_in_order_a_page_at_a_time_and_skips_what_is_not_to_be_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.queries.STRETCH", 2)
    story = announced_and_shared()
    for n in range(6):
        secret = {"visibility": "own"} if n % 2 else {}
        story.amended(f"2026-02-0{n + 1}T09:00:00", f"tittel {n}", **secret)
    # what the other line says lies on another topic, and comes between
    story.another_says(
        KS, "2026-02-03T09:30:00", "initiative.acknowledged", {"reader_role": "r"}
    )
    await desk.tell(*story.told)

    found: list[Json] = []
    path: str | None = f"/initiatives/{NAV}:a/history?limit=2"
    pages = 0
    while path is not None:
        page = await desk.read(path, KS)
        found += page["facts"]
        pages += 1
        path = (
            f"/initiatives/{NAV}:a/history?limit=2&next={page['next']}"
            if "next" in page
            else None
        )

    assert found == (await desk.read(f"/initiatives/{NAV}:a/history", KS))["facts"]
    assert [each["appended"] for each in found] == sorted(
        each["appended"] for each in found
    )
    titles = [each["event"]["data"].get("changes", {}).get("title") for each in found]
    assert titles == [None, None, None, "tittel 0", "tittel 2", None, "tittel 4"]
    assert pages == 4


async def test_of_what_came_at_once_the_owners_word_comes_first_whatever_its_line(
    desk: Desk,
) -> None:
    for owner, audience, other in ((NAV, "municipal", KS), (NARVIK, "state", AID)):
        story = shared_with(audience, owner)
        data = {"reader_role": "r"}
        at = "2026-02-01T09:00:00"
        story.another_says(other, at, "initiative.acknowledged", data)
        story.amended(at)
        await desk.tell(*story.told)

        path = f"/initiatives/{owner}:a/history?limit=4"
        first = await desk.read(path, owner)
        rest = await desk.read(f"{path}&next={first['next']}", owner)

        types = [each["event"]["type"] for each in (*first["facts"], *rest["facts"])]
        assert types[-2:] == [
            "no.tidlig.initiative.amended.v1",
            "no.tidlig.initiative.acknowledged.v1",
        ]


# -- what is refused -----------------------------------------------------------------


async def test_unknown_and_unreadable_ids_are_answered_byte_for_byte_alike(
    desk: Desk,
) -> None:
    own = hand(NAV, "egen")
    own.registered("2026-01-05T09:00:00", visibility="own")
    unshared = hand(NAV, "udelt")
    unshared.registered("2026-01-05T09:00:00")
    embargoed = hand(NAV, "sperret")
    embargoed.registered("2026-01-05T09:00:00")
    embargoed.shared(
        "2026-01-05T09:00:00", "municipal", not_before="2027-01-01T00:00:00Z"
    )
    for story in (own, unshared, embargoed):
        await desk.tell(*story.told)

    answers = [
        await desk.get(f"/initiatives/{owner}:{local}{rest}", reader)
        for rest in ("", "/history")
        for reader in (KS, None)
        for owner, local in (
            (NAV, "egen"),
            (NAV, "udelt"),
            (NAV, "sperret"),
            (NAV, "finnes-ikke"),
            (AID, "finnes-ikke"),
            ("123456789", "ingen"),
        )
    ]

    assert {problem_of(answer) for answer in answers} == {(404, PROBLEM, "not_found")}
    alike = {(answer.content, told(answer)) for answer in answers}
    assert len(alike) == 1


def told(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """All headers but the request's own number."""
    headers = [(k, v) for k, v in answer.headers.items() if k != "x-request-id"]
    return tuple(sorted(headers))


HISTORY = f"/initiatives/{NAV}:a/history"
INVALID = [
    f"/initiatives/{NAV}",
    f"/initiatives/{NAV}:",
    f"/initiatives/{NAV}:STORE",
    "/initiatives/12345678:a",
    f"/initiatives/{NAV}:a%0a",
    f"/initiatives/{NAV}:{'a' * 65}/history",
    "/initiatives?limit=0",
    "/initiatives?limit=1001",
    "/initiatives?limit=mange",
    "/initiatives?owner=1234",
    "/initiatives?line=privat",
    "/initiatives?phase=ide",
    "/initiatives?phase=",
    "/earliness?at=",
    "/initiatives?next=AAAA",
    "/initiatives?next=!!!!",
    "/initiatives?next=%C3%A5",
    f"/initiatives?next={'A' * 400}",
    f"/initiatives/{NAV}:a?at=i-dag",
    f"/initiatives/{NAV}:a?at=2026-06-01",
    f"/initiatives/{NAV}:a?at=2026-06-01T12:00:00",
    "/earliness?at=0001-01-01T00:00:00%2B14:00",
    "/earliness?at=9999-12-31T23:59:59-14:00",
    f"{HISTORY}?limit=0",
    f"{HISTORY}?next=AAAA",
    f"{HISTORY}?next=!!!!",
    f"{HISTORY}?next={'A' * 400}",
]


async def test_who_guesses_a_secret_facts_identity_does_not_learn_that_it_is_there(
    desk: Desk,
) -> None:
    story = story_of(NAV, "a")
    say = story.teller.say
    text = {"title": "t", "problem": "p", "contact_role": "r"}
    say(NAV, "initiative.registered", text)
    say(NAV, "initiative.registered", text, visibility="own")
    say(NAV, "initiative.shared", {}, audience="municipal")
    await desk.tell(*story.teller.told)
    _, secret, _ = (told.fact.mark for told in story.teller.told)

    guessed = await desk.get(f"{HISTORY}?next={after_fact(secret)}", KS)
    unknown = await desk.get(f"{HISTORY}?next={after_fact(b'x' * 24)}", KS)
    owners = await desk.get(f"{HISTORY}?next={after_fact(secret)}", NAV)

    assert guessed.content == unknown.content
    assert guessed.status_code == 400
    assert len(owners.json()["facts"]) == 1


@pytest.mark.parametrize("path", INVALID)
async def test_invalid_parameters_are_refused_and_say_what_to_mend(
    desk: Desk, path: str
) -> None:
    answer = await desk.get(path, KS)

    assert problem_of(answer) == (400, PROBLEM, "invalid_parameter")
    assert answer.json()["detail"]


@pytest.mark.parametrize("path", ROUTES)
async def test_a_token_that_proves_nothing_is_refused_before_anything_else(
    desk: Desk, path: str
) -> None:
    old = int(time()) - 3600
    tokens = [
        desk.issuer.bearer(KS, exp=old),
        desk.issuer.bearer(KS, iss="https://en-annen.invalid/"),
        desk.issuer.bearer(KS, aud="en-annen"),
        {"Authorization": "Bearer nei"},
        {"Authorization": "Basic bmVpOm5laQ=="},
    ]

    answers = [
        await desk.client.get(wanted, headers=token)
        for token in tokens
        for wanted in (path, f"{path}?limit=0&at=nei&next=!")
    ]

    assert {problem_of(each) for each in answers} == {(401, PROBLEM, "unauthorized")}
    assert all(each.headers["www-authenticate"] for each in answers)


@pytest.mark.parametrize("path", ROUTES)
async def test_a_token_without_the_scope_is_refused_after_what_is_invalid(
    desk: Desk, path: str
) -> None:
    token = desk.issuer.bearer(KS, scope="tidlig:events.publish")

    answer = await desk.client.get(path, headers=token)
    invalid = await desk.client.get("/initiatives?phase=ide", headers=token)
    unreadable = await desk.client.get("/initiatives?next=!", headers=token)

    assert problem_of(answer) == (403, PROBLEM, "insufficient_scope")
    assert invalid.status_code == unreadable.status_code == 400


async def test_without_a_token_one_is_the_reader_public(desk: Desk) -> None:
    open_, closed = hand(NAV, "apen"), hand(NAV, "lukket")
    open_.registered("2026-01-05T09:00:00", visibility="public")
    closed.registered("2026-01-05T09:00:00")
    await desk.tell(*open_.told, *closed.told)

    assert await ids(desk, None) == [f"{NAV}:apen"]
    assert sorted(await ids(desk, NAV)) == [f"{NAV}:apen", f"{NAV}:lukket"]


async def test_readers_without_a_token_share_a_rate_and_others_do_not(
    desk: Desk, stack: Stack
) -> None:
    callers = Callers(Tokens.of(stack.surroundings), public_rate=1)
    slow = replace(desk.registry, callers=callers)
    async with running(app_of(slow)) as client:
        public = [(await client.get("/initiatives")) for _ in range(3)]
        with_token = await client.get("/earliness", headers=desk.issuer.bearer(KS))
        elsewhere = await client.get("/earliness")

    assert [answer.status_code for answer in public] == [200, 200, 429]
    assert problem_of(public[2]) == (429, PROBLEM, "too_many_requests")
    assert int(public[2].headers["retry-after"]) >= 1
    assert with_token.status_code == 200
    assert elsewhere.status_code == 429


# -- caches --------------------------------------------------------------------------


@pytest.mark.parametrize("path", ROUTES)
async def test_an_answer_that_has_not_changed_is_not_sent_again(
    desk: Desk, path: str
) -> None:
    story = announced_and_shared()
    await desk.tell(*story.told)
    first = await desk.get(path, KS)
    etag = {"If-None-Match": first.headers["etag"]}

    again = await desk.get(path, KS, headers=etag)
    before = len(story.told)
    story.decided("approved", "2026-05-01")
    await desk.tell(*story.told[before:])
    changed = await desk.get(path, KS, headers=etag)

    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert {first.headers["vary"], again.headers["vary"]} == {"Authorization"}
    assert changed.status_code == 200


@pytest.mark.parametrize("path", ROUTES[1:])
async def test_a_tag_stands_for_the_readers_own_answer(desk: Desk, path: str) -> None:
    story = shared_with(" ".join(sorted([f"org:{KS}", "municipal"])))
    story.amended("2026-02-01T09:00:00", visibility="own")
    await desk.tell(*story.told, *shared_with("state", KS, "b").told)
    unshared = hand(KS, "c")
    unshared.registered("2026-01-05T09:00:00")
    await desk.tell(*unshared.told)

    answers = {reader: await desk.get(path, reader) for reader in (NAV, KS, NARVIK)}
    tags = {reader: answer.headers["etag"] for reader, answer in answers.items()}
    with_ks_tag = [
        await desk.get(path, reader, headers={"If-None-Match": tags[KS]})
        for reader in (NAV, NARVIK)
    ]

    assert len({answer.content for answer in answers.values()}) == 3
    assert len(set(tags.values())) == 3
    assert [answer.status_code for answer in with_ks_tag] == [200, 200]


async def test_a_request_keeps_its_own_id(desk: Desk) -> None:
    answer = await desk.get("/initiatives", KS, headers={"X-Request-Id": "min-7"})

    assert answer.headers["x-request-id"] == "min-7"
