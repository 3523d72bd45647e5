"""What is said under a key: what stands, what is cleared, and beside whom it stands."""

from typing import Any

import pytest

from schemas import tracker
from schemas.identity import Ref
from services.registry.as_seen import Placed, projection
from services.registry.asked import Asked
from services.registry.cases import joint_with
from services.registry.earliness import earliness
from services.registry.figures import figures
from services.registry.policies import contradiction_policy, phase_policy
from services.registry.rules import Projection
from services.registry.view import Json, phase, view
from tests.histories import READERS
from tests.schemas.said import AID, DIGDIR, KS, NARVIK, NAV

from .conftest import Desk
from .hand import POLICY, THREE_TEXTS, Hand, announced_and_shared, hand, oslo
from .test_cases import KSS, NAVS, side
from .test_corrections import REGISTERED, corrects, withdraws

RESPONSE = "response.submitted"


def description(story: Hand, reader: str = KS) -> dict[str, Any]:
    found = story.seen_by(reader).owners("description")
    return {name: each.value for name, each in found.items()}


def amends(story: Hand, **changes: Any) -> Ref:
    return story.owner_says(story.clock, "initiative.amended", {"changes": changes})


# -- an amendment --------------------------------------------------------------------


def test_an_amendment_changes_the_fields_it_says_and_no_other() -> None:
    story = announced_and_shared()

    amends(story, summary="kort om det", scope="central")
    amends(story, title="nytt navn")

    assert description(story) == THREE_TEXTS | {
        "title": "nytt navn",
        "summary": "kort om det",
        "scope": "central",
    }


def test_null_clears_the_field_that_says_it_alone() -> None:
    story = announced_and_shared()
    amends(story, summary="kort om det", scope="central")

    amends(story, summary=None)

    assert description(story)["summary"] is None
    assert description(story)["scope"] == "central"
    amends(story, summary="igjen")
    assert description(story)["summary"] == "igjen"


def test_each_field_is_a_key_of_its_own_when_one_word_is_withdrawn() -> None:
    story = announced_and_shared()
    amends(story, title="først", summary="først")
    last = amends(story, title="sist")

    withdraws(story, last, "initiative.amended")

    assert description(story)["title"] == "først"
    assert description(story)["summary"] == "først"


def test_fields_said_to_others_do_not_hide_what_a_reader_may_know() -> None:
    story = announced_and_shared()
    story.amended("2026-02-01T09:00:00", "bare for oss", visibility="own")

    assert description(story)["title"] == "t"
    assert description(story, NAV)["title"] == "bare for oss"


# -- life, and keys of the speaker's choice ------------------------------------------


def lived(story: Hand, what: str) -> Ref:
    data = {} if what in ("resumed", "completed") else {"reason": "r"}
    return story.owner_says(story.clock, f"initiative.{what}", data)


def test_paused_resumed_stopped_and_completed_replace_each_other() -> None:
    story = announced_and_shared()
    found = []
    for what in ("paused", "resumed", "stopped", "completed", "paused"):
        lived(story, what)
        seen = story.seen_by(KS)
        assert [e.type for e in seen.owners("life").values()] == [f"initiative.{what}"]
        found.append(phase(seen, phase_policy()))

    assert found == ["on_hold", "idea", "stopped", "completed", "on_hold"]


def test_what_is_said_under_another_key_stands_beside_and_under_the_same_above() -> (
    None
):
    story = announced_and_shared()
    for day, key in (("2026-05-01", "a"), ("2026-06-01", "b"), ("2026-07-01", "a")):
        story.locked(day, key)

    locks = story.seen_by(KS).owners("lock")

    assert {key: each.value["date"] for key, each in locks.items()} == {
        "a": "2026-07-01",
        "b": "2026-06-01",
    }


def test_one_key_in_two_families_is_two_keys() -> None:
    story = announced_and_shared()
    story.locked("2026-05-01", "a")
    story.decided("approved", "2026-04-01", key="a")

    seen = story.seen_by(KS)

    assert set(seen.owners("lock")) == set(seen.owners("gate")) == {"a"}


def test_between_speakers_nothing_replaces_anything() -> None:
    story = announced_and_shared(audience="municipal state")
    for speaker in (KS, NARVIK, AID, DIGDIR):
        data = {"key": "k", "position": "neutral", "text": speaker}
        story.another_says(speaker, story.clock, RESPONSE, data)
    story.locked("2026-05-01", "k")
    claim = {"key": "k", "kind": "contract", "date": "2026-02-01", "seen_in": "avtale"}
    story.another_says(KS, story.clock, "initiative.lock.claimed", claim)

    shown = view(story.seen_by(NAV), phase_policy(), contradiction_policy())

    assert {e["text"] for e in shown["responses"]} == {KS, NARVIK, AID, DIGDIR}
    assert [e["date"] for e in shown["locks"]] == ["2026-05-01"]
    assert [e["date"] for e in shown["lock_claims"]] == ["2026-02-01"]


# -- corrections: unknown, of another initiative, and before they were said ----------


def shown_to(story: Hand, reader: str) -> list[Json]:
    seen = story.seen_by(reader)
    found = view(seen, phase_policy(), contradiction_policy())["corrections"]
    return [{"effect": e["effect"], "type": e["type"]} for e in found]


