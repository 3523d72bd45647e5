"""What may not be read does not exist: in no body, header, count, tag or cursor."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest

from services.registry.indexing import make_some_findable
from tests.histories import Told
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN

from .conftest import Desk
from .hand import Hand, hand
from .test_mirror import HAMAROY

PUBLIC = ""
READERS = (NAV, AID, DIGDIR, KS, NARVIK, HAMAROY, RIKSREVISJONEN, PUBLIC)
MUNICIPAL_LINE = {KS, NARVIK, HAMAROY}
LATER = "2026-02-01T09:00:00"


@dataclass(frozen=True)
class Canary:
    """A text that is told, and all who may hear it. It says what kind it is."""

    text: str
    heard_by: frozenset[str]
    story: Hand


def canary(kind: str, heard_by: Iterable[str], story: Hand) -> Canary:
    return Canary(word(kind), frozenset(heard_by), story)


def word(kind: str) -> str:
    return f"kanari-{kind}"


def with_share(local: str, audience: str = "municipal") -> Hand:
    story = hand(NAV, local)
    story.registered("2026-01-05T09:00:00")
    story.shared("2026-01-05T09:00:00", audience)
    story.readable("2026-01-05T09:00:01", audience)
    return story


def answer(story: Hand, speaker: str, kind: str, **attributes: str) -> None:
    data = {"key": "k", "position": "neutral", "text": word(kind)}
    story.another_says(speaker, LATER, "response.submitted", data, **attributes)


def amended(kind: str, heard_by: Iterable[str], **attributes: str) -> Canary:
    """What the owner says of an initiative that is shared with the other line."""
    story = with_share(kind)
    story.amended(LATER, word(kind), **attributes)
    return canary(kind, heard_by, story)


def answered(
    kind: str, speaker: str, heard_by: Iterable[str], **attributes: str
) -> Canary:
    """What another party says of an initiative that is shared with the other line."""
    story = with_share(kind)
    answer(story, speaker, kind, **attributes)
    return canary(kind, heard_by, story)


def unshared() -> Canary:
    story = hand(NAV, "udelt")
    story.amended(LATER, word("udelt"))
    return canary("udelt", {NAV}, story)


def to_one_body() -> Canary:
    story = hand(NAV, "til-en")
    story.amended(LATER, word("til-en"))
    story.shared(LATER, f"org:{NARVIK}")
    story.readable(LATER, f"org:{NARVIK}")
    return canary("til-en", {NAV, NARVIK}, story)


def under_embargo() -> Canary:
    story = hand(NAV, "sperret")
    story.amended(LATER, "tittel")
    story.shared(
        LATER, "municipal", not_before="2027-01-01T09:00:00Z", message=word("sperret")
    )
    return canary("sperret", {NAV}, story)


def ended() -> Canary:
    story = with_share("avsluttet")
    (grant,) = story.state.shares
    story.amended(LATER, word("avsluttet"))
    story.ended("2026-03-01T09:00:00", grant)
    return canary("avsluttet", {NAV}, story)


def lock_note(visibility: str, heard_by: Iterable[str]) -> Canary:
    kind = f"las-{visibility}"
    story = with_share(kind)
    data = {"key": "k", "kind": "contract", "date": "2026-09-01", "note": word(kind)}
    name = "initiative.lock.recorded"
    story.owner_says(LATER, name, data, visibility=visibility)
    return canary(kind, heard_by, story)


def canaries() -> list[Canary]:
    to_ks = {"visibility": "named", "recipients": KS}
    to_nav = {"visibility": "named", "recipients": NAV}
    to_narvik = {"visibility": "named", "recipients": NARVIK}
    public, own = {"visibility": "public"}, {"visibility": "own"}
    return [
        amended("egen", {NAV}, **own),
        amended("navngitt", {NAV, KS}, **to_ks),
        amended("delt", {NAV} | MUNICIPAL_LINE),
        amended("offentlig", READERS, **public),
        unshared(),
        to_one_body(),
        under_embargo(),
        ended(),
        lock_note("shared", {NAV} | MUNICIPAL_LINE),
        lock_note("public", READERS),
        answered("svar-egen", KS, {KS}, **own),
        answered("svar-til-eier", KS, {KS, NAV}, **to_nav),
        answered("svar-forbi-eier", KS, {KS, NARVIK}, **to_narvik),
        answered("svar-delt", KS, {NAV} | MUNICIPAL_LINE),
        answered("svar-offentlig", KS, {NAV} | MUNICIPAL_LINE, **public),
        # no grant covers or covered the speaker: the owner hears it, no one else
        answered("svar-fremmed", DIGDIR, {DIGDIR, NAV}),
        answered("svar-fremmed-offentlig", DIGDIR, {DIGDIR, NAV}, **public),
    ]


# as of moments before, between and after what is said; as others, who know other things
AS_ASKED = (
    "as_of=2026-02-15T00:00:00Z",
    f"as_seen_by={KS}",
    f"as_seen_by={NAV}&as_of=2026-01-05T12:00:00Z",
    f"as_seen_by={DIGDIR}",
    f"as_seen_by={NARVIK}&as_of=2026-05-01T00:00:00Z",
    "as_seen_by=public",
)
PATHS = [
    "/earliness",
    "/earliness?at=2027-01-01T00:00:00Z",
    *(f"/earliness?{how}" for how in AS_ASKED),
    *(
        f"/initiatives?limit={limit}{query}"
        for limit in (2, 1000)
        for query in ("", f"&owner={NAV}", "&line=state", "&phase=idea")
    ),
    *(
        f"/initiatives?limit=3&{query}"
        for query in (
            *AS_ASKED,
            "phase=stopped",
            "q=kanari*",
            "q=egen",
            "q=fremmed",
            "where=description.title:kanari-egen",
            "where=response.position:neutral",
            "where=lock.date>=2026-01-01",
            "changed_since=2026-01-06T00:00:00Z",
            f"changed_since=2026-01-06T00:00:00Z&as_seen_by={NARVIK}",
        )
    ),
    "/initiatives.csv",
    f"/initiatives.csv?as_seen_by={KS}",
    "/initiatives.jsonl?q=kanari*",
    "/initiatives.jsonl?as_of=2026-02-15T00:00:00Z",
]


def paths_of(story: Hand) -> list[str]:
    one = f"/initiatives/{story.subject}"
    return [
        one,
        f"{one}?at=2027-01-01T00:00:00Z",
        f"{one}/history?limit=2",
        *(f"{one}?{how}" for how in AS_ASKED),
        *(f"{one}/history?limit=3&{how}" for how in AS_ASKED),
        f"{one}/difference?from_as_of=2026-01-05T12:00:00Z",
        f"{one}/difference?from_seen_by={AID}",
        f"{one}/difference?from_seen_by={KS}&as_seen_by={NARVIK}",
    ]


async def asked(
    desk: Desk, reader: str, stories: Iterable[Hand]
) -> list[httpx.Response]:
    """Every route, with filters and page by page, as one reader is answered."""
    orgnr = reader or None
    answers = []
    for path in [*PATHS, *(path for story in stories for path in paths_of(story))]:
        following: str | None = path
        while following is not None:
            found = await desk.get(following, orgnr)
            answers.append(found)
            place = next_in(found)
            following = None if place is None else f"{path}&next={quote(place)}"
    return answers


def next_in(answer: httpx.Response) -> str | None:
    if answer.headers.get("content-type") != "application/json":
        return None
    place: str | None = answer.json().get("next")
    return place


def whole(answers: Iterable[httpx.Response]) -> str:
    """All of it: status, headers with their tags, bodies."""
    return "\n".join(f"{each.status_code} {told(each)} {each.text}" for each in answers)


def told(answer: httpx.Response) -> dict[str, str]:
    return {k: v for k, v in answer.headers.items() if k != "x-request-id"}


async def hunt(desk: Desk, found: list[Canary]) -> dict[str, set[str]]:
    """Who hears each canary, from anything that the registry answers."""
    heard: dict[str, set[str]] = {each.text: set() for each in found}
    for reader in READERS:
        answers = whole(await asked(desk, reader, [each.story for each in found]))
        for each in found:
            if f'"{each.text}"' in answers:
                heard[each.text].add(reader)
    return heard


async def test_every_secret_is_heard_by_those_who_may_and_by_no_one_else(
    desk: Desk,
) -> None:
    found = canaries()
    for each in found:
        await desk.tell(*each.story.told)
    await make_some_findable(desk.pool)

    heard = await hunt(desk, found)

    assert heard == {each.text: set(each.heard_by) for each in found}


@pytest.mark.parametrize("place", ["rules", "history", "as_seen"])
async def test_a_policy_with_a_hole_is_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    found = [amended("egen", {NAV}, visibility="own")]
    await desk.tell(*found[0].story.told)
    monkeypatch.setattr(f"services.registry.{place}.may_read", lambda *_: True)

    heard = await hunt(desk, found)

    assert heard[word("egen")] > {NAV}


# -- secrets leave no trace ----------------------------------------------------------


def visible() -> Hand:
    """A history that KS and everybody may read some of."""
    story = with_share("synlig", "municipal")
    story.amended("2026-01-10T09:00:00", "åpen", visibility="public")
    story.locked("2026-09-01")
    return story


def secrets(owner: Hand) -> list[Told]:
    """What KS may not read: of the same initiative, and initiatives of its own."""
    begun = len(owner.told)
    owner.amended("2026-01-06T09:00:00", "hemmelig", visibility="own")
    owner.registered("2026-01-07T09:00:00", visibility="named", recipients=AID)
    owner.readable("2026-01-07T09:00:01", f"org:{AID}")
    owner.shared("2026-01-08T09:00:00", f"org:{AID}", open_decisions=["need"])
    owner.readable("2026-01-08T09:00:01", f"org:{AID}")
    # a stranger's word, and one that is for the owner alone
    answer(owner, DIGDIR, "fremmed")
    answer(owner, AID, "til-eier", visibility="named", recipients=NAV)
    name, data = "initiative.acknowledged", {"reader_role": "r"}
    owner.another_says(DIGDIR, "2026-01-09T09:00:00", name, data)
    others = [unshared().story, under_embargo().story]
    more = [hand(AID, f"annet-{n}") for n in range(5)]
    for story in more:
        story.registered("2026-01-06T09:00:00")
        story.shared("2026-01-06T09:00:00", "state")
        story.readable("2026-01-06T09:00:01", "state")
    told_elsewhere = [each for story in (*others, *more) for each in story.told]
    return [*owner.told[begun:], *told_elsewhere]


@pytest.mark.parametrize("reader", [KS, NARVIK, RIKSREVISJONEN, PUBLIC])
@pytest.mark.parametrize("when", ["between", "afterwards"])
async def test_secrets_change_no_byte_of_what_another_reader_is_answered(
    desk: Desk, reader: str, when: str
) -> None:
    story = visible()
    shown = list(story.told)
    hidden = secrets(story)
    in_turn = [*shown, *hidden]
    if when == "between":
        in_turn.sort(key=lambda each: each.appended)
    records = desk.lying(in_turn)
    values = {each.value for each in shown}

    # the same places on Kafka, with nothing between
    await desk.take([each for each in records if each.value in values])
    if when == "afterwards":
        await make_some_findable(desk.pool)
    without = whole(await asked(desk, reader, [story]))
    await desk.empty()
    await desk.take(records)
    if when == "afterwards":
        await make_some_findable(desk.pool)
    with_secrets = whole(await asked(desk, reader, [story]))

    assert with_secrets == without


async def test_a_secret_that_leaves_a_trace_is_found(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if a grant to somebody else were shown, or counted."""
    story = visible()
    shown = list(story.told)
    hidden = secrets(story)
    monkeypatch.setattr("services.registry.rules.covers", lambda *_: True)

    await desk.take(desk.lying(shown))
    without = whole(await asked(desk, KS, [story]))
    await desk.take(desk.lying(hidden))

    assert whole(await asked(desk, KS, [story])) != without
