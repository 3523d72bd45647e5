"""Who may read: each row of the reader policy, in the field's words."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.envelope import Visibility
from schemas.identity import Ref
from schemas.policy import ANYBODY, Grant, Grants, Reader, may_read, opens, reader_for
from schemas.types import ReaderRule

from .said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN

OWNER = NAV
EVERYBODY = {
    "owner": reader_for(OWNER),
    "ministry": reader_for(AID),
    "ks": reader_for(KS),
    "narvik": reader_for(NARVIK),
    "riksrevisjonen": reader_for(RIKSREVISJONEN),
    "public": ANYBODY,
}


@dataclass(frozen=True)
class Words:
    """A fact as the policy sees it."""

    speaker: str = OWNER
    visibility: Visibility = "shared"
    recipients: tuple[str, ...] = ()
    readers: ReaderRule = "party"
    grant: Ref | None = None
    owner: str = OWNER
    counterpart: str | None = None


def grants(*found: Grant) -> Grants:
    return {grant.ref: grant for grant in found}


def granted(
    *audience: str, open: bool = True, ended: bool = False, id: str = "g"
) -> Grant:
    return Grant(Ref(f"urn:orgnr:{OWNER}:x", id), frozenset(audience), open, ended)


def who_reads(fact: Words, held: Grants) -> set[str]:
    return {name for name, who in EVERYBODY.items() if may_read(fact, who, held)}


MUNICIPAL_LINE = {"owner", "ks", "narvik"}
ALL = set(EVERYBODY)


@pytest.mark.parametrize(
    ("visibility", "audience", "readers"),
    [
        ("shared", [], {"owner"}),
        ("shared", ["municipal"], MUNICIPAL_LINE),
        ("shared", ["state"], {"owner", "ministry"}),
        ("shared", [f"org:{KS}"], {"owner", "ks"}),
        ("shared", [f"org:{RIKSREVISJONEN}"], {"owner", "riksrevisjonen"}),
        ("shared", ["public"], ALL),
        ("own", ["municipal"], {"owner"}),
        ("public", [], ALL),
    ],
)
def test_the_owners_words_reach_whom_its_visibility_and_grants_reach(
    visibility: Visibility, audience: list[str], readers: set[str]
) -> None:
    held = grants(granted(*audience)) if audience else {}

    assert who_reads(Words(visibility=visibility), held) == readers


def test_named_words_reach_the_recipients_and_no_grant_widens_that() -> None:
    fact = Words(visibility="named", recipients=(KS,))

    assert who_reads(fact, {}) == {"owner", "ks"}
    assert who_reads(fact, grants(granted("public"))) == {"owner", "ks"}


@pytest.mark.parametrize(
    "grant", [granted("municipal", open=False), granted("municipal", ended=True)]
)
def test_a_grant_under_embargo_or_ended_opens_nothing(grant: Grant) -> None:
    assert who_reads(Words(), grants(grant)) == {"owner"}


def test_one_live_grant_is_enough_beside_an_ended_one() -> None:
    held = grants(granted("municipal", ended=True), granted(f"org:{KS}", id="h"))

    assert who_reads(Words(), held) == {"owner", "ks"}


def test_a_response_reaches_the_owner_at_once_and_no_stranger_is_heard() -> None:
    response = Words(speaker=NARVIK)

    assert who_reads(response, {}) == {"owner", "narvik"}
    assert who_reads(response, grants(granted(f"org:{KS}"))) == {"owner", "narvik"}


def test_a_response_reaches_others_when_both_are_covered() -> None:
    response = Words(speaker=NARVIK)

    assert who_reads(response, grants(granted("municipal"))) == MUNICIPAL_LINE


def test_an_owner_cannot_silence_a_critic_by_ending_its_share() -> None:
    response = Words(speaker=KS)
    held = grants(granted(f"org:{KS}", ended=True), granted(f"org:{AID}", id="h"))

    assert who_reads(response, held) == {"owner", "ks", "ministry"}


def test_a_grant_that_never_opened_covered_nobody() -> None:
    response = Words(speaker=KS)
    held = grants(granted(f"org:{KS}", open=False), granted(f"org:{AID}", id="h"))

    assert who_reads(response, held) == {"owner", "ks"}


def test_the_owners_public_grant_does_not_open_anothers_words_to_everybody() -> None:
    held = grants(granted("public"))

    assert who_reads(Words(speaker=KS), held) == {"owner", "ks"}
    assert who_reads(Words(speaker=KS, visibility="public"), held) == ALL


def test_anothers_public_words_still_wait_for_a_grant() -> None:
    assert who_reads(Words(speaker=KS, visibility="public"), {}) == {"owner", "ks"}


def test_a_response_to_named_bodies_reaches_those_that_a_grant_covers() -> None:
    named = Words(speaker=KS, visibility="named", recipients=(AID, NARVIK))

    assert who_reads(named, grants(granted("municipal"))) == {"ks", "narvik"}
    assert who_reads(named, grants(granted("municipal", "state"))) == {
        "ks",
        "narvik",
        "ministry",
    }
    assert who_reads(
        named, grants(granted(f"org:{KS}"), granted("public", id="h"))
    ) == {"ks"}


def test_a_response_named_to_the_owner_reaches_it_without_a_grant() -> None:
    named = Words(speaker=KS, visibility="named", recipients=(OWNER,))

    assert who_reads(named, {}) == {"owner", "ks"}
    assert who_reads(named, grants(granted("municipal"))) == {"owner", "ks"}


def test_a_response_for_oneself_reaches_nobody_else() -> None:
    own = Words(speaker=KS, visibility="own")

    assert who_reads(own, grants(granted("municipal", "public"))) == {"ks"}


def test_that_it_was_shared_stays_readable_to_those_it_covered() -> None:
    ended = granted("municipal", ended=True)
    share = Words(readers="grant", grant=ended.ref)

    assert who_reads(share, grants(ended)) == MUNICIPAL_LINE
    assert who_reads(Words(), grants(ended)) == {"owner"}


def test_a_grant_under_embargo_is_its_owners_secret() -> None:
    embargoed = granted("municipal", open=False)
    share = Words(readers="grant", grant=embargoed.ref)

    assert who_reads(share, grants(embargoed)) == {"owner"}
    assert who_reads(share, {}) == {"owner"}


def test_the_trackers_words_reach_the_owner_and_whom_they_concern() -> None:
    readable = Words(
        speaker="urn:tidlig:delivery",
        readers="recipients",
        recipients=(f"org:{OWNER}", "municipal"),
    )

    assert who_reads(readable, grants(granted("public"))) == MUNICIPAL_LINE


CHANNELS = ["public", "state", "municipal", f"org:{KS}", f"org:{AID}"]
WORDS = st.builds(
    Words,
    speaker=st.sampled_from([OWNER, KS, NARVIK, DIGDIR]),
    visibility=st.sampled_from(["own", "named", "shared", "public"]),
    recipients=st.lists(st.sampled_from([OWNER, KS, AID]), unique=True).map(tuple),
)
GRANTS = st.lists(
    st.builds(
        granted,
        st.sampled_from(CHANNELS),
        st.sampled_from(CHANNELS),
        open=st.booleans(),
        ended=st.booleans(),
        id=st.sampled_from("abcd"),
    ),
    max_size=4,
).map(lambda found: grants(*found))


@given(WORDS, GRANTS, st.sampled_from(sorted(EVERYBODY)))
def test_what_a_reader_may_read_is_what_its_channels_open(
    fact: Words, held: Grants, name: str
) -> None:
    reader = EVERYBODY[name]

    by_channel = {c for c in reader.channels if opens(fact, c, held)}

    assert may_read(fact, reader, held) == bool(by_channel)


@given(WORDS, GRANTS, st.sampled_from(CHANNELS), st.sampled_from(sorted(EVERYBODY)))
def test_one_more_live_grant_takes_nothing_from_anyone(
    fact: Words, held: Grants, audience: str, name: str
) -> None:
    more = {**held, **grants(granted(audience, id="more"))}
    reader: Reader = EVERYBODY[name]

    if may_read(fact, reader, held):
        assert may_read(fact, reader, more)


def test_a_tie_is_readable_by_the_owner_of_the_other_initiative_too() -> None:
    tie = Words(readers="tie", counterpart=KS)

    assert who_reads(tie, {}) == {"owner", "ks"}
    assert who_reads(tie, grants(granted("state"))) == {"owner", "ks", "ministry"}


def test_a_correction_is_readable_by_whoever_may_read_what_it_corrects() -> None:
    correction = Words(readers="named")
    named = Words(visibility="named", recipients=(KS,))

    def readers(of: Words | None) -> set[str]:
        return {
            name for name, who in EVERYBODY.items() if may_read(correction, who, {}, of)
        }

    assert readers(named) == {"owner", "ks"}
    # while the fact is unknown, or of another type, the speaker alone
    assert readers(None) == {"owner"}


def test_what_the_tracker_sets_aside_is_readable_as_the_fact_and_by_its_speaker() -> (
    None
):
    aside = Words(readers="named", speaker="urn:tidlig:registry")
    answer = Words(speaker=NARVIK, visibility="named", recipients=(NAV,))

    found = {n for n, who in EVERYBODY.items() if may_read(aside, who, {}, answer)}

    assert found == {"owner", "narvik"}