@pytest.mark.parametrize("of", ["fact.corrected", "fact.withdrawn"])
def test_what_names_an_unknown_fact_has_no_effect_and_its_speaker_alone_sees_it(
    of: str,
) -> None:
    story = announced_and_shared()
    unknown = Ref(f"urn:orgnr:{NAV}:system", "aldri-sagt")
    if of == "fact.corrected":
        corrects(story, unknown, REGISTERED, {**THREE_TEXTS, "title": "retta"})
    else:
        withdraws(story, unknown, REGISTERED)

    assert description(story)["title"] == "t"
    assert shown_to(story, NAV) == [{"effect": False, "type": of}]
    assert shown_to(story, KS) == []


def test_a_fact_of_another_initiative_cannot_be_named() -> None:
    """A reference has no initiative in it: it is always the one that is spoken of."""
    here, there = announced_and_shared(), hand(local="b")
    elsewhere = there.registered("2026-01-05T09:00:00", id="bare-der")

    corrects(here, elsewhere, REGISTERED, {**THREE_TEXTS, "title": "retta"})

    assert description(here)["title"] == "t"
    assert description(there, NAV)["title"] == "t"
    assert shown_to(here, NAV) == [{"effect": False, "type": "fact.corrected"}]


def as_of(story: Hand, at: str | None, reader: str = KS) -> Projection:
    placed = [Placed(e.fact, e.offset, e.appended) for e in story.told]
    moment = None if at is None else oslo(at)
    return projection(story.subject, placed, Asked(READERS[reader], moment))


def test_before_a_correction_or_a_withdrawal_the_old_is_shown() -> None:
    story = announced_and_shared()
    (said, *_) = (told.fact.ref for told in story.told)
    story.moment = oslo("2026-02-01T09:00:00")
    corrects(story, said, REGISTERED, {**THREE_TEXTS, "title": "retta"})
    story.moment = oslo("2026-03-01T09:00:00")
    withdraws(story, said, REGISTERED)

    def title(at: str | None) -> Any:
        found = as_of(story, at).owners("description").get("title")
        return None if found is None else found.value

    assert title("2026-01-31T09:00:00") == "t"
    assert title("2026-02-02T09:00:00") == "retta"
    assert title(None) is None


# -- all versions stay ---------------------------------------------------------------


async def test_every_version_stays_in_the_history(desk: Desk) -> None:
    story = announced_and_shared()
    (said, *_) = (told.fact.ref for told in story.told)
    for n in range(3):
        story.amended(f"2026-02-0{n + 1}T09:00:00", f"tittel {n}")
        story.locked(f"2026-0{n + 5}-01")
    corrects(story, said, REGISTERED, {**THREE_TEXTS, "title": "retta"})
    withdraws(story, said, REGISTERED)
    await desk.tell(*story.told)

    for reader in (NAV, KS):
        found = await desk.read(f"/initiatives/{story.subject}/history", reader)
        assert {each["event"]["id"] for each in found["facts"]} == {
            told.fact.id for told in story.told
        }


# -- joint ---------------------------------------------------------------------------


def test_a_joint_case_is_counted_once_for_each_owner() -> None:
    both = [
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
    ]
    leads = []
    for story, channel in zip(both, ("municipal", "state"), strict=True):
        story.readable("2026-03-04T10:00", channel)
        found = earliness(story.seen_by(KS), POLICY, oslo("2026-06-01"))
        assert found is not None
        leads.append(found)
    one, other = (story.seen_by(KS) for story in both)

    assert joint_with(one, {KSS: other})[0].mutual
    assert [figures(leads, line, POLICY).n for line in ("state", "municipal")] == [1, 1]


def test_that_it_is_joined_opens_nothing_of_the_other_side() -> None:
    """A grant opens the granter's side, and each owner keeps its own record."""
    one = side(NAVS, KSS, shared_with="municipal")
    other = side(KSS, NAVS, shared_with=f"org:{NAV}")
    one.owner_says(one.clock, "initiative.amended", {"changes": {"title": "NAVs"}})

    narviks = [story.seen_by(NARVIK) for story in (one, other)]

    assert [seen.empty for seen in narviks] == [False, True]
    assert other.seen_by(KS).owners("description")["title"].value == "t"
    # one-sided it shows on the speaker's entry, and to the owner that it names
    alone = Hand(NAVS, [])
    alone.registered("2026-03-02T09:00")
    alone.owner_says("2026-03-04T09:00", "initiative.joined", {"with": KSS})
    for reader, sees in ((NAV, True), (KS, True), (NARVIK, False), (AID, False)):
        assert (KSS in alone.seen_by(reader).owners("joined")) == sees


@pytest.mark.parametrize("name", ["initiative.joined", "initiative.matched"])
def test_a_tie_of_an_unshared_entry_shows_the_named_owner_the_tie_alone(
    name: str,
) -> None:
    story = hand()
    story.registered("2026-03-02T09:00")
    story.owner_says(story.clock, name, {"with": KSS})

    seen = story.seen_by(KS)

    assert {family for _, family, _ in seen.standing} == {name.split(".")[1]}
    assert seen.partial


def test_whether_a_body_has_fetched_it_changes_no_figure() -> None:
    """Nobody is late because a reader's system has not asked yet."""
    read, unread = announced_and_shared(), announced_and_shared()
    for story in (read, unread):
        story.locked("2026-09-01")
    at = oslo("2026-05-01T09:00:00")
    read.observe(tracker.received(read.subject, KS, at))

    assert read.state.received.keys() == {f"org:{KS}"}
    assert read.figures() == unread.figures()
