"""What becomes available to whom: exactly what the policy says, however it is read."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.channels import organisation
from schemas.identity import Ref
from schemas.policy import may_read, opens
from services.delivery.rules import Initiative, Row, Said, announced
from tests.histories import (
    CHANNELS,
    READERS,
    SPEAKERS,
    Told,
    cut,
    histories,
    interleaved,
)

MANY = settings(max_examples=500)
ALL_CHANNELS = {*CHANNELS, *(organisation(orgnr) for orgnr in SPEAKERS)}


def said(told: Told) -> Said:
    fact = told.fact
    return Said(
        mark=fact.mark,
        subject=fact.subject,
        ref=fact.ref,
        said_by=fact.type.group,
        speaker=fact.speaker,
        readers=fact.readers,
        visibility=fact.visibility,
        recipients=fact.recipients,
        grant=fact.grant,
        audience=frozenset(fact.audience),
        not_before=getattr(fact.data, "not_before", None),
        type=fact.type.name,
        order=(told.appended, told.topic, 0, told.offset),
    )


class Log:
    """The availability log as the steps write it."""

    def __init__(self) -> None:
        self.initiative = Initiative("s")
        self.lines: list[Row] = []
        self.said: set[tuple[str, Ref]] = set()

    def step(self, batch: Sequence[Told]) -> None:
        before = self.initiative
        self.initiative = Initiative("s", before.shares, before.facts, before.rows)
        for told in batch:
            self.initiative.take(said(told))
        placed = list(enumerate(self.initiative.new_rows, len(self.lines)))
        for position, row in placed:
            row.position = position
            self.lines.append(row)
        for (_, channel), lines in announced(placed).items():
            self.said.update((channel, row.said.ref) for _, row in lines)

    @property
    def standing(self) -> set[tuple[str, bytes]]:
        return {(row.channel, row.said.mark) for row in self.lines if not row.void}


def logged(batches: Sequence[Sequence[Told]]) -> Log:
    log = Log()
    for batch in batches:
        log.step(batch)
    return log


@MANY
@given(st.data())
def test_the_same_is_available_however_the_topics_are_read_and_cut(
    data: st.DataObject,
) -> None:
    history = data.draw(histories())
    again = cut(data.draw, interleaved(data.draw, history))

    assert logged(again).standing == logged([[told] for told in history]).standing


@MANY
@given(histories())
def test_what_is_available_is_what_the_policy_opens(history: list[Told]) -> None:
    log = logged([[told] for told in history])
    grants = {ref: share.grant for ref, share in log.initiative.shares.items()}

    expected = {
        (channel, told.fact.mark)
        for told in history
        for channel in ALL_CHANNELS
        if opens(told.fact, channel, grants)
    }

    assert log.standing == expected


@MANY
@given(histories(), st.sampled_from(sorted(READERS)))
def test_a_reader_is_given_all_that_it_may_read_and_nothing_else(
    history: list[Told], name: str
) -> None:
    reader = READERS[name]
    log = logged([[told] for told in history])
    grants = {ref: share.grant for ref, share in log.initiative.shares.items()}

    given_ = {mark for channel, mark in log.standing if channel in reader.channels}

    assert given_ == {
        told.fact.mark for told in history if may_read(told.fact, reader, grants)
    }


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
