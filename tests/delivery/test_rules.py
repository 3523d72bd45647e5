"""What becomes available to whom: exactly what the policy says, however it is read."""

from hypothesis import given, settings

from schemas.channels import organisation
from schemas.policy import opens
from tests.histories import (
    CHANNELS,
    SPEAKERS,
    Told,
    histories,
    named_in,
)

from .log import logged

MANY = settings(max_examples=500)
ALL_CHANNELS = {*CHANNELS, *(organisation(orgnr) for orgnr in SPEAKERS)}


@MANY
@given(histories())
def test_what_is_available_is_what_the_policy_opens(history: list[Told]) -> None:
    log = logged([[told] for told in history])
    grants = {ref: share.grant for ref, share in log.initiative.shares.items()}

    expected = {
        (channel, told.fact.mark)
        for told in history
        for channel in ALL_CHANNELS
        if opens(told.fact, channel, grants, named_in(history)(told.fact))
    }

    assert log.standing == expected


@MANY
@given(histories())
def test_readable_is_said_only_of_what_parties_say_and_never_to_the_speaker(
    history: list[Told],
) -> None:
    log = logged([[told] for told in history])
    by_ref = {told.fact.ref: told.fact for told in history}

    for channel, ref in log.said:
        assert by_ref[ref].type.group != "tracker"
        assert channel != organisation(by_ref[ref].speaker)


@MANY
@given(histories())
def test_an_owners_grant_that_ended_gives_nothing_more(history: list[Told]) -> None:
    log = logged([[told] for told in history])

    live = [share for share in log.initiative.shares.values() if share.grant.live]

    if not live:
        owners = [t for t in history if t.fact.speaker == t.fact.owner]
        shared = {
            t.fact.mark
            for t in owners
            if t.fact.readers == "party" and t.fact.visibility == "shared"
        }
        owners_own = {organisation(told.fact.owner) for told in owners}
        assert {c for c, mark in log.standing if mark in shared} <= owners_own
