"""Channels of a reader, and grants: what is open, live, and whom it covers."""

from itertools import product

import pytest

from schemas.identity import Ref
from schemas.policy import ANYBODY, Grant, is_covered, reader_for, was_covered
from schemas.rulesets import NEWEST, ruleset

from .said import AID, DIGDIR, KS, NARVIK, NAV, RIKSREVISJONEN
from .test_policy import Words, granted, grants, who_reads


@pytest.mark.parametrize(
    ("orgnr", "channels"),
    [
        (NAV, {f"org:{NAV}", "state", "arena", "public"}),
        (AID, {f"org:{AID}", "state", "arena", "public"}),
        (DIGDIR, {f"org:{DIGDIR}", "state", "public"}),
        (KS, {f"org:{KS}", "municipal", "arena", "public"}),
        (NARVIK, {f"org:{NARVIK}", "municipal", "public"}),
        (RIKSREVISJONEN, {f"org:{RIKSREVISJONEN}", "public"}),
        ("923609016", {"org:923609016", "public"}),
    ],
)
def test_a_reader_is_itself_its_line_and_everybody(
    orgnr: str, channels: set[str]
) -> None:
    assert reader_for(orgnr).channels == channels


def test_without_a_token_one_is_everybody_and_no_more() -> None:
    assert ANYBODY.channels == {"public"}
    assert ANYBODY.orgnr is None


def test_nobody_has_two_lines_and_nobody_a_channel_of_another() -> None:
    rules = ruleset(NEWEST)

    for orgnr in rules.organisations:
        channels = rules.channels_of(orgnr)
        assert len(channels & {"state", "municipal"}) <= 1
        assert {each for each in channels if ":" in each} == {f"org:{orgnr}"}


@pytest.mark.parametrize(("open_", "ended"), list(product([True, False], repeat=2)))
def test_live_is_open_and_not_ended_and_covered_is_what_ever_was_open(
    open_: bool, ended: bool
) -> None:
    grant = Grant(Ref("s", "i"), frozenset({"municipal"}), open_, ended)
    held = grants(grant)

    assert grant.live == (open_ and not ended)
    assert is_covered({"municipal"}, held) == (open_ and not ended)
    assert was_covered({"municipal"}, held) == open_
    assert not is_covered({"state"}, held)


def test_an_end_and_an_opening_are_read_like_the_grant_they_are_about() -> None:
    """By the owner, and by those that it covers or covered; by nobody while closed."""
    for grant in (granted("municipal"), granted("municipal", ended=True)):
        for speaker in (NAV, "urn:tidlig:delivery"):
            words = Words(readers="grant", speaker=speaker, grant=grant.ref)
            assert who_reads(words, grants(grant)) == {"owner", "ks", "narvik"}
    embargoed = granted("municipal", open=False, ended=True)
    words = Words(readers="grant", grant=embargoed.ref)
    assert who_reads(words, grants(embargoed, granted("public", id="h"))) == {"owner"}


def test_who_works_for_another_reads_nothing_by_that_ones_channel() -> None:
    """A municipality that serves others as their host has its own channels alone."""
    held = grants(granted(f"org:{NARVIK}"))

    assert who_reads(Words(), held) == {"owner", "narvik"}


def test_a_tie_is_never_for_the_owner_alone_and_opens_by_its_own_sides_grants() -> None:
    tie = Words(readers="tie", counterpart=KS, visibility="public")

    assert "public" in who_reads(tie, {})
    plain = Words(readers="tie", counterpart=KS)
    ended = grants(granted("municipal", ended=True))
    assert who_reads(plain, ended) == {"owner", "ks"}


def test_of_another_type_a_correction_is_its_speakers_alone_whoever_it_is() -> None:
    for speaker, reader in ((NAV, "owner"), (KS, "ks"), (NARVIK, "narvik")):
        correction = Words(readers="named", speaker=speaker)
        assert who_reads(correction, grants(granted("public"))) == {reader}
