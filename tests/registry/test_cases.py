"""Joint initiatives: one case with two sides, each its owner's own record."""

from services.registry.cases import joint_with, once_per_case
from services.registry.rules import Projection
from tests.schemas.said import KS, NAV

from .hand import Hand

NAVS, KSS = f"{NAV}:felles-soknad", f"{KS}:digisos-2"


def side(subject: str, other: str | None, *, shared_with: str) -> Hand:
    story = Hand(subject, [])
    story.registered("2026-03-02T09:00")
    story.shared("2026-03-03T09:00", shared_with)
    if other is not None:
        story.owner_says("2026-03-04T09:00", "initiative.joined", {"with": other})
    return story


def both(one: Hand, other: Hand, reader: str) -> tuple[Projection, Projection]:
    return one.seen_by(reader), other.seen_by(reader)


def test_two_that_name_each_other_show_as_one_case_with_two_sides() -> None:
    nav, ks = both(
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
        KS,
    )

    (joint,) = joint_with(nav, {KSS: ks})

    assert (joint.subject, joint.mutual, joint.diverged) == (KSS, True, ())


def test_they_have_diverged_when_their_gates_differ() -> None:
    one, other = (
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
    )
    for story, outcome in ((one, "approved"), (other, "postponed")):
        story.decided("approved", "2026-04-01", gate="BP1", key="bp1")
        story.decided(outcome, "2026-05-01")

    (joint,) = joint_with(one.seen_by(KS), {KSS: other.seen_by(KS)})

    assert joint.diverged == ("BP2",)


def test_one_sided_it_is_the_speakers_claim_and_the_owner_it_names_reads_it() -> None:
    one, other = (
        side(NAVS, KSS, shared_with="state"),
        side(KSS, None, shared_with="state"),
    )

    (joint,) = joint_with(one.seen_by(KS), {KSS: other.seen_by(KS)})

    assert (joint.subject, joint.mutual, joint.diverged) == (KSS, False, None)


def test_a_side_that_the_reader_may_not_read_is_not_told_of() -> None:
    one = side(NAVS, KSS, shared_with="municipal state")
    other = side(KSS, NAVS, shared_with=f"org:{NAV}")

    (joint,) = joint_with(one.seen_by("983887457"), {})

    assert other.seen_by("983887457").empty
    assert (joint.mutual, joint.diverged) == (False, None)


def test_a_list_has_a_case_once_under_the_side_that_comes_first() -> None:
    nav, ks = both(
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
        KS,
    )
    for first in (NAVS, KSS):

        def place(subject: str, first: str = first) -> bytes:
            return b"" if subject == first else b"later"

        lines = once_per_case([nav, ks], {NAVS: nav, KSS: ks}, place)

        assert lines == {first: [KSS if first == NAVS else NAVS]}


def test_a_side_that_the_list_does_not_ask_for_takes_no_line_from_the_other() -> None:
    nav, ks = both(
        side(NAVS, KSS, shared_with="municipal"),
        side(KSS, NAVS, shared_with="state"),
        KS,
    )

    for seen in (nav, ks):
        assert once_per_case([seen], {}, str.encode) == {seen.subject: []}
